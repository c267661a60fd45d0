using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using EchoSocket.Polling;
using EchoSocket.Transport;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>
/// A server, the path to it, and the clock, for a meter under test. Time passes only while the meter waits, so a run gives
/// the same figures each time, and at once. Times are in stopwatch ticks.
/// </summary>
internal sealed class SimulatedServer : IPoller
{
    public static readonly long Second = Stopwatch.Frequency;
    public static readonly long Millisecond = Second / 1000;

    // The time that a poll takes if nothing is ready.
    private static readonly long PollTime = Second / 100_000;
    private static readonly long Begin = 1000 * Second;

    private readonly List<Connection> _connections = [];
    private int _messageSize;

    /// <summary>How long the server takes for a message of a connection, both numbered from 0; null: it never answers.</summary>
    public Func<int, int, long?> Delay { get; init; } = (_, _) => 0;

    /// <summary>After how many replies the server closes a connection; null: the meter closes first.</summary>
    public Func<int, int?> RepliesUntilClose { get; init; } = _ => null;

    /// <summary>How many bytes a connection takes before the server has answered any.</summary>
    public int Capacity { get; init; } = int.MaxValue;

    /// <summary>By how much each wait ends late, as in a suspended process.</summary>
    public long Oversleep { get; init; }

    public long Now { get; private set; } = Begin;

    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(Begin, Now);

    public int Polls { get; private set; }

    public IReadOnlyList<Connection> Connections => _connections;

    public MeterResult Measure(Action<EchoMeterOptions> configure, Action<EchoMeter>? created = null)
    {
        // The meter's connections are real, but the bytes do not go through them.
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var options = new EchoMeterOptions
        {
            Port = ((IPEndPoint)listener.LocalEndPoint!).Port,
            WarmupCount = 0,
            Poller = () => this,
            Timestamp = () => Now,
        };
        configure(options);
        _messageSize = options.MessageSize;
        var meter = new EchoMeter(options);
        created?.Invoke(meter);
        return meter.Run(TestContext.Current.CancellationToken);
    }

    public void Register(Socket listener, int token) => throw new NotSupportedException();

    public ITransport? Accept(int listener, out SocketError error) => throw new NotSupportedException();

    public ITransport? Adopt(ITransport client, int token, out SocketError error) => throw new NotSupportedException();

    public ITransport Adopt(Socket socket, int token)
    {
        _connections.Add(new Connection(this, token, _connections.Count));
        return _connections[^1];
    }

    public void Change(int token, Interest interest) => Find(token).Interest = interest;

    public void Unregister(int token) => Find(token).Interest = Interest.None;

    public int Wait(int milliseconds, int[] ready)
    {
        Assert.True(Elapsed < TimeSpan.FromHours(1), "The run does not end.");
        Polls++;
        var next = _connections.Min(c => c.NextReady);
        if (next > Now)
            Now = milliseconds == 0 ? Math.Min(next, Now + PollTime) : Math.Min(next, Now + (milliseconds * Millisecond)) + Oversleep;
        var tokens = _connections.Where(c => c.NextReady <= Now).Select(c => c.Token).Take(ready.Length).ToArray();
        tokens.CopyTo(ready, 0);
        return tokens.Length;
    }

    public void Wake()
    {
    }

    public void Report(int token)
    {
    }

    public void Dispose()
    {
    }

    private Connection Find(int token) => _connections.Single(c => c.Token == token);

    public sealed class Connection(SimulatedServer server, int token, int number) : ITransport
    {
        private readonly List<byte> _message = [];
        private readonly Queue<(long Time, byte Value)> _replies = new();
        private long _lastReply;
        private int _unanswered;
        private bool _isShutDown;

        public int Token => token;

        public Interest Interest { get; set; } = Interest.Reading;

        /// <summary>Complete messages received.</summary>
        public int Messages { get; private set; }

        /// <summary>The highest number of messages in the server at once.</summary>
        public int MaxWaiting { get; private set; }

        public TimeSpan? Closed { get; private set; }

        public long NextReady =>
            (Interest & Interest.Writing) != 0 && _unanswered < server.Capacity ? server.Now
            : (Interest & Interest.Reading) == 0 ? long.MaxValue
            : _replies.Count > 0 ? _replies.Peek().Time
            : HasEnded ? server.Now
            : long.MaxValue;

        // The server's FIN follows the last reply, or the meter's FIN.
        private bool HasEnded => _replies.Count == 0 && (_isShutDown || Messages >= server.RepliesUntilClose(number));

        public IPEndPoint RemoteEndPoint => throw new NotSupportedException();

        public IPEndPoint? LocalEndPoint => throw new NotSupportedException();

        public string Problem => "";

        public bool WantsToSend => throw new NotSupportedException();

        public int Unread => throw new NotSupportedException();

        public int Unacknowledged => throw new NotSupportedException();

        public int Send(byte[] buffer, int offset, int count, out SocketError error)
        {
            error = SocketError.Success;
            var taken = Math.Min(count, server.Capacity - _unanswered);
            foreach (var value in buffer.AsSpan(offset, taken))
            {
                _unanswered++;
                _message.Add(value);
                if (_message.Count == server._messageSize)
                    Answer();
            }

            MaxWaiting = Math.Max(MaxWaiting, _unanswered / server._messageSize);
            return taken;
        }

        public int Receive(byte[] buffer, int offset, int count, out SocketError error)
        {
            var received = 0;
            while (received < count && _replies.Count > 0 && _replies.Peek().Time <= server.Now)
                buffer[offset + received++] = _replies.Dequeue().Value;
            _unanswered -= received;
            error = received == 0 && !HasEnded ? SocketError.WouldBlock : SocketError.Success;
            return received;
        }

        public bool Shutdown() => _isShutDown = true;

        public void Close() => Closed = server.Elapsed;

        public void Abort() => throw new NotSupportedException();

        private void Answer()
        {
            if (server.Delay(number, Messages++) is { } delay)
            {
                _lastReply = Math.Max(_lastReply, server.Now + delay);
                foreach (var value in _message)
                    _replies.Enqueue((_lastReply, value));
            }

            _message.Clear();
        }
    }
}
