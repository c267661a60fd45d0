using System;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using EchoSocket.Common;

namespace EchoSocket.Transport;

/// <summary>Sends one message at a time and receives its reply. After a failure the transport is to be closed. For one thread at a time.</summary>
/// <param name="transport">The connection.</param>
/// <param name="replies">What receives and checks the replies.</param>
/// <param name="fitsReceiveBuffer">A reply of so many bytes surely fits the socket's receive buffer.</param>
/// <param name="spin">Spins for a moment after a send, if that pays off.</param>
/// <param name="cancellation">Tells whether the transport was shut down because the caller gave up.</param>
internal sealed class MessageExchange(
    BlockingTransport transport, ReplyReceiver replies, int fitsReceiveBuffer, Action spin, CancellationToken cancellation)
{
    // A reset ends the send and the receive at the same moment. This is the time that the sending thread has to report it.
    private static readonly TimeSpan ResetGrace = TimeSpan.FromMilliseconds(50);

    /// <summary>The replies tell what has come.</summary>
    public SocketError Run(byte[] message, int count, byte[] reply, long due)
    {
        replies.Begin();
        return count <= fitsReceiveBuffer ? SendThenReceive(message, count, reply, due) : SendWhileReceiving(message, count, reply, due);
    }

    // If the reply fits our receive buffer, the server can always send it and so keeps reading.
    private SocketError SendThenReceive(byte[] message, int count, byte[] reply, long due)
    {
        var error = transport.Send(message, count);
        if (error != SocketError.Success)
            return error;

        spin();
        return replies.Receive(message, count, reply, due);
    }

    // A longer message could fill the buffers in both directions, and then each side would wait for the other to read.
    private SocketError SendWhileReceiving(byte[] message, int count, byte[] reply, long due)
    {
        var sending = Task.Factory.StartNew(
            () => transport.Send(message, count), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var error = replies.Receive(message, count, reply, due);
        if (replies.Wrong < 0 && replies.Received == count)
        {
            // A peer that is not an echo server may answer before it has read everything. The next message has to wait.
            error = sending.Wait(Clock.MillisecondsUntil(due)) ? sending.Result : SocketError.TimedOut;
            if (error == SocketError.Success)
                return error;
        }

        // The system reports a reset once. If the send got the report, the receive only saw an end.
        if (replies.Wrong < 0 && error == SocketError.Success && sending.Wait(ResetGrace) && sending.Result == SocketError.ConnectionReset)
            error = SocketError.ConnectionReset;
        if (cancellation.IsCancellationRequested)
            transport.Abort(); // the server may be sending into a full window
        transport.Dispose(); // ends the send
        sending.Wait();
        return error;
    }
}
