using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Management.Automation;
using System.Net;
using System.Net.Sockets;

namespace EchoSocket.Benchmarks;

/// <summary>A server and a client of one kind. Each server runs in a process of its own and serves one client.</summary>
internal interface IContender
{
    string Name { get; }

    /// <summary>Opens a connection and measures its round trips per second.</summary>
    double Measure(int port, TimeSpan duration);
}

internal static class Contenders
{
    public static readonly IContender[] All = [new BareSockets(), new Core(), new Cmdlets()];
}

internal static class Messages
{
    public const string Text = "thirty-two bytes, as it happens.";

    public static readonly byte[] Bytes = System.Text.Encoding.UTF8.GetBytes(Text);

    /// <summary>Repeats an exchange for this long, and returns the exchanges per second.</summary>
    public static double Rate(TimeSpan duration, Action exchange)
    {
        exchange();
        var count = 0L;
        var clock = Stopwatch.StartNew();
        for (var end = After(duration); Stopwatch.GetTimestamp() < end; count++)
            exchange();
        return count / clock.Elapsed.TotalSeconds;
    }

    public static long After(TimeSpan duration) => Stopwatch.GetTimestamp() + (long)(duration.TotalSeconds * Stopwatch.Frequency);
}

/// <summary>The baseline: the smallest possible blocking echo in C#.</summary>
internal sealed class BareSockets : IContender
{
    public string Name => Servers.Bare;

    public static void Serve(Action<int> listening)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        listening(((IPEndPoint)listener.LocalEndPoint!).Port);
        var buffer = new byte[64 * 1024];
        while (true)
        {
            using var socket = listener.Accept();
            socket.NoDelay = true;
            while (socket.Receive(buffer) is > 0 and var count)
            {
                for (var i = 0; i < count; i++)
                {
                    if (buffer[i] is >= (byte)'a' and <= (byte)'z')
                        buffer[i] -= 32;
                }

                socket.Send(buffer, 0, count, SocketFlags.None);
            }
        }
    }

    public double Measure(int port, TimeSpan duration)
    {
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        client.Connect(IPAddress.Loopback, port);
        var reply = new byte[Messages.Bytes.Length];
        return Messages.Rate(duration, () =>
        {
            client.Send(Messages.Bytes);
            for (var received = 0; received < reply.Length;)
                received += client.Receive(reply, received, reply.Length - received, SocketFlags.None);
        });
    }
}

internal sealed class Core : IContender
{
    public string Name => Servers.Core;

    public static void Serve(Action<int> listening)
    {
        for (var port = 0; ;)
        {
            using var server = EchoServer.Listen(new EchoServerOptions { Port = port });
            if (port == 0)
                listening(port = server.LocalEndPoint.Port);
            server.ServeOne();
        }
    }

    public double Measure(int port, TimeSpan duration)
    {
        using var client = EchoClient.Connect(new EchoClientOptions { Port = port });
        var reply = new byte[Messages.Bytes.Length];
        return Messages.Rate(duration, () => client.Exchange(Messages.Bytes, Messages.Bytes.Length, reply));
    }
}

internal sealed class Cmdlets : IContender
{
    public string Name => Servers.Cmdlets;

    public double Measure(int port, TimeSpan duration)
    {
        using var runspace = Module.Open();
        using var shell = PowerShell.Create(runspace);
        var clock = new Stopwatch();
        var count = (long)Module.Send(shell, port, Feed(duration, clock)).Single().BaseObject;
        return count / clock.Elapsed.TotalSeconds;
    }

    // The clock starts with the first reply, once the pipeline runs and the connection is open.
    private static IEnumerable<string> Feed(TimeSpan duration, Stopwatch clock)
    {
        yield return Messages.Text;
        clock.Start();
        for (var end = Messages.After(duration); Stopwatch.GetTimestamp() < end;)
            yield return Messages.Text;
        clock.Stop();
    }
}
