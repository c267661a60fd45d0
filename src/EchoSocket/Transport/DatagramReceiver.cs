using System;
using System.Diagnostics;
using System.Net.Sockets;
using System.Threading;
using EchoSocket.Common;

namespace EchoSocket.Transport;

/// <summary>Receives the reply to one message after another. For one thread at a time.</summary>
/// <param name="anyReply">Any datagram of the message's size is its reply.</param>
/// <param name="cancellation">Ends a receive, if the socket is closed as well.</param>
internal sealed class DatagramReceiver(bool anyReply, CancellationToken cancellation)
{
    // A datagram that is no echo may be a stray one: a late reply to another program that had the port before. So the echo still has
    // this time to come.
    private static readonly TimeSpan MismatchGrace = TimeSpan.FromSeconds(1);

    // Room for every datagram, so that none is cut.
    [ThreadStatic]
    private static byte[]? t_buffer;

    /// <summary>The first datagram that was no echo of the message, in words that follow a colon; empty if there was none.</summary>
    public string Wrong { get; private set; } = "";

    /// <summary>Call it before the message is sent.</summary>
    public void Begin() => Wrong = "";

    /// <summary>
    /// Receives the echo of the first <paramref name="count"/> bytes of a message, and ignores other datagrams. Fails with a time-out
    /// when the stopwatch shows <paramref name="due"/>, or a second after the first other datagram.
    /// </summary>
    public SocketError Receive(Socket socket, byte[] message, int count, byte[] reply, long due)
    {
        var buffer = t_buffer ??= new byte[64 * 1024];
        try
        {
            while (!cancellation.IsCancellationRequested && Clock.MillisecondsUntil(due) is > 0 and var left)
            {
                socket.ReceiveTimeout = left;
                var received = socket.Receive(buffer, 0, buffer.Length, SocketFlags.None, out var error);
                if (error is SocketError.TimedOut or SocketError.WouldBlock)
                    continue;
                if (error != SocketError.Success)
                    return error;

                var wrong = FindWrong(message, count, buffer, received);
                if (wrong < 0)
                {
                    Buffer.BlockCopy(buffer, 0, reply, 0, count);
                    return SocketError.Success;
                }

                if (Wrong.Length > 0)
                    continue;
                Wrong = Describe(wrong, count, buffer, received);
                due = Math.Min(due, Stopwatch.GetTimestamp() + Clock.Ticks(MismatchGrace));
            }
        }
        catch (Exception e) when (e is ObjectDisposedException or SocketException)
        {
            return SocketError.OperationAborted;
        }

        return SocketError.TimedOut;
    }

    // The index of the first wrong byte; the size of the message if the datagram has another size; -1 if it is the reply. A server may
    // have been replaced by one of the other form since the last message.
    private int FindWrong(byte[] message, int count, byte[] buffer, int received)
    {
        if (received != count)
            return count;

        var forms = EchoForms.Any;
        return anyReply ? -1 : EchoComparison.FindMismatch(buffer, 0, message, 0, count, ref forms);
    }

    private static string Describe(int wrong, int count, byte[] buffer, int received)
    {
        if (wrong == count)
            return FormattableString.Invariant($"its datagram has {received:N0} byte{(received == 1 ? "" : "s")} rather than {count:N0}: {Escaping.Quote(buffer, 0, received)}");

        var start = ReplyReceiver.ShownFrom(wrong, count);
        return FormattableString.Invariant(
            $"the first wrong byte is at offset {wrong:N0} of {count:N0}; it sent {Escaping.Quote(buffer, start, received - start, cutBefore: start > 0)}");
    }
}
