using System;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using System.Threading.Tasks;

namespace EchoSocket.Transport;

/// <summary>
/// A TLS handshake. SslStream continues it while it is fed, or else on another thread, which then wakes
/// the loop. For the loop's thread.
/// </summary>
internal sealed class TlsHandshake : IDisposable
{
    private const string Interrupted = "The connection failed during the TLS handshake.";

    private readonly ITransport _transport;
    private readonly TlsBuffers _buffers;
    private readonly TlsOutput _output;
    private readonly TlsSide _side;
    private readonly Action _wake;
    private readonly Timer _limit;
    private Task? _task;
    private string _certificateProblem = "";
    private volatile int _thread; // the loop's
    private volatile bool _late;
    private bool _fed;

    public TlsHandshake(ITransport transport, TlsBuffers buffers, TlsOutput output, TlsSide side, Action wake)
    {
        _transport = transport;
        _buffers = buffers;
        _output = output;
        _side = side;
        _wake = wake;
        Pipe = new TlsPipe(buffers, WakeFromAnotherThread);
        Stream = new SslStream(Pipe, leaveInnerStreamOpen: false, AcceptCertificate);
        _limit = new Timer(_ => EndOfTime(), null, side.HandshakeTimeout, Timeout.InfiniteTimeSpan);
    }

    public TlsPipe Pipe { get; }

    public SslStream Stream { get; }

    /// <summary>Why the handshake failed, as a sentence; empty if there is nothing to say.</summary>
    public string Problem { get; private set; } = "";

    /// <summary>
    /// Continues as far as it can without waiting. Returns true if the handshake is complete. If not,
    /// <see cref="SocketError.WouldBlock"/> and <see cref="SocketError.InProgress"/> mean that it continues later.
    /// </summary>
    public bool Advance(out SocketError error)
    {
        _thread = Environment.CurrentManagedThreadId;
        _task ??= Begin();
        error = SocketError.WouldBlock;
        for (var moved = false; ; moved = true)
        {
            var ended = _task.IsCompleted; // asked first: the last bytes, or an alert, are written before it ends
            var sent = Pipe.SendHandshake(_output, out var sending);
            if (ended && _task.Status != TaskStatus.RanToCompletion)
                return Fail(SocketError.Fault, Failure(), out error);
            if (!sent && sending != SocketError.Success)
                return Fail(sending, Interrupted, out error); // the system reports a reset only once
            if (ended)
                return Complete(out error);
            if (_late)
                return Fail(SocketError.Fault, $"The {_side.Peer} did not complete the TLS handshake within {_side.HandshakeTimeout.TotalSeconds:0.###} s.", out error);

            if (moved)
                return false; // the others get their turn, too

            var count = TlsTransport.MinCount - Pipe.Left;
            var received = count == 0 ? 0 : _transport.Receive(_buffers.Input, 0, count, out sending);
            if (received == 0)
            {
                return count == 0 || sending == SocketError.WouldBlock ? false
                    : sending != SocketError.Success ? Fail(sending, Interrupted, out error)
                    : _fed ? Fail(SocketError.Fault, $"The {_side.Peer} closed the connection during the TLS handshake.", out error)
                    : Fail(SocketError.Success, _side.LeavesUnannounced, out error);
            }

            if (!_fed && !_side.MayBeTls(_buffers.Input, received))
                return Fail(SocketError.Fault, _side.NotTls(_buffers.Input, received), out error);

            _fed = true;
            error = SocketError.InProgress;
            Pipe.Feed(_buffers.Input, received);
            if (Pipe.State == RecordState.Invalid)
                return Fail(SocketError.Fault, $"The {_side.Peer} sent bytes that are not TLS during the handshake.", out error);
        }
    }

    /// <summary>Tells the peer that no more comes. Call it once, with nothing left to send before it.</summary>
    public void SendCloseNotify()
    {
        if (TlsPlatform.Shutdown(Stream))
            Pipe.SendHandshake(_output, out _);
    }

    public void Dispose()
    {
        _limit.Dispose();
        Pipe.Dispose(); // ends the handshake, so that SslStream is at rest
        Stream.Dispose();
    }

    private Task Begin()
    {
        var task = _side.Authenticate(Stream);
        task.ContinueWith(
            ended =>
            {
                _ = ended.Exception; // observed
                WakeFromAnotherThread();
            },
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return task;
    }

    private bool Complete(out SocketError error)
    {
        _limit.Dispose();
        error = SocketError.Success;
        return true;
    }

    private string Failure() => _certificateProblem.Length > 0 ? _certificateProblem : TlsProblem.Describe(_task!.Exception!, _side.Peer);

    private bool Fail(SocketError reason, string problem, out SocketError error)
    {
        _limit.Dispose();
        Problem = problem;
        error = reason;
        return false;
    }

    private void EndOfTime()
    {
        _late = true;
        _wake();
    }

    private void WakeFromAnotherThread()
    {
        if (Environment.CurrentManagedThreadId != _thread)
            _wake();
    }

    private bool AcceptCertificate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        _certificateProblem = _side.ProblemWith(certificate as X509Certificate2, chain, errors);
        return _certificateProblem.Length == 0;
    }
}
