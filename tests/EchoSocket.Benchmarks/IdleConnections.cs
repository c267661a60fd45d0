using System;
using System.Collections.Generic;
using System.Net.Security;
using System.Net.Sockets;
using System.Threading;

namespace EchoSocket.Benchmarks;

/// <summary>
/// The resident memory that idle TLS connections cost a server that has served one before: with their handshakes complete, and
/// after a message on each.
/// </summary>
internal static class IdleConnections
{
    public const string Server = "EchoSocket, TLS with its own certificate";

    private const int Goal = 40; // MB for 1,000
    private const int SettleMilliseconds = 1000;

    public static int Run(int connections, int rounds)
    {
        var costs = new List<double>();
        for (var round = 0; round < rounds; round++)
        {
            using var server = new ServerProcess(Server);
            Connect(server.Port).Dispose(); // so that the code is there
            Thread.Sleep(SettleMilliseconds);
            var before = server.Memory;
            var clients = new List<SslStream>();
            for (var i = 0; i < connections; i++)
                clients.Add(Connect(server.Port));
            var open = Cost(server, before);
            foreach (var client in clients)
                Exchange(client);
            var used = Cost(server, before);
            clients.ForEach(c => c.Dispose());

            costs.Add(Math.Max(open, used) * 1000 / connections);
            Console.WriteLine($"{connections:N0} connections: {open:0.0} MB, after a message on each {used:0.0} MB");
        }

        var cost = Statistics.Median(costs);
        Console.WriteLine($"1,000 cost {Statistics.Summary(costs)} MB, {Goal} at most: {(cost <= Goal ? "met" : "SHORT")}");
        return cost <= Goal ? 0 : 1;
    }

    public static void Serve(Action<int> listening)
    {
        using var server = EchoServer.Listen(new EchoServerOptions { Port = 0, Backlog = 4096, Tls = new EchoServerTls() });
        listening(server.LocalEndPoint.Port);
        server.ServeMany();
    }

    private static double Cost(ServerProcess server, long before)
    {
        Thread.Sleep(SettleMilliseconds);
        return (server.Memory - before) / 1e6;
    }

    /// <summary>Puts TLS on a connection, which then belongs to the stream.</summary>
    public static SslStream Secure(Socket socket)
    {
        var client = new SslStream(new NetworkStream(socket, ownsSocket: true));
#pragma warning disable CA5359 // what is measured is the server
        client.AuthenticateAsClient(new SslClientAuthenticationOptions { TargetHost = "localhost", RemoteCertificateValidationCallback = (_, _, _, _) => true });
#pragma warning restore CA5359
        return client;
    }

    private static SslStream Connect(int port) => Secure(Load.Connect(port));

    private static void Exchange(SslStream client)
    {
        client.Write(Messages.Bytes);
        client.ReadExactly(new byte[Messages.Bytes.Length]);
    }
}
