using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using EchoSocket.Common;

namespace EchoSocket.Connecting;

/// <summary>
/// Connects to the first of several addresses that answers, as described in RFC 8305 ("Happy Eyeballs"): the address
/// families alternate, an attempt starts 250 ms after the previous one or as soon as one has failed, and the first
/// connection ends the other attempts. An address that drops packets therefore costs little. Thread-safe.
/// </summary>
internal static class ConnectRace
{
    private const int StaggerMilliseconds = 250; // as RFC 8305 recommends in section 5

    /// <summary>Runs a race until one address has connected, all have failed, or the deadline (in stopwatch ticks) has passed.</summary>
    /// <param name="addresses">The addresses of the host.</param>
    /// <param name="port">The port of the host.</param>
    /// <param name="deadline">In stopwatch ticks.</param>
    /// <param name="cancellation">Ends the race.</param>
    /// <param name="prepare">Called with each socket before it connects.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static ConnectRaceResult Run(
        IEnumerable<IPAddress> addresses, int port, long deadline, CancellationToken cancellation, Action<Socket>? prepare = null)
    {
        var remotes = Interleave(addresses).Select(address => new IPEndPoint(address, port)).ToList();
        var started = new List<Task<ConnectAttempt>>();
        var running = new List<Task<ConnectAttempt>>();
        ConnectAttempt? last = null;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        while (last?.Connected is null && (running.Count > 0 || started.Count < remotes.Count)
            && Clock.MillisecondsUntil(deadline) is > 0 and var left)
        {
            if (started.Count < remotes.Count)
            {
                var remote = remotes[started.Count];
                var attempt = remotes.Count == 1
                    ? Task.FromResult(ConnectAttempt.Run(remote, deadline, end.Token, prepare: prepare)) // a single attempt can use the calling thread
                    : Task.Factory.StartNew(
                        () => ConnectAttempt.Run(remote, deadline, end.Token, prepare: prepare), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
                started.Add(attempt);
                running.Add(attempt);
            }

            var wait = started.Count < remotes.Count ? Math.Min(StaggerMilliseconds, left) : left;
            var ended = Task.WaitAny([.. running], wait, CancellationToken.None); // a cancellation ends the attempts themselves
            if (ended >= 0)
            {
                last = running[ended].Result;
                running.RemoveAt(ended);
            }
        }

        end.Cancel();
        var attempts = started.Select(task => task.Result).ToList(); // waits for the cancelled attempts to end
        var winner = cancellation.IsCancellationRequested ? null : attempts.Find(a => a.Connected is not null);
        foreach (var loser in attempts.Where(a => a != winner))
            loser.Connected?.Socket.Dispose();
        cancellation.ThrowIfCancellationRequested();

        PathAttempt Report(ConnectAttempt attempt) => new()
        {
            EndPoint = attempt.Remote.ToString(),
            Time = attempt.Time,
            Error = attempt == winner ? ""
                : winner is not null && attempt.Failure is null ? "another was faster"
                : SocketErrors.Summary(attempt.Failure?.SocketErrorCode ?? SocketError.TimedOut),
        };
        return new ConnectRaceResult(winner?.Connected, running.Count == 0 ? last?.Failure : null, [.. attempts.Select(Report)]);
    }

    // RFC 8305, section 4: the address families alternate, beginning with that of the first address.
    private static IEnumerable<IPAddress> Interleave(IEnumerable<IPAddress> addresses)
    {
        var families = addresses.ToLookup(a => a.AddressFamily);
        return families.SelectMany(f => f.Select((address, i) => (address, i))).OrderBy(a => a.i).Select(a => a.address);
    }
}
