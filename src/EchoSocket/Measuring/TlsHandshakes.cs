using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net.Sockets;
using System.Threading;
using EchoSocket.Common;
using EchoSocket.Polling;
using EchoSocket.Transport;

namespace EchoSocket.Measuring;

/// <summary>
/// The TLS handshakes of a measurement, which come before its first message. A few run at a time, as with the connects, so that
/// the time of each is hardly that of the others. For the measuring thread.
/// </summary>
internal sealed class TlsHandshakes(
    EchoMeterOptions options, IPoller poller, Readiness readiness, MeterRun run, ConnectionFailures failures, Exchange exchange)
{
    private const int MaxConcurrent = 16;

    private readonly TlsBuffers _buffers = new();
    private readonly byte[] _buffer = new byte[TlsTransport.MinCount];
    private readonly List<State> _states = [];
    private TlsSide? _side;
    private long _time;
    private int _underWay;

    /// <summary>Puts TLS on a connection. Call it for each, in the order of their numbers.</summary>
    /// <param name="transport">The connection.</param>
    /// <param name="token">Its token.</param>
    /// <param name="due">When the handshake must be complete, in stopwatch ticks.</param>
    /// <param name="cancellation">Ends the check of a certificate.</param>
    public ITransport Secure(ITransport transport, int token, long due, CancellationToken cancellation)
    {
        _side ??= options.Tls!.ToSide(options.Host, due, cancellation);
        var secure = new TlsTransport(transport, _buffers, _side, () => poller.Report(token));
        _states.Add(new State(secure));
        return secure;
    }

    /// <summary>Completes the handshakes, or fails the connections whose handshake is not complete in time.</summary>
    /// <param name="connections">All connections.</param>
    /// <param name="firstToken">The token of the first.</param>
    /// <param name="due">When all must be complete, in stopwatch ticks.</param>
    /// <param name="cancellation">Ends them early.</param>
    public void Run(IReadOnlyList<MeteredConnection> connections, int firstToken, long due, CancellationToken cancellation)
    {
        for (var next = 0; !cancellation.IsCancellationRequested;)
        {
            while (_underWay < MaxConcurrent && next < connections.Count)
                Advance(connections[next++]);
            if (_underWay == 0)
                break;

            var left = Clock.MillisecondsUntil(due);
            if (left == 0)
            {
                foreach (var late in connections.Where(c => !c.Failed && !_states[c.Number].Transport.IsEstablished))
                    failures.FailHandshake(late, SocketError.TimedOut);
                break;
            }

            readiness.Wait(left, maySpin: false);
            for (var i = 0; i < readiness.Count; i++)
            {
                if (readiness[i] != Poller.WakeToken)
                    Advance(connections[readiness[i] - firstToken]);
            }
        }

        var complete = _states.Count(s => s.Transport.IsEstablished);
        if (complete > 0)
            run.TlsTime = Clock.ToTimeSpan(_time / complete);
    }

    /// <summary>Sends close_notify and FIN on a connection that has not failed, and releases what TLS holds.</summary>
    public void Release(MeteredConnection connection)
    {
        var transport = _states[connection.Number].Transport;
        transport.Shutdown();
        transport.Release();
    }

    private void Advance(MeteredConnection connection)
    {
        var state = _states[connection.Number];
        if (connection.Failed)
            return;
        if (state.Transport.IsEstablished)
        {
            exchange.Advance(connection); // the server's session tickets, or its end
            return;
        }

        if (state.Start == 0)
        {
            state.Start = Stopwatch.GetTimestamp();
            _underWay++;
        }

        state.Transport.Receive(_buffer, 0, _buffer.Length, out var error);
        var ended = state.Transport.IsEstablished || error is not (SocketError.WouldBlock or SocketError.InProgress);
        Watch(connection, state, !ended && state.Transport.WantsToSend);
        if (!ended)
            return;

        _underWay--;
        if (state.Transport.IsEstablished)
            Complete(state);
        else
            failures.FailHandshake(connection, error);
    }

    private void Complete(State state)
    {
        var time = Stopwatch.GetTimestamp() - state.Start;
        _time += time;
        if (run.Tls is null)
        {
            run.Tls = state.Transport.Details;
            run.Tls.HandshakeTime = Clock.ToTimeSpan(time);
        }
    }

    private void Watch(MeteredConnection connection, State state, bool forRoom)
    {
        if (state.AwaitsRoom == forRoom)
            return;

        state.AwaitsRoom = forRoom;
        poller.Change(connection.Token, forRoom ? Interest.Reading | Interest.Writing : Interest.Reading);
    }

    private sealed class State(TlsTransport transport)
    {
        public TlsTransport Transport { get; } = transport;

        /// <summary>When the handshake began, in stopwatch ticks; 0 before that.</summary>
        public long Start { get; set; }

        public bool AwaitsRoom { get; set; }
    }
}
