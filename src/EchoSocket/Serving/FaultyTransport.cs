using System;
using System.Net;
using System.Net.Sockets;
using EchoSocket.Common;
using EchoSocket.Faults;
using EchoSocket.Polling;
using EchoSocket.Transport;

namespace EchoSocket.Serving;

/// <summary>
/// Executes a fault plan over another transport: takes replies whole, and sends what the plan says when it says so. It runs whenever
/// the loop advances the connection: on readiness, and at the times that it has set. It watches the socket itself, so the loop
/// never sees a reply that was not sent.
/// </summary>
internal sealed class FaultyTransport : ITransport
{
    // Beyond this nothing is read, so that a client that keeps sending cannot fill the memory with replies that are held back.
    private const int MaxHeld = 1024 * 1024;
    private const int MaxHeldReplies = 16 * 1024;

    // What a reply that is held back costs, beside its bytes.
    private const int ReplyCost = 64;

    // How many pieces are sent before others get their turn.
    private const int MaxSends = 64;

    // How often to check whether a client from which nothing is read is still there. epoll reports it at once.
    private static readonly long CheckInterval = Clock.Ticks(TimeSpan.FromSeconds(1));

    private readonly ITransport _transport;
    private readonly ITransport _wire;
    private readonly TlsTransport? _tls;
    private readonly FaultPlan _plan;
    private readonly FaultServices _services;
    private readonly int _token;
    private ServedConnection _connection = null!;
    private Interest _interest = Interest.Reading;
    private long _due = long.MaxValue;
    private int _counted; // in the budget for unsent replies
    private int _left; // held when it ended
    private string? _problem;
    private bool _blocked; // the send buffer is full
    private bool _peerClosed;
    private bool _halfClosed;
    private bool _certificateTold;
    private bool _ended;
    private bool _reset;

    /// <param name="transport">What moves the bytes: the connection, or TLS over it.</param>
    /// <param name="wire">The connection without TLS.</param>
    /// <param name="tls">The TLS; null if there is none.</param>
    /// <param name="plan">What to do.</param>
    /// <param name="services">What the loop provides.</param>
    /// <param name="token">The connection's.</param>
    public FaultyTransport(ITransport transport, ITransport wire, TlsTransport? tls, FaultPlan plan, FaultServices services, int token)
    {
        _transport = transport;
        _wire = wire;
        _tls = tls;
        _plan = plan;
        _services = services;
        _token = token;
    }

    /// <summary>What was done so far.</summary>
    public InjectedFault[] Injected => [.. _plan.Injected];

    /// <summary>How many bytes of replies are held back, or were when the connection ended.</summary>
    public int Held => _ended ? _left : _plan.Held;

    /// <summary>Something is held back that will be sent later, whatever the client does.</summary>
    public bool IsHolding => Held > 0 && !_plan.IsStalled && !_blocked && !_ended;

    public IPEndPoint RemoteEndPoint => _transport.RemoteEndPoint;

    public IPEndPoint? LocalEndPoint => _transport.LocalEndPoint;

    public string Problem => _problem ?? _transport.Problem;

    public bool WantsToSend => false;

    public int Unread => _transport.Unread;

    public int Unacknowledged => _transport.Unacknowledged;

    private bool MayRead => !_plan.IsStalled && !_peerClosed && _plan.Held < MaxHeld && _plan.HeldReplies < MaxHeldReplies
        && (_plan.Held == 0 || !_services.Unsent.IsExhausted);

    /// <summary>Makes the loop begin with the plan in its next round.</summary>
    public void Begin(ServedConnection connection)
    {
        _connection = connection;
        _plan.Injecting = injected => _services.Observer?.Injected(RemoteEndPoint, injected);
        _services.Timers.Set(_token, _services.Clock());
    }

    public int Receive(byte[] buffer, int offset, int count, out SocketError error)
    {
        error = SocketError.WouldBlock;
        if (_ended)
            return _reset ? 0 : _transport.Receive(buffer, offset, count, out error);

        var sent = _plan.BytesSent;
        var received = 0;
        if (!Run(out error))
            return 0;

        error = SocketError.WouldBlock;
        if (MayRead)
        {
            received = _transport.Receive(buffer, offset, count, out error);
            TellCertificate(error);
            if (Establish() && !Run(out var failure))
            {
                error = failure;
                return 0;
            }

            if (received == 0 && error is not (SocketError.WouldBlock or SocketError.InProgress) && !IsHalfClosed(ref error))
                return 0;
        }
        else if (IsGone(out error))
        {
            return 0;
        }

        if (received == 0 && _plan.BytesSent > sent)
            error = SocketError.InProgress;
        Watch();
        return received;
    }

