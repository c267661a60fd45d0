using System;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;

namespace EchoSocket;

/// <summary>Sentences about TLS and certificates, without the control characters that a peer may have put there. Thread-safe.</summary>
internal static class CertificateText
{
    /// <summary>What identifies a certificate.</summary>
    public static string Identity(TlsDetails details) => $"{TerminalText.EscapeControls(details.Subject)}, SHA-256 thumbprint {details.Thumbprint}";

    /// <summary>What a handshake has agreed on.</summary>
    public static string Agreed(TlsDetails details) =>
        $"{details.Protocol}{(details.CipherSuite.Length > 0 ? $", {details.CipherSuite}" : "")}, handshake {StatisticsText.Time(details.HandshakeTime)}; " +
        $"the server's certificate is {Identity(details)}.";

    /// <summary>A warning if the certificate of this side is not valid now; null if it is.</summary>
    public static string? DateWarning(X509Certificate2 certificate, string checker)
    {
        var now = DateTime.Now;
        var problem = certificate.NotAfter < now ? $"expired on {Date(certificate.NotAfter)}"
            : certificate.NotBefore > now ? $"is not valid before {Date(certificate.NotBefore)}"
            : null;
        return problem is null ? null
            : $"The certificate '{TerminalText.EscapeControls(certificate.Subject)}' {problem}. A {checker} that checks it refuses it.";
    }

    private static string Date(DateTime time) => time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
}
