using System.Net.Sockets;
using System.Runtime.InteropServices;
using EchoSocket.Common;

namespace EchoSocket.Connecting;

/// <summary>The receive buffer of a socket for datagrams. Thread-safe.</summary>
internal static unsafe class DatagramBuffer
{
    private const int SocketLevel = 1; // SOL_SOCKET
    private const int MemoryInformation = 55; // SO_MEMINFO
    private const int Fields = 9;
    private const int Drops = 8; // SK_MEMINFO_DROPS

    /// <summary>How many datagrams the system has dropped because the buffer was full; 0 where it does not tell.</summary>
    public static long Dropped(Socket socket)
    {
        if (!RuntimeInformation.IsOSPlatform(OSPlatform.Linux))
            return 0;

        var fields = stackalloc uint[Fields];
        var size = Fields * sizeof(uint);
        return Libc.getsockopt((int)socket.Handle, SocketLevel, MemoryInformation, (byte*)fields, &size) == 0 && size == Fields * sizeof(uint)
            ? fields[Drops]
            : 0;
    }
}