    /// <summary>Takes all bytes, and sends what may be sent now.</summary>
    public int Send(byte[] buffer, int offset, int count, out SocketError error)
    {
        var reply = new byte[count];
        Buffer.BlockCopy(buffer, offset, reply, 0, count);
        _plan.Add(reply, _services.Clock());
        if (!Run(out error))
            return 0;

        Watch();
        CountSent(-count); // the caller counts what was taken
        return count;
    }

    public bool Shutdown()
    {
        if (_reset)
            return false;

        if (!_ended)
        {
            End();
            _services.Poller.Change(_token, Interest.Reading); // for the client's FIN
        }

        return _transport.Shutdown();
    }

    public void Close()
    {
        if (_reset)
            _transport.Abort();
        else
            _transport.Close();
    }

    public void Abort() => _transport.Abort();

    /// <summary>Ends the plan, and releases what it holds.</summary>
    public void End()
    {
        if (!_ended)
            _left = _plan.Held;
        _ended = true;
        _plan.End();
        _services.Timers.Remove(_token);
        _services.Unsent.Hold(-_counted);
        _counted = 0;
    }

    // Does all that the plan says now. Returns false if the connection is to end, by the plan or because a send failed.
    private bool Run(out SocketError error)
    {
        _blocked = false;
        for (var sends = 0; ;)
        {
            error = SocketError.Success;
            var now = _services.Clock();
            var action = _plan.Next(now);
            _due = _plan.Due;
            switch (action)
            {
                case FaultAction.Wait:
                    return true;
                case FaultAction.Send when sends++ == MaxSends:
                    _due = now;
                    return true;
                case FaultAction.Send:
                    if (!SendPiece(out error))
                        return false;
                    if (_blocked)
                        return true;
                    break;
                case FaultAction.HalfClose:
                    _halfClosed = true;
                    if (_transport.Shutdown())
                        break;
                    error = SocketError.ConnectionReset; // over TLS the close_notify may have taken the system's error
                    return false;
                default:
                    _reset = action == FaultAction.Reset;
                    _problem = $"As asked, the server {_plan.Injected[_plan.Injected.Count - 1].Fault}.";
                    End();
                    error = SocketError.Fault;
                    return false;
            }
        }
    }

    private bool SendPiece(out SocketError error)
    {
        var piece = _plan.Current;
        var sent = _transport.Send(piece.Array!, piece.Offset, piece.Count, out error);
        CountSent(sent);
        _plan.Sent(sent, _services.Clock());
        _blocked = sent < piece.Count;
        return error == SocketError.Success;
    }

    // The certificate is shown once the handshake has begun.
    private void TellCertificate(SocketError received)
    {
        if (_certificateTold || _tls is null || received != SocketError.InProgress)
            return;

        _certificateTold = true;
        if (_plan.WrongCertificate is { } fault)
            _plan.Record(fault, 0, _services.Clock());
    }

    // Returns true once, when the TLS handshake is complete.
    private bool Establish()
    {
        if (_plan.IsEstablished || _tls is not { IsEstablished: true })
            return false;

        return _plan.IsEstablished = true;
    }

    // The client's FIN does not end the connection while replies are held back: the client may still read them.
    private bool IsHalfClosed(ref SocketError error)
    {
        if (error != SocketError.Success || _plan.Held == 0)
            return false;

        _peerClosed = true;
        error = SocketError.WouldBlock;
        return true;
    }

    // Whether a client from which nothing is read has gone. To send nothing tells of a reset; after our own FIN it always fails, and
    // only another error is a reset.
    private bool IsGone(out SocketError error)
    {
        _wire.Send([], 0, 0, out error);
        if (error == SocketError.Shutdown && _halfClosed)
            error = SocketError.Success;
        if (error != SocketError.Success)
            return true;
        if (_peerClosed && _plan.Held == 0)
            return true; // it has got its replies
        if (_plan.IsStalled && (_peerClosed || _wire is IPeerState { HasClosed: true }))
            return true;

        error = SocketError.WouldBlock;
        return false;
    }

    private void Watch()
    {
        var interest = _plan.IsStalled ? Interest.Closing : MayRead ? Interest.Reading : Interest.None;

        // After the handshake, TLS wants to send only the end of a reply that a fault may have dropped.
        if (!_plan.IsStalled && (_blocked || (!_plan.IsEstablished && _transport.WantsToSend)))
            interest |= Interest.Writing;
        if (interest != _interest)
            _services.Poller.Change(_token, interest);
        _interest = interest;

        var reads = (interest & Interest.Reading) != 0;
        _services.Timers.Set(_token, reads ? _due : Math.Min(_due, _services.Clock() + CheckInterval));

        var held = _plan.Held + (_plan.HeldReplies * ReplyCost);
        _services.Unsent.Hold(held - _counted);
        _counted = held;
    }

    private void CountSent(int count)
    {
        _connection.BytesSent += count;
        _services.Counters.Sent(count);
    }
}
