using System;
using System.ComponentModel;

namespace EchoSocket.Transport;

/// <summary>Says what a failure of SslStream means. Thread-safe.</summary>
internal static class TlsProblem
{
    // Of Windows (winerror.h).
    private const int AlgorithmMismatch = unchecked((int)0x80090331); // SEC_E_ALGORITHM_MISMATCH
    private const int UnsupportedFunction = unchecked((int)0x80090302); // SEC_E_UNSUPPORTED_FUNCTION
    private const int InvalidToken = unchecked((int)0x80090308); // SEC_E_INVALID_TOKEN

    /// <summary>A sentence about the failure.</summary>
    /// <param name="failure">What SslStream threw.</param>
    /// <param name="peer">"client" or "server".</param>
    public static string Describe(Exception failure, string peer)
    {
        var cause = failure;
        while (cause.InnerException is { } inner)
            cause = inner;

        // OpenSSL: "error:0A000418:SSL routines::tlsv1 alert unknown ca".
        var reason = cause.Message.Substring(cause.Message.LastIndexOf("::", StringComparison.Ordinal) is >= 0 and var i ? i + 2 : 0).TrimEnd('.');
        bool Has(string text) => reason.IndexOf(text, StringComparison.OrdinalIgnoreCase) >= 0;

        if (Has("alert protocol version") || Has("unsupported protocol") || Has("no protocols") || Has("version too low")
            || Has("no shared cipher") || Has("no suitable")
            || cause is Win32Exception { NativeErrorCode: UnsupportedFunction or AlgorithmMismatch })
        {
            return $"The {peer} and this side have no TLS version or cipher suite in common ({reason}).";
        }

        if (Has("alert handshake failure"))
            return $"The {peer} refused the handshake: no TLS version or cipher suite in common, or it requires a certificate ({reason}).";
        if (Has("certificate required"))
            return $"The {peer} requires a certificate ({reason}).";
        if (Has("alert") && (Has("certificate") || Has("unknown ca")))
            return $"The {peer} did not accept the certificate of this side ({reason}).";
        if (Has(" alert "))
            return $"The {peer} ended TLS ({reason}).";
        if (Has("AllowRenegotiation"))
            return $"The {peer} asked for a renegotiation, which this side refuses.";
        if (Has("wrong version number") || Has("corrupted frame") || cause is Win32Exception { NativeErrorCode: InvalidToken })
            return $"The {peer} does not speak TLS ({reason}).";
        return $"TLS failed: {reason}.";
    }
}
