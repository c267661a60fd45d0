using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using EchoSocket.Common;
using EchoSocket.Connecting;
using EchoSocket.Transport;

namespace EchoSocket;

/// <summary>Tests how far the path to an echo server works over UDP. Thread-safe.</summary>
public static class EchoUdpProbe
{
    private static readonly byte[] Message = ProbeMessage.Create();

    /// <summary>
    /// Resolves the name, sends a datagram of 64 bytes and checks that the same bytes come back, ASCII letters upper-cased or not.
    /// Several addresses are tried in order, until one echoes: each gets an equal share of the time that is left, and one that
    /// refuses the datagram needs little of it. A path that does not work is a result and not an exception.
    /// </summary>
    /// <param name="options">
    /// What to test, with their source address and address family. Their <see cref="EchoClientOptions.ConnectionTimeout"/> is for all
    /// stages together.
    /// </param>
    /// <param name="cancellation">Ends the probe.</param>
    /// <exception cref="ArgumentException">An option is for TCP only.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static PathReport Run(EchoClientOptions options, CancellationToken cancellation = default)
    {
        EchoUdpClient.Check(options);
        return Run(options, addresses: null, Message, Stopwatch.GetTimestamp() + Clock.Ticks(options.ConnectionTimeout), cancellation);
    }

    /// <summary>
    /// The same with a message of the caller's, to these addresses or, if they are null, to those of the name, until the stopwatch shows
    /// <paramref name="due"/>.
    /// </summary>
    internal static PathReport Run(EchoClientOptions options, IPAddress[]? addresses, byte[] message, long due, CancellationToken cancellation)
    {
        var start = Stopwatch.GetTimestamp();
        var report = new PathReport { StartTime = DateTime.UtcNow, ComputerName = options.Host, Port = options.Port, Udp = true };

        if (addresses is null)
        {
            var resolution = Connector.Resolve(options, due, cancellation);
            if (resolution.Addresses.Length == 0)
            {
                (report.FailedStage, report.Reason) = (EchoPathStage.Resolve, resolution.Problem);
                return report;
            }

            addresses = resolution.Addresses;
            report.ResolveTime = IPAddress.TryParse(options.Host, out _) ? TimeSpan.Zero : Clock.Since(start);
        }

        report.Addresses = [.. addresses.Select(a => a.ToString())];

        var sockets = new DatagramSockets([.. addresses.Select(a => new IPEndPoint(a, options.Port))], options.PrepareDatagrams, cancellation);
        using (cancellation.Register(sockets.Close))
            Echo(report, sockets, message, due, cancellation);
        sockets.Close();
        cancellation.ThrowIfCancellationRequested();
        return report;
    }

    private static void Echo(PathReport report, DatagramSockets sockets, byte[] message, long due, CancellationToken cancellation)
    {
        var receiver = new DatagramReceiver(anyReply: false, cancellation);
        var reply = new byte[message.Length];
        var attempts = new List<PathAttempt>();
        do
        {
            var start = Stopwatch.GetTimestamp();
            var share = start + ((due - start) / (report.Addresses.Length - attempts.Count));
            var error = Exchange(report, sockets, receiver, message, reply, share);
            var time = Clock.Since(start);
            report.Success = error == SocketError.Success;
            if (report.Success)
                (report.FirstByteTime, report.EchoTime) = (time, time);
            report.Reason = report.Success ? "" : Reason(error, receiver.Wrong);
            attempts.Add(new PathAttempt { EndPoint = sockets.Remote.ToString(), Time = time, Error = report.Reason });
        }
        while (!report.Success && !cancellation.IsCancellationRequested && sockets.TryNextAddress());

        report.FailedStage = report.Success ? EchoPathStage.None : EchoPathStage.Echo;
        report.Attempts = [.. attempts];
    }

    private static SocketError Exchange(PathReport report, DatagramSockets sockets, DatagramReceiver receiver, byte[] message, byte[] reply, long due)
    {
        receiver.Begin();
        try
        {
            var socket = sockets.Next();
            report.LocalEndPoint = $"{sockets.Local}";
            report.RemoteEndPoint = sockets.Remote.ToString();
            socket.Send(message, 0, message.Length, SocketFlags.None, out var error);
            return error == SocketError.Success ? receiver.Receive(socket, message, message.Length, reply, due) : error;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }
        catch (ObjectDisposedException)
        {
            return SocketError.OperationAborted; // the token was cancelled
        }
    }

    private static string Reason(SocketError error, string wrong) =>
        wrong.Length > 0 ? $"answered something else; {wrong}"
        : error switch
        {
            SocketError.TimedOut => "timed out; no reply came",
            SocketError.ConnectionReset => SocketErrors.Summary(SocketError.ConnectionRefused), // Windows reports port unreachable so
            _ => SocketErrors.Summary(error),
        };
}
