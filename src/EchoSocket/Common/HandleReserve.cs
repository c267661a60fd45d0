using System;
using System.Collections.Generic;
using System.Net.Sockets;

namespace EchoSocket.Common;

/// <summary>
/// A few handles kept back, so that a process that ran out of them still has some for itself: the .NET runtime aborts
/// ("Out of memory.") when it needs one and there is none.
/// </summary>
internal sealed class HandleReserve : IDisposable
{
    private const int Size = 16;

    private readonly Stack<Socket> _spare = new();

    /// <summary>Takes the reserve. False where there are too few handles for it; then none is taken.</summary>
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

    /// <summary>Gives the reserve to whoever needs it.</summary>
    public void Release()
    {
        while (_spare.Count > 0)
            _spare.Pop().Dispose();
    }

    public void Dispose() => Release();
}
