using System.Linq;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;

namespace EchoSocket.Transport;

/// <summary>Reads the names of a certificate. Thread-safe.</summary>
internal static class CertificateNames
{
    private const string AlternativeNames = "2.5.29.17"; // RFC 5280, section 4.2.1.6

    // .NET Standard 2.0 has only the text of the extension: "DNS:localhost, IP Address:127.0.0.1" with OpenSSL, and
    // "DNS Name=localhost, IP Address=127.0.0.1" on Windows, where the words depend on the language.
    private static readonly Regex Entry = new(@"(?:^|,\s*)[^:=,]+[:=]\s*([^,\s]+)");

    /// <summary>The names and addresses that a certificate is for.</summary>
    public static string[] Of(X509Certificate2 certificate)
    {
        var extension = certificate.Extensions.Cast<X509Extension>().FirstOrDefault(e => e.Oid?.Value == AlternativeNames);
        return extension is null ? [] : [.. Entry.Matches(extension.Format(multiLine: false)).Cast<Match>().Select(match => Short(match.Groups[1].Value))];
    }

    // OpenSSL writes all groups of an IPv6 address.
    private static string Short(string name) => name.IndexOf(':') >= 0 && IPAddress.TryParse(name, out var address) ? address.ToString() : name;
}
