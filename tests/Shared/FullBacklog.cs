using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>
/// A listener that never accepts and whose backlog is full. Linux then drops further SYNs (listen(2)). To a client this looks
/// like a host behind a firewall that drops packets, but needs no other computer.
/// </summary>
internal sealed class FullBacklog : IDisposable
{
    private readonly List<Socket> _sockets = [];

    public IPEndPoint EndPoint => (IPEndPoint)_sockets[0].LocalEndPoint!;

    public static FullBacklog Create(IPEndPoint? endPoint = null)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "other systems refuse what does not fit the queue");
        var full = new FullBacklog();
        var listener = full.Add();
        listener.Bind(endPoint ?? new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(0);
        for (var i = 0; i < 4; i++)
        {
            var caller = full.Add();
            caller.Blocking = false;
            try
            {
                caller.Connect(listener.LocalEndPoint!);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
            {
            }
        }

        return full;
    }

    public void Dispose() => _sockets.ForEach(s => s.Dispose());

    private Socket Add()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _sockets.Add(socket);
        return socket;
    }
}
