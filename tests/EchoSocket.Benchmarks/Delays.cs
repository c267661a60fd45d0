using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;

namespace EchoSocket.Benchmarks;

/// <summary>
/// Connections whose replies are held back, each for another time: what the server needs of a processor while all wait, and how
/// late the replies come.
/// </summary>
internal static class Delays
{
    public const string Server = "EchoSocket, with delays";

    private const double ProcessorGoal = 2; // percent of one
    private const double LatenessGoal = 2; // ms, for 99 of 100
    private const int Connections = 1000;
    private const int FirstMilliseconds = 4000;
    private static readonly TimeSpan SettleTime = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(1.5);

    public static int Run(int rounds)
    {
        var (loads, lateness) = (new List<double>(), new List<double>());
        for (var round = 0; round < rounds; round++)
        {
            using var server = new ServerProcess(Server);
            var (load, late) = Round(server);
            loads.Add(load);
            lateness.Add(late);
            Console.WriteLine($"{Connections:N0} connections wait: {load:0.00} % of a processor; 99 of 100 replies are at most {late:0.00} ms late");
        }

        var (processor, worst) = (Statistics.Median(loads), Statistics.Median(lateness));
        var met = processor <= ProcessorGoal && worst <= LatenessGoal;
        Console.WriteLine(
            $"{Statistics.Summary(loads)} % of a processor, {ProcessorGoal} at most; {Statistics.Summary(lateness)} ms late, {LatenessGoal} at most: {(met ? "met" : "SHORT")}");
        return met ? 0 : 1;
    }

    /// <summary>Delays the replies of the connection n by 4 s and n ms.</summary>
    public static void Serve(Action<int> listening)
    {
        using var server = EchoServer.Listen(new EchoServerOptions
        {
            Port = 0, Backlog = 4096, Faults = [.. Enumerable.Range(1, Connections).Select(n => EchoFault.Delay(Delay(n)).ForConnections(n))],
        });
        listening(server.LocalEndPoint.Port);
        server.ServeMany();
    }

    private static TimeSpan Delay(int connection) => TimeSpan.FromMilliseconds(FirstMilliseconds + connection);

    private static (double Load, double Late) Round(ServerProcess server)
    {
        var clients = Enumerable.Range(1, Connections).Select(_ => Load.Connect(server.Port)).ToList();
        Thread.Sleep(SettleTime); // until all are accepted
        var replies = new Task<double>[Connections];
        for (var i = 0; i < Connections; i++)
        {
            replies[i] = Lateness(clients[i], Delay(i + 1));
            Thread.Sleep(1); // so that no message waits until the server has read the others
        }

        Thread.Sleep(SettleTime);
        var (used, clock) = (server.ProcessorTime, Stopwatch.StartNew());
        Thread.Sleep(Measured);
        var load = (server.ProcessorTime - used) / clock.Elapsed * 100;
        var late = Task.WhenAll(replies).GetAwaiter().GetResult().Order().ElementAt(Connections * 99 / 100);
        clients.ForEach(client => client.Dispose());
        return (load, late);
    }

    // In milliseconds; includes the round trip itself, and the way to the thread that notes the time.
    private static async Task<double> Lateness(Socket client, TimeSpan delay)
    {
        var sent = Stopwatch.GetTimestamp();
        client.Send(Messages.Bytes);
        var reply = new byte[Messages.Bytes.Length];
        for (var count = 0; count < reply.Length;)
        {
            var received = await client.ReceiveAsync(reply.AsMemory(count));
            if (received == 0)
                throw new InvalidOperationException("The server closed the connection.");
            count += received;
        }

        return (Stopwatch.GetElapsedTime(sent) - delay).TotalMilliseconds;
    }
}
