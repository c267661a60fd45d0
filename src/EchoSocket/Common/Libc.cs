using System;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace EchoSocket.Common;

/// <summary>The functions of the C library that are called on Linux, under their own names.</summary>
/// <remarks>
/// accept4, recv, send, recvmmsg and sendmmsg never block here and often fail with EAGAIN, so they are called without a GC transition
/// (<c>SuppressGCTransition</c>): a garbage collection may have to wait some microseconds for their copying. For the same
/// functions the caller reads errno in the next line, before anything can change it, rather than with SetLastError. Together
/// that saves 3 to 4 % of the time of a small message.
/// </remarks>
internal static unsafe class Libc
{
    public const int Interrupted = 4; // EINTR

    // socket(7)
    public const int SocketLevel = 1;
    public const int ReuseAddress = 2;

    // ip(7), ipv6(7)
    public const int IPLevel = 0;
    public const int IPMtu = 14;
    public const int IPReceiveErrors = 11;
    public const int IPv6Level = 41;
    public const int IPv6Mtu = 24;
    public const int IPv6ReceiveErrors = 25;

#pragma warning disable IDE1006, CA5392
    [DllImport("libc", SetLastError = true)]
    public static extern int epoll_create1(int flags);

    [DllImport("libc", SetLastError = true)]
    public static extern int epoll_ctl(int epoll, int operation, int descriptor, byte* entry);

    [DllImport("libc")]
    public static extern int epoll_wait(int epoll, byte* events, int maxEvents, int milliseconds);

    [DllImport("libc", EntryPoint = nameof(epoll_wait), SetLastError = true)]
    public static extern int epoll_wait_with_error(int epoll, byte* events, int maxEvents, int milliseconds);

    [DllImport("libc", SetLastError = true)]
    public static extern int eventfd(uint value, int flags);

    [DllImport("libc")]
    public static extern IntPtr read(int descriptor, byte* buffer, IntPtr count);

    [DllImport("libc")]
    public static extern IntPtr write(int descriptor, byte* buffer, IntPtr count);

    [DllImport("libc")]
    [SuppressGCTransition]
    public static extern int accept4(int listener, byte* address, int* size, int flags);

    [DllImport("libc")]
    [SuppressGCTransition]
    public static extern IntPtr recv(int descriptor, byte* buffer, IntPtr count, int flags);

    [DllImport("libc")]
    [SuppressGCTransition]
    public static extern IntPtr send(int descriptor, byte* buffer, IntPtr count, int flags);

    [DllImport("libc")]
    [SuppressGCTransition]
    public static extern int recvmmsg(int descriptor, MultiMessage* messages, uint count, int flags, void* timeout);

    [DllImport("libc", EntryPoint = nameof(recvmmsg))]
    public static extern int recvmmsg_blocking(int descriptor, MultiMessage* messages, uint count, int flags, void* timeout);

    [DllImport("libc")]
    [SuppressGCTransition]
    public static extern int sendmmsg(int descriptor, MultiMessage* messages, uint count, int flags);

    [DllImport("libc")]
    public static extern int getsockname(int descriptor, byte* address, int* size);

    [DllImport("libc")]
    public static extern int setsockopt(int descriptor, int level, int name, byte* value, int size);

    [DllImport("libc")]
    public static extern int getsockopt(int descriptor, int level, int name, byte* value, int* size);

    [DllImport("libc")]
    public static extern int ioctl(int descriptor, UIntPtr request, int* value);

    [DllImport("libc")]
    public static extern int poll(byte* entries, UIntPtr count, int milliseconds);

    [DllImport("libc")]
    public static extern int shutdown(int descriptor, int how);

    [DllImport("libc")]
    public static extern int close(int descriptor);

    [DllImport("libc")]
    [SuppressGCTransition]
    private static extern int* __errno_location();
#pragma warning restore IDE1006, CA5392

    /// <summary>Gets the error of the call in the line before. Returns false if a signal interrupted that call: repeat it.</summary>
    public static bool Failed(out SocketError error)
    {
        var number = *__errno_location();
        error = ToSocketError(number);
        return number != Interrupted;
    }

    public static SocketError ToSocketError(int number) => number switch
    {
        1 or 13 => SocketError.AccessDenied, // EPERM (a firewall's refusal), EACCES
        9 or 88 => SocketError.NotSocket, // EBADF, ENOTSOCK
        11 => SocketError.WouldBlock, // EAGAIN
        12 or 28 or 105 => SocketError.NoBufferSpaceAvailable, // ENOMEM, ENOSPC (epoll's own limit), ENOBUFS
        22 => SocketError.InvalidArgument, // EINVAL
        23 or 24 => SocketError.TooManyOpenSockets, // ENFILE, EMFILE
        32 => SocketError.Shutdown, // EPIPE
        90 => SocketError.MessageSize, // EMSGSIZE
        99 => SocketError.AddressNotAvailable, // EADDRNOTAVAIL
        100 => SocketError.NetworkDown, // ENETDOWN
        101 => SocketError.NetworkUnreachable, // ENETUNREACH
        103 => SocketError.ConnectionAborted, // ECONNABORTED
        104 => SocketError.ConnectionReset, // ECONNRESET
        110 => SocketError.TimedOut, // ETIMEDOUT
        111 => SocketError.ConnectionRefused, // ECONNREFUSED
        113 => SocketError.HostUnreachable, // EHOSTUNREACH
        _ => SocketError.SocketError,
    };
}

/// <summary>struct mmsghdr of recvmmsg(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MultiMessage
{
    public MessageHeader Header;
    public uint Count;
}

/// <summary>struct msghdr of recvmsg(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MessageHeader
{
    public byte* Name;
    public uint NameSize;
    public IoVector* Vectors;
    public UIntPtr VectorCount;
    public byte* Control;
    public UIntPtr ControlSize;
    public int Flags;
}

/// <summary>struct iovec.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct IoVector
{
    public byte* Start;
    public UIntPtr Count;
}
