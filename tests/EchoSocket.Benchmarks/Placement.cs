using System;
using System.Diagnostics;

namespace EchoSocket.Benchmarks;

internal static class Placement
{
    /// <summary>Keeps this thread, and what it starts from now on, on one processor, where the system lets that be chosen.</summary>
    public static void RunOn(int processor)
    {
        if ((!OperatingSystem.IsLinux() && !OperatingSystem.IsWindows()) || processor >= Environment.ProcessorCount)
            return;

        using var self = Process.GetCurrentProcess();
        self.ProcessorAffinity = 1 << processor;
    }
}
