using System;
using System.Net;
using System.Net.Sockets;

namespace EchoSocket.Transport;

/// <summary>Answers the first bytes of a TLS client with a fatal alert.</summary>
/// <param name="transport">The connection.</param>
/// <param name="failing">Called once, when the alert is sent.</param>
internal sealed class FailingHandshake(ITransport transport, Action failing) : ITransport
{
    // An alert record (21) of TLS 1.2, 2 bytes long: fatal (2), handshake_failure (40). See RFC 8446, sections 5.1 and 6.
    private static readonly byte[] Alert = [21, 3, 3, 0, 2, 2, 40];

    private const int MaxDiscard = 64 * 1024 * 1024;

    private bool _failed;

    public IPEndPoint RemoteEndPoint => transport.RemoteEndPoint;

    public IPEndPoint? LocalEndPoint => transport.LocalEndPoint;

    public string Problem => _failed ? "As asked, the server fails the TLS handshake." : transport.Problem;

    public bool WantsToSend => false;

    public int Unread => transport.Unread;

    public int Unacknowledged => transport.Unacknowledged;

    public int Receive(byte[] buffer, int offset, int count, out SocketError error)
    {
        var received = transport.Receive(buffer, offset, count, out error);

        // After the alert, what still comes is read and thrown away. Left unread, it would make the close a reset, which can
        // destroy the alert on its way.
        for (var left = MaxDiscard; _failed && received > 0 && left > 0; left -= received)
            received = transport.Receive(buffer, offset, count, out error);
        if (received == 0 || _failed)
            return 0;

        _failed = true;
        failing();
        transport.Send(Alert, 0, Alert.Length, out _);
        error = SocketError.Fault;
        return 0;
    }

    public int Send(byte[] buffer, int offset, int count, out SocketError error) => transport.Send(buffer, offset, count, out error);

    public bool Shutdown() => transport.Shutdown();

    public void Close() => transport.Close();

    public void Abort() => transport.Abort();
}
