using System.Net.Sockets;

namespace EchoSocket.Transport;

/// <summary>Sends encrypted bytes, and stores those that the send buffer has no room for. For one thread at a time.</summary>
internal sealed class TlsOutput(ITransport transport)
{
    private readonly ByteQueue _unsent = new();

    public int Count => _unsent.Count;

    public bool IsEmpty => _unsent.Count == 0;

    /// <summary>Sends what is stored. Returns true if nothing is left.</summary>
    public bool Flush(out SocketError error)
    {
        error = SocketError.Success;
        if (IsEmpty)
            return true;

        _unsent.Remove(transport.Send(_unsent.Buffer, _unsent.Start, _unsent.Count, out error));
        _unsent.Trim();
        return IsEmpty;
    }

    /// <summary>Sends what is stored and then these bytes, of which it stores the rest. Returns true if there is no rest.</summary>
    public bool Send(ByteQueue bytes, out SocketError error)
    {
        if (Flush(out error) && bytes.Count > 0)
            bytes.Remove(transport.Send(bytes.Buffer, bytes.Start, bytes.Count, out error));
        _unsent.Append(bytes.Buffer, bytes.Start, bytes.Count);
        bytes.Clear();
        return IsEmpty;
    }
}
