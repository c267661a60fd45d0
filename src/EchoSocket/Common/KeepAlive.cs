using System;
using System.Collections.Generic;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace EchoSocket.Common;

/// <summary>
/// TCP keep-alive (RFC 9293, section 3.8.4): the system probes a peer that has been silent for some time, and ends the
/// connection if no probe is answered. Thread-safe.
/// </summary>
internal static class KeepAlive
{
    /// <summary>Linux takes no longer time (tcp(7)).</summary>
    public static readonly TimeSpan MaximumTime = TimeSpan.FromSeconds(32767);

    private const int Probes = 5;

    // .NET Standard has no names for these. The numbers are those of newer .NET, and of Windows since version 1709.
    private const SocketOptionName Time = (SocketOptionName)3;
    private const SocketOptionName Interval = (SocketOptionName)17;
    private const SocketOptionName RetryCount = (SocketOptionName)16;

    private static readonly ConditionalWeakTable<Socket, StrongBox<TimeSpan>> Listeners = new();

    /// <summary>Sets a socket's option. A test may replace it.</summary>
    internal static Action<Socket, SocketOptionLevel, SocketOptionName, int> SetOption { get; set; } =
        (socket, level, name, value) => socket.SetSocketOption(level, name, value);

    /// <summary>What this system lacks, as sentences; null if nothing.</summary>
    public static string? Limitation(TimeSpan time)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        return Apply(socket, time);
    }

    /// <summary>
    /// Sends the first probe after this time, and further ones during as much time again, at least a second apart. Returns what the
    /// system lacks, as sentences.
    /// </summary>
    public static string? Apply(Socket socket, TimeSpan time) => Apply(socket, time, SetOption);

    /// <summary>The same, with another way to set an option.</summary>
    internal static string? Apply(Socket socket, TimeSpan time, Action<Socket, SocketOptionLevel, SocketOptionName, int> setOption)
    {
        var seconds = (int)Math.Ceiling(time.TotalSeconds);
        var interval = (seconds + Probes - 1) / Probes;
        if (!Try(() => setOption(socket, SocketOptionLevel.Socket, SocketOptionName.KeepAlive, 1)))
            return "This system has no TCP keep-alive, so a peer that has vanished is not noticed.";

        var hasTime = Try(() => setOption(socket, SocketOptionLevel.Tcp, Time, seconds));
        var hasInterval = Try(() => setOption(socket, SocketOptionLevel.Tcp, Interval, interval));
        if (!hasTime || !hasInterval)
            hasTime = hasInterval = Try(() => SetWindowsTimes(socket, seconds, interval));

        var missing = new List<string>();
        if (!hasTime)
            missing.Add("the time before the first probe");
        if (!hasInterval)
            missing.Add("the time between probes");
        if (!Try(() => setOption(socket, SocketOptionLevel.Tcp, RetryCount, Probes)))
            missing.Add("the number of probes");
        return missing.Count == 0 ? null
            : $"This system does not let a program choose {string.Join(" and ", missing)} of TCP keep-alive. It uses its own, so a peer " +
              "that has vanished may be noticed later.";
    }

    /// <summary>The same for a listener: its connections get the options, too.</summary>
    public static void ApplyToListener(Socket listener, TimeSpan time)
    {
        Apply(listener, time); // on Linux an accepted socket inherits all of them
        Listeners.Add(listener, new StrongBox<TimeSpan>(time));
    }

    /// <summary>Sets the options of an accepted socket, where it may not have inherited them.</summary>
    public static void Inherit(Socket listener, Socket accepted)
    {
        if (Listeners.TryGetValue(listener, out var time))
            Apply(accepted, time.Value);
    }

    // Windows before version 1709: struct tcp_keepalive, in milliseconds.
    private static void SetWindowsTimes(Socket socket, int seconds, int interval)
    {
        uint[] values = [1, (uint)seconds * 1000, (uint)interval * 1000];
        var bytes = new byte[values.Length * sizeof(uint)];
        Buffer.BlockCopy(values, 0, bytes, 0, bytes.Length);
        socket.IOControl(IOControlCode.KeepAliveValues, bytes, null);
    }

    private static bool Try(Action set)
    {
        try
        {
            set();
            return true;
        }
        catch (Exception e) when (e is SocketException or PlatformNotSupportedException)
        {
            return false;
        }
    }
}
