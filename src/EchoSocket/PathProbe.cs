using System;
using System.Diagnostics;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using EchoSocket.Common;
using EchoSocket.Connecting;
using EchoSocket.Transport;

namespace EchoSocket;

/// <summary>Goes the whole path to an echo server once, and tells how far it came and how long each stage took.</summary>
public static class PathProbe
{
    // Small letters, capitals, digits, and bytes that are no ASCII: what an echo may change, and what it must not.
    private static readonly byte[] Message = [.. Enumerable.Range(0, 64).Select(i => (byte)"aZ0\xE9"[i % 4])];
    private static readonly byte[] UpperMessage = [.. Message.Select(b => b == 'a' ? (byte)'A' : b)];

    /// <summary>
    /// Resolves the name, connects (with RFC 8305's race where there are several addresses), sends a message of 64 bytes
    /// and checks that the same bytes come back, ASCII letters upper-cased or not. A path that does not work is a result,
    /// and no exception.
    /// </summary>
    /// <param name="host">A name or an IP address.</param>
    /// <param name="port">The port, 1 to 65535.</param>
    /// <param name="timeout">For all stages together; 1 ms to <see cref="EchoClientOptions.MaximumTimeout"/>.</param>
    /// <param name="cancellation">Ends the probe.</param>
    /// <exception cref="ArgumentException">The host, the port or the time is out of range.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static EchoPathReport Run(string host, int port, TimeSpan timeout, CancellationToken cancellation = default)
    {
        var options = new EchoClientOptions { Host = host, Port = port, ConnectionTimeout = timeout };
        var report = new EchoPathReport { ComputerName = options.Host, Port = options.Port };
        var start = Stopwatch.GetTimestamp();
        try
        {
            var addresses = Connector.Resolve(host, Connector.Display(host, port), timeout, cancellation);
            report.ResolveTime = IPAddress.TryParse(host, out _) ? TimeSpan.Zero : Clock.Since(start);
            report.Addresses = [.. addresses.Select(a => a.ToString())];
            Connect(report, addresses, timeout, start, cancellation);
        }
        catch (EchoException e)
        {
            Fail(report, EchoPathStage.Resolve, e.Error == EchoError.HostNotFound ? "the name has no address" : "timed out");
        }

        return report;
    }

    private static void Connect(EchoPathReport report, IPAddress[] addresses, TimeSpan timeout, long start, CancellationToken cancellation)
    {
        var begin = Stopwatch.GetTimestamp();
        var race = ConnectRace.Run(addresses, report.Port, timeout - Clock.Since(start), cancellation);
        report.Attempts = [.. race.Attempts];
        if (race.Socket is null)
        {
            Fail(report, EchoPathStage.Connect, race.Failure is null ? "timed out" : SocketErrors.Summary(race.Failure.SocketErrorCode));
            return;
        }

        report.ConnectTime = Clock.Since(begin);
        using var transport = new BlockingTransport(race.Socket);
        using var registration = cancellation.Register(transport.Shutdown);
        report.LocalEndPoint = race.Socket.LocalEndPoint!.ToString()!;
        report.RemoteEndPoint = race.Remote!.ToString();
        Echo(report, transport, timeout, start);
        cancellation.ThrowIfCancellationRequested();
    }

    private static void Echo(EchoPathReport report, BlockingTransport transport, TimeSpan timeout, long start)
    {
        var reply = new byte[Message.Length];
        var received = 0;
        var sent = Stopwatch.GetTimestamp();
        transport.Send(Message, 0, Message.Length, out var error);
        while (error == SocketError.Success && received < reply.Length)
        {
            var left = (int)(timeout - Clock.Since(start)).TotalMilliseconds;
            if (left <= 0)
            {
                error = SocketError.TimedOut;
                break;
            }

            transport.LimitReceive(left);
            var part = transport.Receive(reply, received, reply.Length - received, out error);
            if (part == 0)
                break;
            if (received == 0)
                report.FirstByteTime = Clock.Since(sent);
            received += part;

            // What is wrong is wrong at once; the rest may never come.
            if (FirstWrong(reply, received) is >= 0 and var offset)
            {
                Fail(report, EchoPathStage.Echo, $"answered something else; the first wrong byte is at offset {offset} of {reply.Length}");
                return;
            }
        }

        if (received < reply.Length)
        {
            var reason = error == SocketError.Success ? "closed early" : SocketErrors.Summary(error);
            Fail(report, EchoPathStage.Echo, $"{reason}; {received} of {reply.Length} bytes came");
            return;
        }

        report.EchoTime = Clock.Since(sent);
        report.Success = true;
    }

    // Its first byte tells an echo that upper-cases from one that does not.
    private static int FirstWrong(byte[] reply, int count)
    {
        var expected = reply[0] == Message[0] ? Message : UpperMessage;
        for (var i = 0; i < count; i++)
        {
            if (reply[i] != expected[i])
                return i;
        }

        return -1;
    }

    private static void Fail(EchoPathReport report, EchoPathStage stage, string reason)
    {
        report.FailedStage = stage;
        report.Reason = reason;
    }
}
