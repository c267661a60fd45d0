using System.Linq;
using System.Net;
using EchoSocket.Common;

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
        if (IPAddress.TryParse(host, out var address))
            return AddressText.Problem(host!, address) is { } reason ? $"{problem} {reason}" : null;
        if (host!.IndexOf(':') >= 0)
            return $"{problem} Give the port separately.";
        if (EndsInNumber(host))
            return $"{problem} An IPv4 address is four numbers from 0 to 255; the last part of a name is not a number.";
        return host.All(IsAllowed) ? null : problem;
    }

    private static bool EndsInNumber(string host) => host.Split('.').LastOrDefault(part => part.Length > 0)?.All(char.IsDigit) == true;

    // A name may have characters outside ASCII; the system encodes them.
    private static bool IsAllowed(char c) => c < 128
        ? char.IsLetterOrDigit(c) || c is '-' or '_' or '.'
        : !char.IsWhiteSpace(c) && !char.IsControl(c);
}
