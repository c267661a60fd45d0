using System.Threading;

namespace EchoSocket.Serving;

/// <summary>A server's totals: written by the thread that serves, read by any.</summary>
internal sealed class ServerCounters
{
    private int _active;
    private long _total;
    private long _refused;
    private long _received;
    private long _sent;

    public int Active => Volatile.Read(ref _active);

    public long Total => Volatile.Read(ref _total);

    public long Refused => Volatile.Read(ref _refused);

    public long BytesReceived => Volatile.Read(ref _received);

    public long BytesSent => Volatile.Read(ref _sent);

    public void Accepted()
    {
        Volatile.Write(ref _total, _total + 1);
        Volatile.Write(ref _active, _active + 1);
    }

    public void CountRefused() => Volatile.Write(ref _refused, _refused + 1);

    public void Ended() => Volatile.Write(ref _active, _active - 1);

    public void Received(int count) => Volatile.Write(ref _received, _received + count);

    public void Sent(int count) => Volatile.Write(ref _sent, _sent + count);
}
