using System;
using System.Runtime.InteropServices;
using System.Threading;
using EchoSocket.Common;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>A thread without a free handle: Linux lets a thread have a table of descriptors of its own, and this fills it.</summary>
internal static partial class NoHandles
{
    private const int OwnTable = 0x400; // CLONE_FILES
    private const int GetFlags = 1; // F_GETFD

    /// <summary>Runs the action there. Returns what it threw, and whether descriptor 0 is still open after it.</summary>
    public static (Exception? Error, bool IsZeroOpen) Run(Action action)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux has tables of descriptors for single threads");
        var (skipped, error, isZeroOpen) = (false, (Exception?)null, false);
        var thread = new Thread(() =>
        {
            skipped = unshare(OwnTable) != 0;
            if (skipped)
                return;

            _ = dup2(Libc.eventfd(0, 0), 0);
            while (dup(0) >= 0)
            {
                // until there is no room
            }

            error = Record.Exception(action);
            isZeroOpen = fcntl(0, GetFlags) >= 0;
        });
        thread.Start();
        Assert.True(thread.Join(Bounded.Limit));
        Assert.SkipWhen(skipped, "unshare(2) is not allowed here");
        return (error, isZeroOpen);
    }

#pragma warning disable IDE1006, CA5392
    [LibraryImport("libc")]
    private static partial int unshare(int flags);

    [LibraryImport("libc")]
    private static partial int dup(int descriptor);

    [LibraryImport("libc")]
    private static partial int dup2(int descriptor, int other);

    [LibraryImport("libc")]
    private static partial int fcntl(int descriptor, int command);
#pragma warning restore IDE1006, CA5392
}
