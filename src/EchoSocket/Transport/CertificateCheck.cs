using System;
using System.Globalization;
using System.Linq;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EchoSocket.Transport;

/// <summary>Checks a peer's certificate: its dates, its usage and who issued it. Thread-safe.</summary>
internal static class CertificateCheck
{
    /// <summary>The extended key usages of RFC 5280, section 4.2.1.12.</summary>
    public const string ServerUsage = "1.3.6.1.5.5.7.3.1";

    public const string ClientUsage = "1.3.6.1.5.5.7.3.2";

    // Whether these matter depends on what is trusted.
    private const X509ChainStatusFlags Issuer = X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain;

    private const X509ChainStatusFlags NotChecked = X509ChainStatusFlags.RevocationStatusUnknown | X509ChainStatusFlags.OfflineRevocation;

    /// <summary>What is wrong with the certificate, as a sentence; empty if nothing is.</summary>
    /// <param name="certificate">The peer's.</param>
    /// <param name="sent">The chain that SslStream has built. It holds the issuers' certificates that the peer has sent.</param>
    /// <param name="trusted">What to trust; null for what this computer trusts.</param>
    /// <param name="usage">What the certificate must be for.</param>
    /// <param name="peer">"client" or "server".</param>
    /// <param name="advice">What to do if it is not trusted: a further sentence, with a space before it.</param>
    /// <param name="revocation">How to find out whether a certificate is revoked; null not to.</param>
    public static string Problem(
        X509Certificate2 certificate, X509Chain? sent, TrustedCertificates? trusted, string usage, string peer,
        string advice = "", RevocationCheck? revocation = null)
    {
        var subject = $"The {peer}'s certificate ({Text(certificate.Subject)})";
        var chain = new X509Chain { ChainPolicy = TlsPlatform.ChainPolicy(mayDownload: revocation is not null) };
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(usage));
        if (sent is not null)
            chain.ChainPolicy.ExtraStore.AddRange(sent.ChainPolicy.ExtraStore);
        if (trusted is not null)
            chain.ChainPolicy.ExtraStore.AddRange(trusted.Certificates);
        if (trusted is not null && revocation is not null)
            TlsPlatform.TrustExtraStore(chain.ChainPolicy);
        if (revocation is null)
            chain.Build(certificate);
        else if (!revocation.Build(chain, certificate))
            return $"{subject} may be revoked: it took too long to find out.";

        using (chain)
            return Problem(certificate, chain, trusted, peer, subject, advice);
    }

    private static string Problem(X509Certificate2 certificate, X509Chain chain, TrustedCertificates? trusted, string peer, string subject, string advice)
    {
        var status = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status);
        var known = trusted is null
            ? (status & Issuer) == 0
            : chain.ChainElements.Cast<X509ChainElement>().Any(element => trusted.Contains(element.Certificate));
        if ((status & X509ChainStatusFlags.NotTimeValid) != 0)
            return DateProblem(chain, subject);
        if ((status & X509ChainStatusFlags.Revoked) != 0)
            return RevokedProblem(chain, subject);
        if ((status & X509ChainStatusFlags.NotValidForUsage) != 0)
            return $"{subject} is not for a {peer}: its extended key usage does not allow it.";
        if ((status & ~(Issuer | NotChecked | X509ChainStatusFlags.NotTimeNested)) != 0)
            return $"{subject} is not valid: {Information(chain)}.";
        if (!known)
            return $"{subject} is not trusted: its issuer ({Text(certificate.Issuer)}) is unknown.{advice}";
        return (status & NotChecked) == 0 ? "" : $"{subject} may be revoked: that could not be checked ({Information(chain)}).";
    }

    private static string RevokedProblem(X509Chain chain, string subject)
    {
        var revoked = chain.ChainElements.Cast<X509ChainElement>().First(e => e.ChainElementStatus.Any(s => (s.Status & X509ChainStatusFlags.Revoked) != 0));
        return revoked.Certificate.Equals(chain.ChainElements[0].Certificate)
            ? $"{subject} is revoked." : $"{subject} has an issuer ({Text(revoked.Certificate.Subject)}) that is revoked.";
    }

    private static string DateProblem(X509Chain chain, string subject)
    {
        var now = DateTime.Now;
        foreach (var element in chain.ChainElements)
        {
            var which = element.Certificate.Equals(chain.ChainElements[0].Certificate)
                ? subject : $"{subject} has an issuer ({Text(element.Certificate.Subject)}) that";
            if (element.Certificate.NotAfter < now)
                return $"{which} expired on {Date(element.Certificate.NotAfter)}. Renew it, or correct this computer's clock.";
            if (element.Certificate.NotBefore > now)
                return $"{which} is not valid before {Date(element.Certificate.NotBefore)}.";
        }

        return $"{subject} is not valid now.";
    }

    private static string Information(X509Chain chain) => string.Join(
        "; ", chain.ChainStatus.Where(s => (s.Status & ~Issuer) != 0).Select(s => s.StatusInformation.Trim().TrimEnd('.')).Distinct());

    // The peer has written it, and a terminal may show it.
    private static string Text(string name) => Escaping.EscapeControls(name);

    private static string Date(DateTime time) => time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
}
