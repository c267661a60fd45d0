using System;
using System.Collections;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EchoSocket.Transport;

/// <summary>
/// Makes a self-signed certificate. .NET and .NET Framework 4.7.2 have the class for it; .NET Standard 2.0 does not, so it is
/// called through reflection. Thread-safe.
/// </summary>
internal static class SelfSignedCertificate
{
    private const string Space = "System.Security.Cryptography.X509Certificates.";

    private static readonly ConcurrentDictionary<string, bool> Made = new(); // by thumbprint

    private static readonly TimeSpan ClockDifference = TimeSpan.FromHours(1); // tolerated between the two computers
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(7);

    /// <summary>Makes a certificate for a server with these names and addresses; the first is its subject.</summary>
    /// <exception cref="PlatformNotSupportedException">This is a .NET Framework before 4.7.2.</exception>
    public static X509Certificate2 Create(IReadOnlyList<string> names)
    {
        var certificate = Create(names, CertificateCheck.ServerUsage, DateTimeOffset.UtcNow - ClockDifference, DateTimeOffset.UtcNow + Lifetime);
        Made[TrustedCertificates.Thumbprint(certificate)] = true;
        return certificate;
    }

    /// <summary>Whether a server of this process has made the certificate with this thumbprint.</summary>
    public static bool IsMade(string thumbprint) => Made.ContainsKey(thumbprint);

    /// <summary>The same for another usage and time.</summary>
    public static X509Certificate2 Create(IReadOnlyList<string> names, string usage, DateTimeOffset from, DateTimeOffset to)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = New("CertificateRequest", $"CN={names[0]}", key, HashAlgorithmName.SHA256);
        var extensions = (IList)request.GetType().GetProperty("CertificateExtensions")!.GetValue(request)!;
        extensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        extensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        extensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: false));
        extensions.Add(AlternativeNames(names));
        using var certificate = (X509Certificate2)Call(request, "CreateSelfSigned", from, to)!;
        return Usable(certificate);
    }

    /// <summary>
    /// A copy of the certificate, with a key that SslStream can use: the user may dispose of the original. On Windows SslStream
    /// cannot use a key that exists in memory only, so the key is imported anew; one that cannot be exported is not in memory only.
    /// </summary>
    public static X509Certificate2 Usable(X509Certificate2 certificate)
    {
        if (!RuntimeInformation.IsOSPlatform(OSPlatform.Windows))
            return new X509Certificate2(certificate);

        try
        {
            return new X509Certificate2(certificate.Export(X509ContentType.Pkcs12));
        }
        catch (CryptographicException)
        {
            return new X509Certificate2(certificate);
        }
    }

    private static object AlternativeNames(IEnumerable<string> names)
    {
        var builder = New("SubjectAlternativeNameBuilder");
        foreach (var name in names)
        {
            if (IPAddress.TryParse(name, out var address))
                Call(builder, "AddIpAddress", address);
            else
                Call(builder, "AddDnsName", new IdnMapping().GetAscii(name));
        }

        return Call(builder, "Build", false)!;
    }

    private static object New(string type, params object[] arguments)
    {
        // The two classes are in the assembly that has the keys' extension methods, on .NET and on .NET Framework.
        var found = typeof(RSACertificateExtensions).Assembly.GetType(Space + type)
            ?? throw new PlatformNotSupportedException(
                "This .NET Framework cannot make a certificate; 4.7.2 and newer can. Give the server a certificate, or update .NET Framework.");
        return Activator.CreateInstance(found, arguments)!;
    }

    private static object? Call(object target, string method, params object[] arguments) =>
        target.GetType().GetMethod(method, Array.ConvertAll(arguments, a => a.GetType()))!.Invoke(target, arguments);
}
