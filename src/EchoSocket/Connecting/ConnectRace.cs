using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using EchoSocket.Common;

namespace EchoSocket.Connecting;

/// <summary>
/// Connects to the first of several addresses that answers, as RFC 8305 ("Happy Eyeballs") has it: the families take
/// turns, each attempt starts a quarter of a second after the one before it or when that has failed, and the first
/// connection ends the others. So an address that drops what is sent to it costs little.
/// </summary>
internal sealed class ConnectRace
{
    // RFC 8305, section 5: the recommended delay between attempts.
    private static readonly TimeSpan Stagger = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(1);

    private readonly TimeSpan _timeout;
    private readonly CancellationToken _cancellation;
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly List<EchoConnectAttempt> _attempts = [];

    private ConnectRace(TimeSpan timeout, CancellationToken cancellation)
    {
        _timeout = timeout;
        _cancellation = cancellation;
    }

    /// <summary>Null where there is no connection; <see cref="Failure"/> says why.</summary>
    public Socket? Socket { get; private set; }

    public IPEndPoint? Remote { get; private set; }

    public SocketException? Failure { get; private set; }

    /// <summary>How long the connection itself took, without the attempts before it.</summary>
    public TimeSpan Time { get; private set; }

    /// <summary>In the order in which they began.</summary>
    public IReadOnlyList<EchoConnectAttempt> Attempts => _attempts;

    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static ConnectRace Run(IReadOnlyList<IPAddress> addresses, int port, TimeSpan timeout, CancellationToken cancellation)
    {
        var race = new ConnectRace(timeout, cancellation);
        if (addresses.Count == 1)
            race.RunAlone(new IPEndPoint(addresses[0], port));
        else
            race.Run([.. Interleave(addresses).Select(a => new IPEndPoint(a, port))]);
        if (cancellation.IsCancellationRequested)
            race.Socket?.Dispose();
        cancellation.ThrowIfCancellationRequested();
        return race;
    }

    // RFC 8305, section 4: the families in turns, beginning with that of the first address.
    private static IEnumerable<IPAddress> Interleave(IReadOnlyList<IPAddress> addresses)
    {
        var first = addresses.Where(a => a.AddressFamily == addresses[0].AddressFamily).ToList();
        var second = addresses.Where(a => a.AddressFamily != addresses[0].AddressFamily).ToList();
        for (var i = 0; i < Math.Max(first.Count, second.Count); i++)
        {
            if (i < first.Count)
                yield return first[i];
            if (i < second.Count)
                yield return second[i];
        }
    }

    private void RunAlone(IPEndPoint remote) => Take(Attempt(remote, _cancellation));

    private void Run(IPEndPoint[] remotes)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(_cancellation);
        using var results = new BlockingCollection<Result>();
        var tasks = new List<Task>();
        var running = 0;
        while (Socket is null && (running > 0 || tasks.Count < remotes.Length) && Left > TimeSpan.Zero)
        {
            if (tasks.Count < remotes.Length)
            {
                var remote = remotes[tasks.Count];
                tasks.Add(Task.Factory.StartNew(() => results.Add(Attempt(remote, end.Token)), TaskCreationOptions.LongRunning));
                running++;
            }

            var patience = tasks.Count < remotes.Length && Stagger < Left ? Stagger : Left;
            if (results.TryTake(out var result, (int)Math.Ceiling(patience.TotalMilliseconds)))
            {
                running--;
                Take(result);
            }
        }

        // The others end now; one of them may just have connected.
        end.Cancel();
        Task.WaitAll([.. tasks]);
        while (results.TryTake(out var late))
            Take(late);
    }

    private TimeSpan Left => _timeout - Clock.Since(_start);

    private void Take(Result result)
    {
        if (result.Socket is not null && Socket is null)
        {
            Socket = result.Socket;
            Remote = result.Remote;
            Time = result.Time;
            Failure = null;
            _attempts.Add(Describe(result, ""));
        }
        else
        {
            result.Socket?.Dispose();
            var needless = Socket is not null;
            _attempts.Add(Describe(result, needless ? "another was faster" : SocketErrors.Summary(result.Error!.SocketErrorCode)));
            if (!needless)
                Failure = result.Error;
        }
    }

    private static EchoConnectAttempt Describe(Result result, string error) =>
        new() { EndPoint = result.Remote.ToString(), Time = result.Time, Error = error };

    private Result Attempt(IPEndPoint remote, CancellationToken end)
    {
        var start = Stopwatch.GetTimestamp();
        try
        {
            var socket = Connector.Connect(Connector.CreateSocket(remote), remote, Left > Least ? Left : Least, end, out var time);
            return new Result(remote, socket, null, time);
        }
        catch (SocketException e)
        {
            return new Result(remote, null, e, Clock.Since(start));
        }
        catch (OperationCanceledException)
        {
            return new Result(remote, null, new SocketException((int)SocketError.TimedOut), Clock.Since(start));
        }
    }

    private sealed class Result(IPEndPoint remote, Socket? socket, SocketException? error, TimeSpan time)
    {
        public IPEndPoint Remote { get; } = remote;

        public Socket? Socket { get; } = socket;

        public SocketException? Error { get; } = error;

        public TimeSpan Time { get; } = time;
    }
}
