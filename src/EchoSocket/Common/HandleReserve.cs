using System;
using System.Collections.Generic;
using System.Net.Sockets;

namespace EchoSocket.Common;

/// <summary>
/// Keeps a few handles in reserve. A process that has run out of handles releases the reserve, because the .NET runtime
/// aborts ("Out of memory.") when it needs a handle and there is none.
/// </summary>
internal sealed class HandleReserve : IDisposable
{
    private const int Size = 16;

    private readonly Stack<Socket> _spare = new();

    /// <summary>Takes the reserve. Returns false, and takes nothing, if there are too few handles for it.</summary>
    public bool TryFill()
    {
        try
        {
            while (_spare.Count < Size)
                _spare.Push(new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
            return true;
        }
        catch (SocketException)
        {
            Release();
            return false;
        }
    }

    /// <summary>Frees the reserved handles for the rest of the process.</summary>
    public void Release()
    {
        while (_spare.Count > 0)
            _spare.Pop().Dispose();
    }

    public void Dispose() => Release();
}
