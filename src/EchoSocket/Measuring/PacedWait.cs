using System;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Threading;
using EchoSocket.Common;
using EchoSocket.Polling;

namespace EchoSocket.Measuring;

/// <summary>How a measurement waits: precisely for the next message, and at little cost for the rest. For the measuring thread.</summary>
/// <param name="readiness">Waits for data.</param>
/// <param name="timestamp">Reads the clock, in stopwatch ticks.</param>
internal sealed class PacedWait(Readiness readiness, Func<long> timestamp)
{
    // A wait has a resolution of 1 ms, and may end late: by the timer slack on Unix, by a timer tick on Windows.
    private static readonly long Margin =
        (Stopwatch.Frequency / 1000) + (Stopwatch.Frequency / (RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? 60 : 3000));

    /// <summary>Waits until data comes, or until one of these times, in stopwatch ticks.</summary>
    /// <param name="due">When the next message is due; <see cref="long.MaxValue"/> if none is due by the clock.</param>
    /// <param name="check">When to check for messages without a reply. The wait may end a little later.</param>
    /// <param name="maySpin">False if no data can come soon.</param>
    public void Until(long due, long check, bool maySpin)
    {
        var now = timestamp();
        if (due - now > Margin)
        {
            readiness.Wait(Clock.MillisecondsUntil(Math.Min(due - Margin, check), now), maySpin);
            return;
        }

        // The poller's wait could end too late for the message, so spin.
        while (!readiness.Poll() && timestamp() < due)
            Thread.Yield();
    }
}
