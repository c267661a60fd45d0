namespace EchoSocket.Transport;

/// <summary>A connection that can tell the peer's end without reading.</summary>
internal interface IPeerState
{
    /// <summary>The peer has sent FIN. Behind bytes that were not read, only Linux tells.</summary>
    bool HasClosed { get; }
}
