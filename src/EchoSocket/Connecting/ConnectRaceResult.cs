using System.Net.Sockets;

namespace EchoSocket.Connecting;

/// <summary>The winner of a race, or the failure if there is none, and what each attempt did. Immutable.</summary>
internal sealed class ConnectRaceResult(ConnectedSocket? winner, SocketException? failure, PathAttempt[] attempts)
{
    public ConnectedSocket? Winner { get; } = winner;

    /// <summary>Why there is no winner: the last failure, or <see cref="SocketError.TimedOut"/>.</summary>
    public SocketException Failure => failure ?? new SocketException((int)SocketError.TimedOut);

    /// <summary>In the order in which they began.</summary>
    public PathAttempt[] Attempts { get; } = attempts;
}
