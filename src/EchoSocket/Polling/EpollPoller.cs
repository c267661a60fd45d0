using System;
using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using EchoSocket.Common;
using EchoSocket.Transport;

namespace EchoSocket.Polling;

/// <summary>
/// For Linux: epoll(7). Its cost does not grow with the number of silent sockets. For one thread, except <see cref="Wake"/>.
/// </summary>
internal sealed unsafe class EpollPoller : IPoller
{
    private const int CloseOnExec = 0x80000; // EPOLL_CLOEXEC, SOCK_CLOEXEC and EFD_CLOEXEC
    private const int NonBlocking = 0x800; // EFD_NONBLOCK
    private const int AddEntry = 1; // EPOLL_CTL_ADD
    private const int ChangeEntry = 3; // EPOLL_CTL_MOD
    private const int MaxEvents = 512;

    // struct epoll_event is packed on x86-64, and only there.
    private static readonly bool Packed = RuntimeInformation.ProcessArchitecture == Architecture.X64;
    private static readonly int EventSize = Packed ? 12 : 16;
    private static readonly int TokenOffset = Packed ? 4 : 8;

    private readonly object _closing = new(); // guards _wake and _disposed
    private readonly int _epoll = -1;
    private readonly int _wake = -1; // an eventfd(2): unlike a datagram, a wake-up can't be lost
    private readonly byte* _events = (byte*)Marshal.AllocHGlobal(MaxEvents * 16);
    private readonly WokenTokens _woken = new();
    private int[] _descriptors = new int[16];
    private bool _disposed;

    public EpollPoller()
    {
        _epoll = Checked(Libc.epoll_create1(CloseOnExec));
        _wake = Checked(Libc.eventfd(0, CloseOnExec | NonBlocking));
        if (!TryControl(AddEntry, Poller.WakeToken, _wake, Interest.Reading))
            Checked(-1);
    }

    public void Register(Socket listener, int token) => Register((int)listener.Handle, token);

    public ITransport Adopt(Socket socket, int token)
    {
        Register((int)socket.Handle, token);
        return new DescriptorTransport(socket, EndPoints.Peer(socket));
    }

    public ITransport? Accept(int listener, out SocketError error)
    {
        var address = stackalloc byte[EndPoints.AddressSize];
        while (true)
        {
            var size = EndPoints.AddressSize;
            var client = Libc.accept4(_descriptors[listener], address, &size, CloseOnExec);
            if (client >= 0)
            {
                error = SocketError.Success;
                return new DescriptorTransport(client, EndPoints.Read(address));
            }

            if (Libc.Failed(out error))
                return null;
        }
    }

    public ITransport? Adopt(ITransport client, int token, out SocketError error)
    {
        var added = TryControl(AddEntry, token, ((DescriptorTransport)client).Descriptor, Interest.Reading);
        error = added ? SocketError.Success : Libc.ToSocketError(Marshal.GetLastWin32Error());
        return added ? client : null;
    }

    public void Change(int token, Interest interest)
    {
        if (!TryControl(ChangeEntry, token, _descriptors[token], interest))
            throw new Win32Exception(Marshal.GetLastWin32Error());
    }

    public void Unregister(int token)
    {
        // Closing the descriptor unregisters it (epoll(7), question 6).
    }

    public int Wait(int milliseconds, int[] ready)
    {
        var maxEvents = Math.Min(ready.Length, MaxEvents);
        var count = Libc.epoll_wait(_epoll, _events, maxEvents, milliseconds);
        if (count < 0)
        {
            // Nearly always a signal interrupted it. A second call, which preserves errno, finds out what went wrong.
            count = Libc.epoll_wait_with_error(_epoll, _events, maxEvents, 0);
            if (count < 0 && Marshal.GetLastWin32Error() != Libc.Interrupted)
                throw new Win32Exception(Marshal.GetLastWin32Error());
        }

        var total = Math.Max(count, 0);
        for (var i = 0; i < count; i++)
        {
            ready[i] = *(int*)(_events + (i * EventSize) + TokenOffset);
            if (ready[i] == Poller.WakeToken)
            {
                long counter;
                Libc.read(_wake, (byte*)&counter, (IntPtr)sizeof(long)); // resets the counter
                if (_woken.MoveTo(ready, ref total) > 0)
                    Wake();
            }
        }

        return total;
    }

    public void Report(int token)
    {
        _woken.Add(token);
        Wake();
    }

    public void Wake()
    {
        lock (_closing)
        {
            var one = 1L;
            if (!_disposed)
                Libc.write(_wake, (byte*)&one, (IntPtr)sizeof(long));
        }
    }

    public void Dispose()
    {
        lock (_closing)
        {
            if (_disposed)
                return;

            _disposed = true;
            _ = Libc.close(_epoll); // -1, which the constructor may leave, closes nothing
            _ = Libc.close(_wake);
            Marshal.FreeHGlobal((IntPtr)_events);
        }
    }

    private int Checked(int result)
    {
        if (result >= 0)
            return result;

        var error = new Win32Exception(Marshal.GetLastWin32Error());
        Dispose();
        throw error;
    }

    private void Register(int descriptor, int token)
    {
        if (!TryControl(AddEntry, token, descriptor, Interest.Reading))
            throw new Win32Exception(Marshal.GetLastWin32Error());
    }

    private bool TryControl(int operation, int token, int descriptor, Interest interest)
    {
        if (token >= _descriptors.Length)
            Array.Resize(ref _descriptors, Math.Max(token + 1, _descriptors.Length * 2));
        _descriptors[token] = descriptor;

        var entry = stackalloc byte[16];
        *(uint*)entry = (uint)interest;
        *(int*)(entry + TokenOffset) = token;
        return Libc.epoll_ctl(_epoll, operation, descriptor, entry) == 0;
    }
}
