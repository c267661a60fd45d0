using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Net;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>A server of one client or of many, on a thread of its own.</summary>
internal sealed class TestServer : IDisposable
{
    public TestServer(EchoServerOptions options, Recorder recorder, bool one = false)
    {
        Recorder = recorder;
        Server = EchoServer.Listen(options);
        recorder.Server = Server;
        Serving = Bounded.Start(() =>
        {
            if (one)
                Server.ServeOne(recorder);
            else
                Server.ServeMany(recorder);
        });
    }

    public EchoServer Server { get; }

    public Recorder Recorder { get; }

    public Task Serving { get; }

    public IPEndPoint EndPoint => Server.LocalEndPoint;

    public Task StopAsync()
    {
        Server.Stop();
        return Serving.Soon();
    }

    public void Dispose()
    {
        Server.Stop();
        ((IAsyncResult)Serving).AsyncWaitHandle.WaitOne(Bounded.Limit);
    }
}

/// <summary>Records what a server reports, and lets a test act on it.</summary>
internal sealed class Recorder : Observer
{
    private readonly ConcurrentQueue<ConnectionResult> _connections = new();
    private readonly object _gate = new();

    public EchoServer? Server { get; set; }

    public Action? OnReceived { get; init; }

    public Action? OnEnded { get; init; }

    public volatile bool Full;

    public override bool IsFull => Full;

    public int MaxActiveConnections { get; private set; }

    public IReadOnlyCollection<ConnectionResult> Connections => _connections;

    public List<string> Warnings { get; } = [];

    public ConcurrentQueue<string> Refusals { get; } = new();

    public ConcurrentQueue<InjectedFault> Injections { get; } = new();

    public Task Ended(int count) => Bounded.Start(() =>
    {
        lock (_gate)
        {
            while (_connections.Count < count)
                Assert.True(Monitor.Wait(_gate, Bounded.Limit));
        }
    }).Soon();

    public override void Connected(IPEndPoint remote) => MaxActiveConnections = Math.Max(MaxActiveConnections, Server!.ActiveConnections);

    public override void Refused(IPEndPoint remote) => Refusals.Enqueue(remote.ToString());

    public override void Injected(IPEndPoint remote, InjectedFault fault) => Injections.Enqueue(fault);

    public override void Received(IPEndPoint remote, byte[] buffer, int count) => OnReceived?.Invoke();

    public override void Ended(IPEndPoint remote, ConnectionResult connection)
    {
        _connections.Enqueue(connection);
        lock (_gate)
            Monitor.PulseAll(_gate);
        OnEnded?.Invoke();
    }

    public override void Warned(string message)
    {
        lock (Warnings)
            Warnings.Add(message);
    }
}
