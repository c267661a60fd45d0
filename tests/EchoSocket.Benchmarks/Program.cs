using System;

namespace EchoSocket.Benchmarks;

internal static class Program
{
    private const string Usage = """
        The benchmarks behind docs/performance.md. Loopback only; every run ends by itself, with exit code 1 if a goal was missed.

          servers [ROUNDS]      Start-EchoServer -KeepListening alternating with C, async Socket and Kestrel (default 3)
          servers ROUNDS free   the same with server and load not pinned to a processor
          servers ROUNDS threads  only its last part: -ThreadCount 1 alternating with a thread for each processor
          tls [ROUNDS]          the same over TLS, with C (OpenSSL) and Kestrel (default 3)
          udp [ROUNDS]          Start-EchoServer -Udp alternating with async datagrams of .NET (default 3)
          hostile               a well-behaved client's 99th percentile, with and without a crowd of bad ones
          hostile tls           the same over TLS
          greedy [CLIENTS]      clients that send and never read: what the server keeps for them (default 9000)
          idle [CONNECTIONS]    the memory that idle TLS connections cost (default 1000)
          delays [ROUNDS]       1,000 connections whose replies are held back: processor time, and how late they are (default 3)
          connections           100,000 connections one after another: each reported, and nothing leaked
          roundtrips [ROUNDS]   one client, 32 bytes: a bare Socket loop, the core and the cmdlets, alternating (default 5)
          meter [ROUNDS]        Measure-EchoServer alternating with a client in C (default 5); then its memory over a minute
          inflight [ROUNDS]     Send-EchoMessage -InFlight 64, alternating with cmdlets that pass messages on (default 5)
          pipeline [MESSAGES]   one Send-EchoMessage pipeline: rate and memory along the way (default 1000000)
        """;

    private static int Main(string[] args) => args switch
    {
        ["servers"] => new ServerComparison(3).Run(),
        ["servers", var rounds] when int.TryParse(rounds, out var n) && n > 0 => new ServerComparison(n).Run(),
        ["servers", var rounds, "free"] when int.TryParse(rounds, out var n) && n > 0 => new ServerComparison(n, free: true).Run(),
        ["servers", var rounds, "threads"] when int.TryParse(rounds, out var n) && n > 0 => ThreadComparison.Run(n),
        ["tls"] => TlsComparison.Run(3),
        ["tls", var rounds] when int.TryParse(rounds, out var n) && n > 0 => TlsComparison.Run(n),
        ["udp"] => UdpComparison.Run(3),
        ["udp", var rounds] when int.TryParse(rounds, out var n) && n > 0 => UdpComparison.Run(n),
        ["hostile"] => new Hostile(tls: false).Run(8),
        ["hostile", "tls"] => new Hostile(tls: true).Run(8),
        ["greedy"] => Greedy.Run(9_000),
        ["greedy", var clients] when int.TryParse(clients, out var n) && n > 0 => Greedy.Run(n),
        ["idle"] => IdleConnections.Run(1_000, 3),
        ["idle", var connections] when int.TryParse(connections, out var n) && n > 0 => IdleConnections.Run(n, 3),
        ["delays"] => Delays.Run(3),
        ["delays", var rounds] when int.TryParse(rounds, out var n) && n > 0 => Delays.Run(n),
        ["connections"] => ManyConnections.Run(100_000),
        ["roundtrips"] => RoundTrips.Run(5),
        ["roundtrips", var rounds] when int.TryParse(rounds, out var n) && n > 0 => RoundTrips.Run(n),
        ["meter"] => MeterComparison.Run(5),
        ["meter", var rounds] when int.TryParse(rounds, out var n) && n > 0 => MeterComparison.Run(n),
        ["inflight"] => MessagesInFlight.Run(5),
        ["inflight", var rounds] when int.TryParse(rounds, out var n) && n > 0 => MessagesInFlight.Run(n),
        ["pipeline"] => LongPipeline.Run(1_000_000),
        ["pipeline", var messages] when int.TryParse(messages, out var n) && n >= 10 => LongPipeline.Run(n),
        ["serve", var name] when Servers.Own.TryGetValue(name, out var serve) => ServerProcess.Serve(serve),
        _ => Help(),
    };

    private static int Help()
    {
        Console.Error.WriteLine(Usage);
        return 64;
    }
}
