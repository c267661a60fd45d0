using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using EchoSocket.Common;
using EchoSocket.Transport;

namespace EchoSocket.Polling;

/// <summary>Every system: Socket.Select (on Unix that is poll(2)). Its cost grows with the number of sockets watched.</summary>
internal sealed class SelectPoller : IPoller
{
    private readonly Dictionary<Socket, int> _tokens = [];
    private readonly Dictionary<int, Socket> _sockets = [];
    private readonly HashSet<Socket> _reading = [];
    private readonly HashSet<Socket> _writing = [];
    private readonly List<Socket> _readable = [];
    private readonly List<Socket> _writable = [];
    private uint _told;

    public void Add(Socket socket, int token)
    {
        socket.Blocking = false;
        _tokens[socket] = token;
        _sockets[token] = socket;
        _reading.Add(socket);
    }

    public void Change(int token, Interest interest)
    {
        var socket = _sockets[token];
        _reading.Remove(socket);
        _writing.Remove(socket);
        if ((interest & Interest.Reading) != 0)
            _reading.Add(socket);
        if ((interest & Interest.Writing) != 0)
            _writing.Add(socket);
    }

    public void Remove(int token)
    {
        var socket = _sockets[token];
        _sockets.Remove(token);
        _tokens.Remove(socket);
        _reading.Remove(socket);
        _writing.Remove(socket);
    }

    public IPEndPoint? Accept(int listener, int token, out SocketError error)
    {
        Socket? client = null;
        try
        {
            error = SocketError.WouldBlock;
            if (!_sockets[listener].Poll(0, SelectMode.SelectRead))
                return null; // an accept in vain would throw

            client = _sockets[listener].Accept();
            var remote = EndPoints.Unmap(client.RemoteEndPoint!);
            BlockingTransport.SendAtOnce(client);
            Add(client, token);
            error = SocketError.Success;
            return remote;
        }
        catch (SocketException e)
        {
            client?.Dispose();
            error = e.SocketErrorCode;
            return null;
        }
    }

    public int Wait(int milliseconds, int[] ready)
    {
        Fill(_readable, _reading);
        Fill(_writable, _writing);

        // A reset shows as readable and as writable, on Windows too; the third list is for out-of-band data.
        Socket.Select(_readable, _writable, null, milliseconds < 0 ? -1 : milliseconds > 2_000_000 ? 2_000_000_000 : milliseconds * 1000);

        // Where more are ready than can be told, the next round begins with those that were left out.
        var total = _readable.Count + _writable.Count;
        var count = Math.Min(total, ready.Length);
        for (var i = 0; i < count; i++)
        {
            var next = (int)((_told + (uint)i) % total);
            ready[i] = _tokens[next < _readable.Count ? _readable[next] : _writable[next - _readable.Count]];
        }

        _told = total > count ? _told + (uint)count : 0;
        return count;
    }

    public int Receive(int token, byte[] buffer, out SocketError error) =>
        _sockets[token].Receive(buffer, 0, buffer.Length, SocketFlags.None, out error);

    public int Send(int token, byte[] buffer, int offset, int count, out SocketError error)
    {
        var sent = _sockets[token].Send(buffer, offset, count, SocketFlags.None, out error);
        if (error == SocketError.WouldBlock)
            error = SocketError.Success;
        return sent;
    }

    public IPEndPoint? LocalEndPoint(int token)
    {
        try
        {
            return EndPoints.Unmap(_sockets[token].LocalEndPoint!);
        }
        catch (SocketException)
        {
            return null; // macOS refuses it on a connection already reset
        }
    }

    public bool Shutdown(int token)
    {
        try
        {
            _sockets[token].Shutdown(SocketShutdown.Send);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    public void Close(int token)
    {
        var socket = _sockets[token];
        Remove(token);
        socket.Dispose();
    }

    public void Dispose()
    {
        _tokens.Clear();
        _sockets.Clear();
        _reading.Clear();
        _writing.Clear();
    }

    private static void Fill(List<Socket> list, HashSet<Socket> sockets)
    {
        list.Clear();
        list.AddRange(sockets);
    }
}
