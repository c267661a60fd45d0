using System;

namespace EchoSocket.Polling;

/// <summary>
/// What an event loop waits with: a poller, and where it pays a short spin before the wait. For the loop's thread, except
/// <see cref="Wake"/>.
/// </summary>
internal sealed class Readiness(IPoller poller, AdaptiveSpin? spin) : IDisposable
{
    private readonly int[] _tokens = new int[512];
    private Func<bool>? _look;

    /// <summary>How many sockets the last wait found ready.</summary>
    public int Count { get; private set; }

    /// <summary>The token of one of them.</summary>
    public int this[int index] => _tokens[index];

    /// <summary>
    /// Waits until a socket is ready, for up to so many milliseconds (-1: without limit). A spin is in vain if nothing can
    /// come soon.
    /// </summary>
    public void Wait(int milliseconds, bool maySpin = true)
    {
        if (spin is null || !maySpin || !spin.Find(_look ??= Look))
            Count = poller.Wait(milliseconds, _tokens);
    }

    /// <summary>Looks which sockets are ready now. True if any is.</summary>
    public bool Look() => (Count = poller.Wait(0, _tokens)) > 0;

    /// <summary>From any thread: ends the wait, or the next one.</summary>
    public void Wake() => poller.Wake();

    public void Dispose() => poller.Dispose();
}
