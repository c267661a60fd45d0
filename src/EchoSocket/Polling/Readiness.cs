using System;

namespace EchoSocket.Polling;

/// <summary>
/// How an event loop waits: with a poller, and with a short spin before the wait where that pays off. For the loop's thread,
/// except <see cref="Wake"/>.
/// </summary>
internal sealed class Readiness(IPoller poller, AdaptiveSpin? spin) : IDisposable
{
    private readonly int[] _tokens = new int[512];
    private Func<bool>? _poll;

    /// <summary>How many sockets the last wait found ready.</summary>
    public int Count { get; private set; }

    /// <summary>The tokens of those sockets.</summary>
    public int this[int index] => _tokens[index];

    /// <summary>
    /// Waits until a socket is ready, for at most this many milliseconds (-1: without limit).
    /// </summary>
    /// <param name="milliseconds">The time limit.</param>
    /// <param name="maySpin">False if no event can come soon, so that a spin would only waste processor time.</param>
    public void Wait(int milliseconds, bool maySpin = true)
    {
        if (spin is null || !maySpin || !spin.TrySpin(_poll ??= Poll))
            Count = poller.Wait(milliseconds, _tokens);
    }

    /// <summary>Checks, without waiting, which sockets are ready. Returns true if any is.</summary>
    public bool Poll() => (Count = poller.Wait(0, _tokens)) > 0;

    /// <summary>From any thread: ends the current wait, or else the next one.</summary>
    public void Wake() => poller.Wake();

    public void Dispose() => poller.Dispose();
}
