using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using EchoSocket.Polling;
using EchoSocket.Transport;

namespace EchoSocket.Tests;

/// <summary>A connection whose peer is the test, which sets what arrives and how much can be sent.</summary>
internal sealed class FakeTransport : ITransport
{
    public Queue<byte> Incoming { get; } = new();

    /// <summary>Whether the peer's FIN follows what is coming.</summary>
    public bool HasEnded { get; set; }

    /// <summary>Whether the peer has reset the connection.</summary>
    public bool IsReset { get; set; }

    public List<byte> Outgoing { get; } = [];

    /// <summary>How many bytes may be sent until the test makes room again.</summary>
    public int Room { get; set; } = int.MaxValue;

    public bool IsClosed { get; private set; }

    public bool IsAborted { get; private set; }

    public List<int> ReadSizes { get; } = [];

    public IPEndPoint RemoteEndPoint { get; } = new(IPAddress.Loopback, 1);

    public IPEndPoint LocalEndPoint { get; } = new(IPAddress.Loopback, 2);

    public string Problem => "";

    public bool WantsToSend { get; set; }

    public int Unread => Incoming.Count;

    public int Unacknowledged { get; init; }

    public void Receives(string text) => text.ToList().ForEach(c => Incoming.Enqueue((byte)c));

    public int Receive(byte[] buffer, int offset, int count, out SocketError error)
    {
        ReadSizes.Add(count);
        if (IsReset)
        {
            error = SocketError.ConnectionReset;
            return 0;
        }

        error = Incoming.Count > 0 || HasEnded ? SocketError.Success : SocketError.WouldBlock;
        var received = Math.Min(count, Incoming.Count);
        for (var i = 0; i < received; i++)
            buffer[offset + i] = Incoming.Dequeue();
        return received;
    }

    public int Send(byte[] buffer, int offset, int count, out SocketError error)
    {
        error = IsReset ? SocketError.ConnectionReset : SocketError.Success;
        if (IsReset)
            return 0;

        var sent = Math.Min(count, Room);
        Outgoing.AddRange(buffer.Skip(offset).Take(sent));
        Room -= sent;
        return sent;
    }

    /// <summary>What the client does at the moment of the FIN.</summary>
    public Action? OnShutdown { get; set; }

    /// <summary>What the client has done right after it.</summary>
    public Action? OnShutdownEnd { get; set; }

    public bool Shutdown()
    {
        OnShutdown?.Invoke();
        var sent = !IsReset;
        OnShutdownEnd?.Invoke();
        return sent;
    }

    public void Close() => IsClosed = true;

    public void Abort() => IsAborted = IsClosed = true;
}

/// <summary>A poller that only records the interests.</summary>
internal sealed class FakePoller : IPoller
{
    public Dictionary<int, Interest> Interests { get; } = [];

    /// <summary>The results of the next accepts. When it is empty, no client is waiting.</summary>
    public Queue<SocketError> Accepts { get; } = new();

    public void Register(Socket listener, int token) => Interests[token] = Interest.Reading;

    public ITransport Adopt(Socket socket, int token) => throw new NotSupportedException();

    public ITransport? Accept(int listener, out SocketError error)
    {
        error = Accepts.Count > 0 ? Accepts.Dequeue() : SocketError.WouldBlock;
        return error == SocketError.Success ? new FakeTransport() : null;
    }

    public ITransport? Adopt(ITransport client, int token, out SocketError error) => throw new NotSupportedException();

    public void Change(int token, Interest interest) => Interests[token] = interest;

    public void Unregister(int token) => Interests.Remove(token);

    public int Wait(int milliseconds, int[] ready) => throw new NotSupportedException();

    public int Wakes { get; private set; }

    public void Wake() => Wakes++;

    public void Report(int token)
    {
    }

    public void Dispose()
    {
    }
}
