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

    private static readonly PropertyInfo? NoDownloads = typeof(X509ChainPolicy).GetProperty("DisableCertificateDownloads");

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
        var details = TlsDetails.Of(certificate);
        details.Protocol = stream.SslProtocol.ToString();
        details.CipherSuite = typeof(SslStream).GetProperty("NegotiatedCipherSuite")?.GetValue(stream)?.ToString() ?? "";
        return details;
    }

    /// <summary>
    /// A policy that checks no revocation, and downloads no missing certificates from addresses in the peer's: on a server that
    /// would stall all clients. .NET Framework has no switch for the latter.
    /// </summary>
    /// <param name="mayDownload">For a check for revocation, which needs downloads: has the system's own policy for them.</param>
    public static X509ChainPolicy ChainPolicy(bool mayDownload = false)
    {
        var policy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck };
        NoDownloads?.SetValue(policy, !mayDownload);
        return policy;
    }

    /// <summary>
    /// Lets a chain end in any of the extra certificates, for a caller that itself decides what to trust: .NET checks for
    /// revocation only below a root that its policy trusts. .NET Framework checks in any case.
    /// </summary>
    public static void TrustExtraStore(X509ChainPolicy policy)
    {
        if (typeof(X509ChainPolicy).GetProperty("TrustMode") is not { } mode)
            return;

        mode.SetValue(policy, Enum.Parse(mode.PropertyType, "CustomRootTrust"));
        var roots = (X509Certificate2Collection)typeof(X509ChainPolicy).GetProperty("CustomTrustStore")!.GetValue(policy)!;
        roots.AddRange(policy.ExtraStore);
    }

    /// <summary>
    /// How a client begins a handshake. From .NET 5 on, renegotiation is refused, and from .NET 7 on SslStream downloads no
    /// certificates. .NET Framework does neither.
    /// </summary>
    /// <param name="hostName">The server's name.</param>
    /// <param name="certificate">The client's, with its private key; null for none.</param>
    public static Func<SslStream, Task> ClientHandshake(string hostName, X509Certificate2? certificate)
    {
        var certificates = certificate is null ? null : new X509CertificateCollection { certificate };
        var options = new ReflectedOptions("Client");
        if (!options.Exist)
            return stream => stream.AuthenticateAsClientAsync(hostName, certificates, SslProtocols.None, checkCertificateRevocation: false);

        options.Set("TargetHost", hostName);
        options.Set("ClientCertificates", certificates);
        options.Set("AllowRenegotiation", false);
        options.Set("CertificateChainPolicy", ChainPolicy());
        return options.Authenticate;
    }

    /// <summary>
    /// How a server begins a handshake. From .NET 5 on, the certificate's chain is built once for all of them, which saves about a
    /// third of the time of each, and renegotiation is refused. .NET Framework does neither.
    /// </summary>
    /// <param name="certificate">The server's, with its private key.</param>
    /// <param name="intermediates">The certificates between the server's and its root, to be sent with it.</param>
    /// <param name="requireClientCertificate">Whether a client must show a certificate.</param>
    /// <exception cref="PlatformNotSupportedException">There are intermediate certificates, and this is .NET Framework.</exception>
    public static Func<SslStream, Task> ServerHandshake(
        X509Certificate2 certificate, X509Certificate2[] intermediates, bool requireClientCertificate)
    {
        var context = Assembly.GetType(Space + "SslStreamCertificateContext")?.GetMethod(
            "Create", [typeof(X509Certificate2), typeof(X509Certificate2Collection), typeof(bool)]);
        var options = new ReflectedOptions("Server");
        if (context is null || !options.Exist)
        {
            return intermediates.Length == 0
                ? stream => stream.AuthenticateAsServerAsync(certificate, requireClientCertificate, SslProtocols.None, checkCertificateRevocation: false)
                : throw new PlatformNotSupportedException(
                    ".NET Framework takes intermediate certificates from the Windows certificate store only. Import them there, as intermediate " +
                    "certification authorities.");
        }

        options.Set("ServerCertificateContext", context.Invoke(null, [certificate, new X509Certificate2Collection(intermediates), true]));
        options.Set("ClientCertificateRequired", requireClientCertificate);
        options.Set("AllowRenegotiation", false);
        if (requireClientCertificate)
            options.Set("CertificateChainPolicy", ChainPolicy()); // of which each connection holds a copy
        return options.Authenticate;
    }

    /// <summary>SslClientAuthenticationOptions or SslServerAuthenticationOptions, where they exist.</summary>
    private sealed class ReflectedOptions
    {
        private readonly object? _options;
        private readonly MethodInfo? _authenticate;

        /// <param name="side">"Client" or "Server".</param>
        public ReflectedOptions(string side)
        {
            if (Assembly.GetType($"{Space}Ssl{side}AuthenticationOptions") is not { } type)
                return;

            _authenticate = typeof(SslStream).GetMethod($"AuthenticateAs{side}Async", [type, typeof(CancellationToken)]);
            _options = Activator.CreateInstance(type);
        }

        public bool Exist => _authenticate is not null;

        /// <summary>Sets a property, unless this version of .NET lacks it.</summary>
        public void Set(string property, object? value) => _options!.GetType().GetProperty(property)?.SetValue(_options, value);

        public Task Authenticate(SslStream stream) => (Task)_authenticate!.Invoke(stream, [_options, CancellationToken.None])!;
    }
}
