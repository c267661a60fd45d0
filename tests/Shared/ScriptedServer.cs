using System;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;

namespace EchoSocket.Tests;

/// <summary>A server that runs a test's scripts, one for each client in turn.</summary>
internal sealed class ScriptedServer : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly TaskCompletionSource _connected = new();

    public ScriptedServer(params Action<Socket>[] scripts)
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        Done = Bounded.Start(() =>
        {
            foreach (var script in scripts)
            {
                using var client = _listener.Accept();
                Peers.SetTimeouts(client);
                _connected.TrySetResult();
                script(client);
            }
        });
    }

    public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndPoint!;

    public int Port => EndPoint.Port;

    /// <summary>The first client has connected.</summary>
    public Task Connected => _connected.Task;

    public Task Done { get; }

    public void Dispose() => _listener.Dispose();
}
