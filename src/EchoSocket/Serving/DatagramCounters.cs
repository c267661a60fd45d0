using System.Threading;

namespace EchoSocket.Serving;

/// <summary>A UDP server's totals: written by the thread that serves, read by any.</summary>
internal sealed class DatagramCounters
{
    private long _received;
    private long _sent;
    private long _bytesReceived;
    private long _bytesSent;
    private long _refused;
    private long _unanswered;

    public long Received => Volatile.Read(ref _received);

    public long Sent => Volatile.Read(ref _sent);

    public long BytesReceived => Volatile.Read(ref _bytesReceived);

    public long BytesSent => Volatile.Read(ref _bytesSent);

    public long Refused => Volatile.Read(ref _refused);

    public long Unanswered => Volatile.Read(ref _unanswered);

    public void CountReceived(int messages, long bytes)
    {
        Volatile.Write(ref _received, _received + messages);
        Volatile.Write(ref _bytesReceived, _bytesReceived + bytes);
    }

    public void CountSent(int messages, long bytes)
    {
        Volatile.Write(ref _sent, _sent + messages);
        Volatile.Write(ref _bytesSent, _bytesSent + bytes);
    }

    public void CountRefused() => Volatile.Write(ref _refused, _refused + 1);

    public void CountUnanswered() => Volatile.Write(ref _unanswered, _unanswered + 1);
}
