using System;
using System.Net.Security;
using System.Reflection;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using System.Threading.Tasks;

namespace EchoSocket.Transport;

/// <summary>
/// Calls what SslStream has at run time, but not in .NET Standard 2.0, through reflection. Where it is missing, the summary
/// of each member says what happens. Thread-safe.
/// </summary>
internal static class TlsPlatform
{
    private const string Space = "System.Net.Security.";

    private static readonly Assembly Assembly = typeof(SslStream).Assembly;

    private static readonly MethodInfo? ShutdownAsync = typeof(SslStream).GetMethod("ShutdownAsync", Type.EmptyTypes);

    /// <summary>
    /// Makes SslStream write close_notify; false if it cannot. .NET Framework before 4.7 has no call for it: the peer then sees
    /// a connection that was cut.
    /// </summary>
    public static bool Shutdown(SslStream stream)
    {
        try
        {
            return ShutdownAsync?.Invoke(stream, null) is Task { Status: TaskStatus.RanToCompletion };
        }
        catch (TargetInvocationException)
        {
            return false; // SslStream has failed before
        }
    }

    /// <summary>What a handshake has agreed on. .NET Framework does not tell the cipher suite.</summary>
    public static TlsDetails Details(SslStream stream)
    {
        using var certificate = new X509Certificate2(stream.RemoteCertificate!);
        return new TlsDetails
        {
            Protocol = stream.SslProtocol.ToString(),
            CipherSuite = typeof(SslStream).GetProperty("NegotiatedCipherSuite")?.GetValue(stream)?.ToString() ?? "",
            Subject = certificate.Subject,
            Issuer = certificate.Issuer,
            Names = CertificateNames.Of(certificate),
            NotBefore = certificate.NotBefore.ToUniversalTime(),
            NotAfter = certificate.NotAfter.ToUniversalTime(),
            Thumbprint = TrustedCertificates.Thumbprint(certificate),
        };
    }

    /// <summary>
    /// How a server begins a handshake. From .NET 5 on, the certificate's chain is built once for all of them, which saves about a
    /// third of the time of each, and renegotiation is refused. .NET Framework does neither.
    /// </summary>
    public static Func<SslStream, Task> ServerHandshake(X509Certificate2 certificate, bool requireClientCertificate)
    {
        var context = Assembly.GetType(Space + "SslStreamCertificateContext")?.GetMethod(
            "Create", [typeof(X509Certificate2), typeof(X509Certificate2Collection), typeof(bool)]);
        var type = Assembly.GetType(Space + "SslServerAuthenticationOptions");
        var authenticate = type is null ? null : typeof(SslStream).GetMethod("AuthenticateAsServerAsync", [type, typeof(CancellationToken)]);
        if (context is null || authenticate is null)
            return stream => stream.AuthenticateAsServerAsync(certificate, requireClientCertificate, SslProtocols.None, checkCertificateRevocation: false);

        var options = Activator.CreateInstance(type!);
        void Set(string property, object? value) => type!.GetProperty(property)!.SetValue(options, value);
        Set("ServerCertificateContext", context.Invoke(null, [certificate, null, true]));
        Set("ClientCertificateRequired", requireClientCertificate);
        Set("AllowRenegotiation", false);
        return stream => (Task)authenticate.Invoke(stream, [options, CancellationToken.None])!;
    }
}
