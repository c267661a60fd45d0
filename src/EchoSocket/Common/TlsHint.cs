using System;
using System.Net.Sockets;

namespace EchoSocket.Common;

/// <summary>
/// Tells a client without TLS that its server may use TLS: a further sentence, with a space before it; empty if nothing points
/// to that. Thread-safe.
/// </summary>
internal static class TlsHint
{
    // An alert is record type 21 of version 3.x (RFC 8446, section 5.1), quoted as in the message.
    private static readonly string QuotedAlert = Escaping.Quote([21, 3], 0, 2).TrimEnd('"');

    /// <summary>For a connection that ended before the first byte of its first reply: most TLS servers end one without TLS so.</summary>
    /// <param name="usesTls">Whether the client uses TLS.</param>
    /// <param name="received">The bytes of all replies so far.</param>
    /// <param name="error">How it ended; no error is the server's FIN.</param>
    public static string AfterEnd(bool usesTls, long received, SocketError error) =>
        !usesTls && received == 0 && (error == SocketError.Success || SocketErrors.IsReset(error)) ? " If the server uses TLS, give the option UseTls." : "";

    /// <summary>For a first reply that is no echo.</summary>
    /// <param name="usesTls">Whether the client uses TLS.</param>
    /// <param name="received">The bytes of all replies before the first wrong one.</param>
    /// <param name="shown">What came instead, quoted.</param>
    public static string AfterReply(bool usesTls, long received, string shown) =>
        !usesTls && received == 0 && shown.StartsWith(QuotedAlert, StringComparison.Ordinal)
            ? " Those are the bytes of a TLS alert: the server uses TLS. Give the option UseTls." : "";
}
