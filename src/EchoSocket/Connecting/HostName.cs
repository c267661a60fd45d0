using System.Linq;
using System.Net;

namespace EchoSocket.Connecting;

/// <summary>Tells the text of a name or an IP address from other text.</summary>
internal static class HostName
{
    /// <summary>What is wrong with a host, as a sentence; null if it is a name or an IP address.</summary>
    public static string? Problem(string? host)
    {
        var problem = $"'{Escaping.EscapeControls(host)}' is not a name or an IP address.";
        if (string.IsNullOrEmpty(host))
            return problem;
        if (host!.IndexOf(':') >= 0)
            return IsIPv6(host) ? null : $"{problem} Give the port separately.";

        // The system also reads 7007 (0.0.27.95), 192.168.1 (192.168.0.1) and 010.0.0.1 (8.0.0.1) as addresses.
        if (IPAddress.TryParse(host, out var address))
            return address.ToString() == host ? null : $"{problem} The system would take it for {address}. Write an IPv4 address as four numbers without leading zeros.";
        if (EndsInNumber(host))
            return $"{problem} An IPv4 address is four numbers from 0 to 255; the last part of a name is not a number.";
        return host.All(IsAllowed) ? null : problem;
    }

    // IPAddress.TryParse drops a port in silence: it takes [::1]:80 for ::1.
    private static bool IsIPv6(string host) => IPAddress.TryParse(host, out _) && (host[0] != '[' || host[host.Length - 1] == ']');

    private static bool EndsInNumber(string host) => host.Split('.').LastOrDefault(part => part.Length > 0)?.All(char.IsDigit) == true;

    // A name may have characters outside ASCII; the system encodes them.
    private static bool IsAllowed(char c) => c < 128
        ? char.IsLetterOrDigit(c) || c is '-' or '_' or '.'
        : !char.IsWhiteSpace(c) && !char.IsControl(c);
}
