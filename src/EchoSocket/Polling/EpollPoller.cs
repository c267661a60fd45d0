using System;
using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using EchoSocket.Common;

namespace EchoSocket.Polling;

/// <summary>Linux: epoll(7). Its cost does not grow with the number of sockets that are silent.</summary>
internal sealed unsafe partial class EpollPoller : IPoller
{
    private const int CloseOnExec = 0x80000; // EPOLL_CLOEXEC and SOCK_CLOEXEC
    private const int AddEntry = 1; // EPOLL_CTL_ADD
    private const int ChangeEntry = 3; // EPOLL_CTL_MOD
    private const int DontWait = 0x40; // MSG_DONTWAIT: spares two calls to make each socket non-blocking
    private const int NoSignal = 0x4000; // MSG_NOSIGNAL
    private const int Interrupted = 4; // EINTR
    private const int ShutdownWrite = 1; // SHUT_WR
    private const int MostEvents = 512;
    private const int AddressSize = 28; // struct sockaddr_in6

    // struct epoll_event is packed on x86-64, and only there.
    private static readonly bool Packed = RuntimeInformation.ProcessArchitecture == Architecture.X64;
    private static readonly int EventSize = Packed ? 12 : 16;
    private static readonly int TokenOffset = Packed ? 4 : 8;

    private readonly int _epoll;
    private readonly byte* _events = (byte*)Marshal.AllocHGlobal(MostEvents * 16);
    private int[] _descriptors = new int[16];
    private bool _disposed;

    public EpollPoller()
    {
        _epoll = Native.epoll_create1(CloseOnExec);
        if (_epoll < 0)
        {
            Marshal.FreeHGlobal((IntPtr)_events);
            throw new Win32Exception(Marshal.GetLastWin32Error());
        }
    }

    public void Add(Socket socket, int token)
    {
        Set(token, (int)socket.Handle);
        Control(AddEntry, token, Interest.Reading);
    }

    public void Change(int token, Interest interest) => Control(ChangeEntry, token, interest);

    public void Remove(int token)
    {
        // The close does it (epoll(7), question 6).
    }

    // Not through Socket.Accept: its objects with their finalizers, and the two calls that make each client non-blocking,
    // are a twentieth of what a short connection costs.
    public IPEndPoint? Accept(int listener, int token, out SocketError error)
    {
        var address = stackalloc byte[AddressSize];
        while (true)
        {
            var size = AddressSize;
            var client = Native.accept4(_descriptors[listener], address, &size, CloseOnExec);
            if (client >= 0)
            {
                Set(token, client);
                if (TryControl(AddEntry, token, Interest.Reading))
                {
                    error = SocketError.Success;
                    return EndPoints.Read(address);
                }

                error = Meaning(Marshal.GetLastWin32Error());
                Close(token);
                return null;
            }

            if (Failed(out error))
                return null;
        }
    }

    public int Wait(int milliseconds, int[] ready)
    {
        var most = Math.Min(ready.Length, MostEvents);
        var count = Native.epoll_wait(_epoll, _events, most, milliseconds);
        if (count < 0)
        {
            // Nearly always a signal interrupted it. What else it is, is asked by another call, so that those that succeed
            // need not look at the error number.
            count = Native.epoll_wait_with_error(_epoll, _events, most, 0);
            if (count < 0 && Marshal.GetLastWin32Error() != Interrupted)
                throw new Win32Exception(Marshal.GetLastWin32Error());
        }

        for (var i = 0; i < count; i++)
            ready[i] = *(int*)(_events + (i * EventSize) + TokenOffset);
        return Math.Max(count, 0);
    }

    public int Receive(int token, byte[] buffer, out SocketError error)
    {
        fixed (byte* start = buffer)
        {
            while (true)
            {
                var count = (int)Native.recv(_descriptors[token], start, (IntPtr)buffer.Length, DontWait);
                if (count >= 0)
                {
                    error = SocketError.Success;
                    return count;
                }

                if (Failed(out error))
                    return 0;
            }
        }
    }

    public int Send(int token, byte[] buffer, int offset, int count, out SocketError error)
    {
        fixed (byte* start = buffer)
        {
            while (true)
            {
                var sent = (int)Native.send(_descriptors[token], start + offset, (IntPtr)count, DontWait | NoSignal);
                if (sent >= 0)
                {
                    error = SocketError.Success;
                    return sent;
                }

                if (!Failed(out error))
                    continue;
                if (error == SocketError.WouldBlock)
                    error = SocketError.Success;
                return 0;
            }
        }
    }

    public IPEndPoint? LocalEndPoint(int token)
    {
        var address = stackalloc byte[AddressSize];
        var size = AddressSize;
        return Native.getsockname(_descriptors[token], address, &size) == 0 ? EndPoints.Read(address) : null;
    }

    public bool Shutdown(int token) => Native.shutdown(_descriptors[token], ShutdownWrite) == 0;

    public void Close(int token)
    {
        // Not to be tried again when a signal interrupts it: the descriptor is gone (close(2)).
        _ = Native.close(_descriptors[token]);
        _descriptors[token] = -1;
    }

    public void Dispose()
    {
        if (_disposed)
            return;

        _disposed = true;
        _ = Native.close(_epoll);
        Marshal.FreeHGlobal((IntPtr)_events);
    }

    // False where a signal only interrupted the call.
    private static bool Failed(out SocketError error)
    {
        var number = *Native.__errno_location();
        error = Meaning(number);
        return number != Interrupted;
    }

    private static SocketError Meaning(int number) => number switch
    {
        11 => SocketError.WouldBlock, // EAGAIN
        12 or 28 or 105 => SocketError.NoBufferSpaceAvailable, // ENOMEM, ENOSPC (epoll's own limit), ENOBUFS
        22 => SocketError.InvalidArgument, // EINVAL
        23 or 24 => SocketError.TooManyOpenSockets, // ENFILE, EMFILE
        32 => SocketError.Shutdown, // EPIPE
        103 => SocketError.ConnectionAborted, // ECONNABORTED
        104 => SocketError.ConnectionReset, // ECONNRESET
        110 => SocketError.TimedOut, // ETIMEDOUT
        113 => SocketError.HostUnreachable, // EHOSTUNREACH
        _ => SocketError.SocketError,
    };

    private void Set(int token, int descriptor)
    {
        if (token >= _descriptors.Length)
            Array.Resize(ref _descriptors, Math.Max(token + 1, _descriptors.Length * 2));
        _descriptors[token] = descriptor;
    }

    private void Control(int operation, int token, Interest interest)
    {
        if (!TryControl(operation, token, interest))
            throw new Win32Exception(Marshal.GetLastWin32Error());
    }

    private bool TryControl(int operation, int token, Interest interest)
    {
        var entry = stackalloc byte[16];
        *(uint*)entry = (uint)interest;
        *(int*)(entry + TokenOffset) = token;
        return Native.epoll_ctl(_epoll, operation, _descriptors[token], entry) == 0;
    }
}
