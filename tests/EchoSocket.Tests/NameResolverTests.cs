using System;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Threading;
using System.Threading.Tasks;
using EchoSocket.Common;
using EchoSocket.Connecting;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>Resolving names when some of them do not resolve for a long time.</summary>
public sealed class NameResolverTests : IDisposable
{
    private const int MaxLookUps = 4;

    private readonly ManualResetEventSlim _release = new();
    private readonly ConcurrentQueue<string> _lookedUp = new();
    private readonly NameResolver _resolver;

    public NameResolverTests() => _resolver = new NameResolver(LookUp, MaxLookUps);

    public void Dispose() => _release.Set();

    [Fact]
    public void Names_that_do_not_resolve_do_not_hold_up_those_that_do()
    {
        foreach (var dead in new[] { "dead1", "dead2", "dead3" })
        {
            var resolution = Resolve(dead, milliseconds: 1);
            Assert.Empty(resolution.Addresses);
            Assert.Equal("timed out", resolution.Problem);
            Assert.IsType<TimeoutException>(resolution.Error);

            Assert.Equal([IPAddress.Loopback], Resolve("good").Addresses);
        }
    }

    [Fact]
    public void A_look_up_beyond_the_maximum_that_cannot_start_in_time_says_so()
    {
        Fill();

        var resolution = Resolve("good", milliseconds: 1);

        Assert.Empty(resolution.Addresses);
        Assert.Equal($"timed out waiting for {MaxLookUps} other look-ups", resolution.Problem);
        Assert.DoesNotContain("good", _lookedUp);
    }

    [Fact]
    public async Task A_look_up_beyond_the_maximum_starts_when_another_ends()
    {
        Fill();
        Thread? waiter = null;
        var waiting = Bounded.Start(() =>
        {
            Volatile.Write(ref waiter, Thread.CurrentThread);
            return Resolve("good");
        });
        Bounded.Until(() => Volatile.Read(ref waiter)?.ThreadState.HasFlag(System.Threading.ThreadState.WaitSleepJoin) == true);

        _release.Set();

        Assert.Equal([IPAddress.Loopback], (await waiting.Soon()).Addresses);
    }

    [Fact]
    public async Task Callers_that_ask_for_the_same_name_share_a_look_up()
    {
        var first = Bounded.Start(() => Resolve("dead"));
        Bounded.Until(() => !_lookedUp.IsEmpty);

        for (var i = 0; i <= MaxLookUps; i++)
            Assert.Equal("timed out", Resolve("DEAD", milliseconds: 1).Problem);

        Assert.Single(_lookedUp);
        _release.Set();
        Assert.Equal([IPAddress.Loopback], (await first.Soon()).Addresses);
    }

    [Fact]
    public void A_name_is_looked_up_again_after_its_look_up_has_ended()
    {
        Resolve("good");
        Resolve("good");

        Assert.Equal(["good", "good"], _lookedUp);
    }

    [Fact]
    public async Task Waiting_for_a_look_up_to_start_or_to_end_can_be_cancelled()
    {
        using var cancellation = new CancellationTokenSource();
        var forLookUp = Bounded.Start(() => _resolver.Resolve("dead1", In(TimeSpan.FromHours(1)), cancellation.Token));
        Bounded.Until(() => !_lookedUp.IsEmpty);
        Fill();
        var forPlace = Bounded.Start(() => _resolver.Resolve("good", In(TimeSpan.FromHours(1)), cancellation.Token));

        await cancellation.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => forLookUp.Soon(Bounded.Promptly));
        await Assert.ThrowsAsync<OperationCanceledException>(() => forPlace.Soon(Bounded.Promptly));
    }

    [Fact]
    public void An_exception_of_a_look_up_is_a_result()
    {
        var resolution = Resolve("throws");

        Assert.Empty(resolution.Addresses);
        Assert.Equal("the name has no address", resolution.Problem);
        Assert.IsType<InvalidTimeZoneException>(resolution.Error);
    }

    [Fact]
    public void A_look_up_runs_on_a_background_thread_outside_of_the_pool()
    {
        Thread? thread = null;
        var (pool, background) = (true, false);
        var resolver = new NameResolver(
            _ =>
            {
                (thread, pool, background) = (Thread.CurrentThread, Thread.CurrentThread.IsThreadPoolThread, Thread.CurrentThread.IsBackground);
                return [IPAddress.Loopback];
            },
            1);

        resolver.Resolve("good", In(Bounded.Limit), CancellationToken.None);

        Assert.NotEqual(Thread.CurrentThread, thread);
        Assert.Equal((false, true), (pool, background));
    }

    [Fact]
    public void An_address_needs_no_look_up()
    {
        Fill();

        Assert.Equal([IPAddress.IPv6Loopback], Resolve("[::1]").Addresses);
        Assert.Equal([IPAddress.Loopback], Resolve("::ffff:127.0.0.1").Addresses);
    }

    [Fact]
    public void A_client_and_a_probe_say_why_a_name_did_not_resolve_in_time()
    {
        CheckFailure("dead1", "timed out");
        Fill();
        CheckFailure("good", $"timed out waiting for {MaxLookUps} other look-ups");
    }

    [Fact]
    public async Task A_probe_reaches_a_server_while_other_names_do_not_resolve()
    {
        Assert.Empty(Resolve("dead1", milliseconds: 1).Addresses);
        using var server = Peers.Listen();
        var serving = Bounded.Start(() => server.ServeOne());

        var report = PathProbe.Run(
            new EchoClientOptions { Host = "good", Port = server.LocalEndPoint.Port, Resolver = _resolver }, CancellationToken.None);

        Assert.True(report.Success, report.Reason);
        await serving.Soon();
    }

    // Names that begin with "dead" do not resolve until the test releases them.
    private IPAddress[] LookUp(string name)
    {
        _lookedUp.Enqueue(name);
        if (name.StartsWith("dead", StringComparison.OrdinalIgnoreCase))
            _release.Wait(Bounded.Limit);
        return name == "throws" ? throw new InvalidTimeZoneException() : [IPAddress.Loopback];
    }

    private void Fill()
    {
        for (var i = 1; i <= MaxLookUps; i++)
            Assert.Empty(Resolve($"dead{i}", milliseconds: 1).Addresses);
    }

    private void CheckFailure(string host, string problem)
    {
        var options = new EchoClientOptions { Host = host, Port = 9, ConnectionTimeout = TimeSpan.FromMilliseconds(50), Resolver = _resolver };

        var error = Assert.Throws<EchoException>(() => EchoClient.Connect(options));
        Assert.Equal(EchoError.ConnectionTimeout, error.Error);
        Assert.StartsWith($"Could not connect to {host}:9 within 0.05 s: resolving '{host}' {problem}. ", error.Message, StringComparison.Ordinal);

        var report = PathProbe.Run(options, CancellationToken.None);
        Assert.Equal((EchoPathStage.Resolve, problem), (report.FailedStage, report.Reason));
    }

    private NameResolution Resolve(string name, int? milliseconds = null) => _resolver.Resolve(
        name, In(milliseconds is { } limit ? TimeSpan.FromMilliseconds(limit) : Bounded.Limit), CancellationToken.None);

    private static long In(TimeSpan time) => Stopwatch.GetTimestamp() + Clock.Ticks(time);
}
