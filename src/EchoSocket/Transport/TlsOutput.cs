using System.Net.Sockets;

namespace EchoSocket.Transport;

/// <summary>Sends encrypted bytes, and stores those that the send buffer has no room for. For one thread at a time.</summary>
internal sealed class TlsOutput(ITransport transport)
{
    private readonly ByteQueue _unsent = new();

    public int Count => _unsent.Count;

    public bool IsEmpty => _unsent.Count == 0;

    /// <summary>Adds bytes for the next <see cref="Flush"/>.</summary>
    public void Append(ByteQueue bytes) => _unsent.Append(bytes.Buffer, bytes.Start, bytes.Count);

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

    /// <summary>Sends bytes while nothing is stored, and stores the rest. Returns true if there is no rest.</summary>
    public bool Send(ByteQueue bytes, out SocketError error)
    {
        var sent = transport.Send(bytes.Buffer, bytes.Start, bytes.Count, out error);
        bytes.Remove(sent);
        Append(bytes);
        return IsEmpty;
    }
}
