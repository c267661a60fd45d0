using System;
using System.Diagnostics;

namespace EchoSocket.Benchmarks;

internal static class Placement
{
    /// <summary>Pins this process, and the processes it starts from now on, to one processor, on Linux and Windows.</summary>
    public static void RunOn(int processor)
    {
        if ((!OperatingSystem.IsLinux() && !OperatingSystem.IsWindows()) || processor >= Environment.ProcessorCount)
            return;

        using var self = Process.GetCurrentProcess();
        self.ProcessorAffinity = 1 << processor;
    }
}
