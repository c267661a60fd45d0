using System;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Threading.Tasks;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>
/// A network of its own for a test (network_namespaces(7)), with nothing but a loopback interface. A thread of its own is in it, and
/// with it the sockets and processes that this thread creates.
/// </summary>
internal static partial class NetworkNamespace
{
    private const int NewNetwork = 0x40000000; // CLONE_NEWNET

    /// <summary>Runs a test there. Skips it where the system has no namespaces, or allows none.</summary>
    public static Task<T> Run<T>(Func<T> test)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "network namespaces are Linux's");
        return Bounded.Start(() =>
        {
            Assert.SkipUnless(Unshare(NewNetwork) == 0, "network namespaces are not allowed here");
            Assert.SkipUnless(TryRun("ip", "link set lo up", out var problem), $"ip can't set up a network here: {problem}");
            return test();
        });
    }

    /// <summary>Runs a program in the namespace of this thread. Returns false, and what it said, if it fails.</summary>
    public static bool TryRun(string program, string arguments, out string output)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            output = (process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd()).Trim();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            output = e.Message;
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "unshare")]
    private static partial int Unshare(int flags);
}
