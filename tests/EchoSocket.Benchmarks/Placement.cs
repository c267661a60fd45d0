using System;
using System.Diagnostics;

namespace EchoSocket.Benchmarks;

internal static class Placement
{
    /// <summary>Pins this process, and the processes it starts from now on, to one processor, on Linux and Windows.</summary>
    public static void RunOn(int processor)
    {
        if (processor < Environment.ProcessorCount)
            Set(1 << processor);
    }

    /// <summary>Undoes <see cref="RunOn"/>.</summary>
    public static void RunAnywhere() => Set((nint)(ulong.MaxValue >> (64 - Math.Min(Environment.ProcessorCount, 64))));

    private static void Set(nint affinity)
    {
        if (!OperatingSystem.IsLinux() && !OperatingSystem.IsWindows())
            return;

        using var self = Process.GetCurrentProcess();
        self.ProcessorAffinity = affinity;
    }
}
