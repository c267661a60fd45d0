namespace EchoSocket.Serving;

/// <summary>How many clients a server accepts: at once, and in all.</summary>
internal readonly struct AcceptLimits(int atOnce, long total)
{
    public int AtOnce { get; } = atOnce;

    public long Total { get; } = total;
}
