using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>Watches of real servers on the loopback interface.</summary>
public class EchoWatchTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    // Where probes are lost on purpose: their time-out, which the others must not exceed on a busy computer.
    private static readonly TimeSpan Lossy = TimeSpan.FromSeconds(2);

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task One_connection_is_kept_or_each_probe_opens_one(bool tls, bool reconnect)
    {
        using var server = Serve(tls: tls);

        var (recorder, result) = Watch([To(server.EndPoint, tls)], o => (o.Count, o.Reconnect) = (5, reconnect));

        await server.Recorder.Ended(reconnect ? 5 : 1);
        Assert.Equal(".....", recorder.Pattern);
        Assert.All(recorder.Probes, p => Assert.True(p.RoundTripTime > TimeSpan.Zero && p.FailedStage == EchoPathStage.None && p.Reason.Length == 0));
        Assert.Equal(reconnect ? 5 : 1, server.Recorder.Connections.Count);
        Assert.Equal(reconnect ? 5 : 1, recorder.Probes.Count(p => p.ConnectTime > TimeSpan.Zero));
        Assert.All(server.Recorder.Connections, c => Assert.Equal(EndReason.PeerClosed, c.EndReason));
        Assert.Equal((5L, 0L, 1.0), (result[0].Probes, result[0].Lost, result[0].Availability));
        Assert.Empty(recorder.Outages);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_server_that_is_stopped_and_started_again_on_its_port_is_an_outage_of_exactly_the_lost_probes(bool reconnect)
    {
        var server = Serve();
        var endPoint = server.EndPoint;
        TestServer? again = null;
        var recorder = new WatchRecorder
        {
            OnProbed = probe =>
            {
                if (probe.Success && !server.Serving.IsCompleted)
                    server.StopAsync().GetAwaiter().GetResult();
                else if (!probe.Success && probe.FailedStage == EchoPathStage.Connect)
                    again ??= Serve(endPoint.Port);
            },
        };
        using var watch = new EchoWatch(Options([To(endPoint)], o => o.Reconnect = reconnect));
        var running = Bounded.Start(() => watch.Run(recorder));
        Bounded.Until(() => recorder.Outages.Count == 1 || running.IsCompleted);
        watch.Stop();
        await running.Soon();
        again!.Dispose();
        server.Dispose();

        // A kept connection is noticed to be closed; the next probe is refused. Then the server is back.
        var probes = recorder.Probes;
        Assert.StartsWith(reconnect ? ".x." : ".xx.", recorder.Pattern, StringComparison.Ordinal);
        var outage = recorder.Outages[0];
        Assert.Equal(reconnect ? 1 : 2, outage.ProbesLost);
        Assert.Equal(probes[1].Time, outage.Start);
        Assert.Equal(probes[(int)outage.ProbesLost + 1].Time, outage.End);
        Assert.Equal(
            reconnect ? (EchoPathStage.Connect, "refused") : (EchoPathStage.Echo, "closed while no message was outstanding"),
            (outage.FailedStage, outage.Reason));
        Assert.Equal("refused", probes[(int)outage.ProbesLost].Reason);
    }

    [Fact]
    public void A_target_that_drops_everything_from_the_first_probe_on_is_an_outage_from_the_start()
    {
        using var full = FullBacklog.Create();

        var (recorder, result) = Watch([To(full.EndPoint)], o => (o.Count, o.Timeout) = (3, Interval));

        Assert.Equal("xxx", recorder.Pattern);
        Assert.All(recorder.Probes, p => Assert.Equal((EchoPathStage.Connect, "timed out", null), (p.FailedStage, p.Reason, p.RoundTripTime)));
        var outage = Assert.Single(recorder.Outages);
        Assert.Equal((recorder.Probes[0].Time, null, 3L), (outage.Start, outage.End, outage.ProbesLost));
        Assert.Equal(0, result[0].Availability);
    }

    [Fact]
    public void A_server_that_stops_answering_is_an_outage_until_it_answers_a_new_connection()
    {
        // The second connection is answered, the first one only once: as after packets on the path were dropped.
        using var server = new ScriptedServer(
            client =>
            {
                client.Send(client.ReadExactly(64));
                client.ReadExactly(64);
                client.ReadEnd();
            },
            client =>
            {
                client.Send(client.ReadExactly(64));
                client.ReadEnd();
            });

        var (recorder, _) = Watch([To(server.EndPoint)], o => (o.Count, o.Interval, o.Timeout) = (3, Lossy, Lossy));

        Assert.Equal(".x.", recorder.Pattern);
        Assert.Equal("timed out; 0 of 64 bytes came", recorder.Probes[1].Reason);
        Assert.Equal((1L, recorder.Probes[1].Time, recorder.Probes[2].Time), (recorder.Outages[0].ProbesLost, recorder.Outages[0].Start, recorder.Outages[0].End));
        server.Done.Get();
    }

    [Fact]
    public void A_reply_that_is_no_echo_is_lost_and_the_next_probe_has_a_connection_of_its_own()
    {
        using var server = new ScriptedServer(
            client =>
            {
                client.ReadExactly(64);
                client.Send(new byte[64]);
                client.ReadEnd();
            },
            client =>
            {
                client.Send(client.ReadExactly(64));
                client.ReadEnd();
            });

        var (recorder, _) = Watch([To(server.EndPoint)], o => o.Count = 2);

        Assert.Equal("x.", recorder.Pattern);
        Assert.StartsWith("answered something else; the first wrong byte is at offset 0 of 64", recorder.Probes[0].Reason, StringComparison.Ordinal);
        server.Done.Get();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Over_UDP_packets_that_are_dropped_are_an_outage_of_exactly_the_lost_probes(bool reconnect)
    {
        var late = new List<(IPEndPoint From, byte[] Bytes)>();
        void LoseAndKeep(DatagramServer server, IPEndPoint from, byte[] bytes) => late.Add((from, bytes));
        using var server = new DatagramServer(DatagramServer.Echo, LoseAndKeep, LoseAndKeep, (server, from, bytes) =>
        {
            // The replies to the probes that are lost come now, to the port of this one as well.
            foreach (var (_, old) in late)
                server.Send(from, old);
            DatagramServer.Echo(server, from, bytes);
        });

        var (recorder, result) = Watch(
            [new EchoWatchTarget { Host = "127.0.0.1", Port = server.Port, Udp = true }],
            o => (o.Count, o.Interval, o.Timeout, o.Reconnect) = (4, Lossy, Lossy, reconnect));

        Assert.Equal(".xx.", recorder.Pattern);
        Assert.All(recorder.Probes, p => Assert.Equal((true, null), (p.Udp, p.ConnectTime)));
        Assert.Equal("timed out; no reply came", recorder.Probes[1].Reason);
        var outage = Assert.Single(recorder.Outages);
        Assert.Equal((2L, recorder.Probes[1].Time, recorder.Probes[3].Time), (outage.ProbesLost, outage.Start, outage.End));
        Assert.True(outage.Udp && result[0].Udp);
        Assert.Equal(4, server.Received.Select(r => r.Bytes).Distinct(new SameBytes()).Count());
        Assert.Equal(4, server.Received.Select(r => r.From).Distinct().Count());
    }

    [Fact]
    public void Over_UDP_a_port_without_a_server_is_refused_at_once()
    {
        int port;
        using (var gone = new DatagramServer())
            port = gone.Port;

        var (recorder, _) = Watch([new EchoWatchTarget { Host = "127.0.0.1", Port = port, Udp = true }], o => o.Count = 2);

        Assert.Equal("xx", recorder.Pattern);
        Assert.All(recorder.Probes, p => Assert.Equal((EchoPathStage.Echo, "refused"), (p.FailedStage, p.Reason)));
    }

    [Fact]
    public void An_unknown_name_fails_at_Resolve()
    {
        var (recorder, _) = Watch([new EchoWatchTarget { Host = "no-such-host.invalid" }], o => (o.Count, o.Timeout) = (1, Bounded.Limit));

        Assert.Equal((EchoPathStage.Resolve, "the name has no address"), (recorder.Probes[0].FailedStage, recorder.Probes[0].Reason));
    }

    [Fact]
    public async Task Dead_targets_delay_no_other()
    {
        const int Probes = 20;
        using var full = FullBacklog.Create();
        using var server = Serve();
        using var watch = new EchoWatch(Options(
            [.. Enumerable.Repeat(To(full.EndPoint), 20), To(server.EndPoint)], o => o.Timeout = Bounded.Limit * 2));
        var recorder = new WatchRecorder();
        var running = Bounded.Start(() => watch.Run(recorder));

        // In one thread the dead targets would take ten minutes.
        Bounded.Until(() => recorder.Probes.Count >= Probes);
        watch.Stop();
        await running.Soon(Bounded.Promptly);

        Assert.All(recorder.Probes, p => Assert.Equal((20, true), (p.Target, p.Success)));
        var results = watch.Results();
        Assert.All(results.Take(20), r => Assert.Equal((0L, 0L, null), (r.Probes, r.Outages, r.Availability)));
        Assert.Equal(0, results[20].Lost);
    }

    [Fact]
    public async Task Stopping_ends_every_kind_of_wait_at_once()
    {
        using var full = FullBacklog.Create();
        using var silent = new ScriptedServer(Drain);
        using var silentTls = new ScriptedServer(Drain);
        using var server = Serve();
        using var watch = new EchoWatch(Options(
            [To(full.EndPoint), To(silent.EndPoint), To(silentTls.EndPoint, tls: true), To(server.EndPoint)],
            o => (o.Interval, o.Timeout) = (TimeSpan.FromHours(1), TimeSpan.FromHours(1))));
        var recorder = new WatchRecorder();
        var running = Bounded.Start(() => watch.Run(recorder));
        await silent.Connected.Soon();
        await silentTls.Connected.Soon();
        Bounded.Until(() => recorder.Probes.Count == 1);

        watch.Stop();
        await running.Soon(Bounded.Promptly);

        Assert.Single(recorder.Probes);
        Assert.Empty(recorder.Outages);
        silent.Done.Get();
        silentTls.Done.Get();
    }

    [Fact]
    public async Task A_watch_that_is_stopped_reports_an_outage_that_is_open()
    {
        using var nobody = Serve();
        await nobody.StopAsync();
        using var watch = new EchoWatch(Options([To(nobody.EndPoint)]));
        var recorder = new WatchRecorder { OnProbed = _ => watch.Stop() };

        watch.Run(recorder);

        var outage = Assert.Single(recorder.Outages);
        Assert.Equal((recorder.Probes[0].Time, null, 1L, "refused"), (outage.Start, outage.End, outage.ProbesLost, outage.Reason));
        Assert.InRange(outage.Duration, TimeSpan.Zero, Bounded.Limit);
        Assert.Equal(0, watch.Results()[0].Availability);
    }

    [Fact]
    public void An_exception_of_the_observer_ends_the_watch_and_reaches_the_caller()
    {
        using var server = Serve();
        using var watch = new EchoWatch(Options([To(server.EndPoint), To(server.EndPoint)]));

        var thrown = Assert.Throws<FormatException>(() => watch.Run(new WatchRecorder { OnProbed = _ => throw new FormatException("enough") }));

        Assert.Equal("enough", thrown.Message);
    }

    [Fact]
    public void A_watch_that_was_stopped_before_it_runs_probes_nothing()
    {
        using var watch = new EchoWatch(Options([new EchoWatchTarget()]));
        watch.Stop();
        var recorder = new WatchRecorder();

        watch.Run(recorder);

        Assert.Empty(recorder.Probes);
        Assert.Throws<InvalidOperationException>(() => watch.Run(recorder));
    }

    [Theory]
    [InlineData(0.02, 1)]
    [InlineData(1, 1)]
    [InlineData(3, 3)]
    [InlineData(60, 5)]
    public void A_probe_has_as_long_as_the_interval_but_one_to_five_seconds(double interval, double timeout) =>
        Assert.Equal(timeout, new EchoWatchOptions { Interval = TimeSpan.FromSeconds(interval) }.Timeout.TotalSeconds);

    [Fact]
    public void Options_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new EchoWatchOptions { Targets = [] });
        Assert.Throws<ArgumentException>(() => new EchoWatchOptions { Targets = new EchoWatchTarget[EchoWatchOptions.MaxTargets + 1] });
        Assert.Throws<ArgumentOutOfRangeException>(() => new EchoWatchOptions { Interval = TimeSpan.FromMilliseconds(9) });
        Assert.Throws<ArgumentOutOfRangeException>(() => new EchoWatchOptions { Timeout = TimeSpan.Zero });
        Assert.Throws<ArgumentOutOfRangeException>(() => new EchoWatchOptions { Count = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new EchoWatchOptions { Duration = TimeSpan.Zero });
        Assert.Throws<ArgumentException>(() => new EchoWatch(new EchoWatchOptions()));
        Assert.Throws<ArgumentException>(() => new EchoWatch(Options([new EchoWatchTarget { Udp = true, Tls = new EchoClientTls() }])));
    }

    // Says nothing, and waits for the client to give up.
    private static void Drain(Socket client)
    {
        while (client.Receive(new byte[1024]) > 0)
        {
        }
    }

    private static TestServer Serve(int port = 0, bool tls = false) =>
        new(new EchoServerOptions { Port = port, Tls = tls ? new EchoServerTls() : null }, new Recorder());

    private static EchoWatchTarget To(IPEndPoint server, bool tls = false) => new()
    {
        Host = server.Address.ToString(),
        Port = server.Port,
        Tls = tls ? new EchoClientTls { SkipCertificateCheck = true } : null,
    };

    // The time-out is long, so that a busy computer loses no probe.
    private static EchoWatchOptions Options(EchoWatchTarget[] targets, Action<EchoWatchOptions>? configure = null)
    {
        var options = new EchoWatchOptions { Targets = targets, Interval = Interval, Timeout = Bounded.Limit };
        configure?.Invoke(options);
        return options;
    }

    private static (WatchRecorder Recorder, IReadOnlyList<WatchResult> Results) Watch(EchoWatchTarget[] targets, Action<EchoWatchOptions> configure)
    {
        using var watch = new EchoWatch(Options(targets, configure));
        var recorder = new WatchRecorder();
        Bounded.Start(() => watch.Run(recorder)).Get();
        return (recorder, watch.Results());
    }

    private sealed class SameBytes : IEqualityComparer<byte[]>
    {
        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] obj) => obj.Length;
    }
}
