using System;
using System.Runtime.InteropServices;

namespace EchoSocket.Polling;

// What it calls of the C library.
internal sealed unsafe partial class EpollPoller
{
    // Named as in the C library. Those that never wait and may fail as a matter of course are called without telling the
    // garbage collector (it may have to wait for their copying, some microseconds), and their error number is read by the
    // next line, where nothing can have come between: together worth 3 to 4 % of a small message.
#pragma warning disable IDE1006, CA5392
    private static class Native
    {
        [DllImport("libc", SetLastError = true)]
        public static extern int epoll_create1(int flags);

        [DllImport("libc", SetLastError = true)]
        public static extern int epoll_ctl(int epoll, int operation, int descriptor, byte* entry);

        [DllImport("libc")]
        public static extern int epoll_wait(int epoll, byte* events, int most, int milliseconds);

        [DllImport("libc", EntryPoint = nameof(epoll_wait), SetLastError = true)]
        public static extern int epoll_wait_with_error(int epoll, byte* events, int most, int milliseconds);

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
        public static extern int* __errno_location();

        [DllImport("libc")]
        public static extern int getsockname(int descriptor, byte* address, int* size);

        [DllImport("libc")]
        public static extern int shutdown(int descriptor, int how);

        [DllImport("libc")]
        public static extern int close(int descriptor);
    }
#pragma warning restore IDE1006, CA5392
}
