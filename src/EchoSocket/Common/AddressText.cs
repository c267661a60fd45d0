using System;
using System.Net;

namespace EchoSocket.Common;

/// <summary>Reads IP addresses more strictly than the system does. Thread-safe.</summary>
internal static class AddressText
{
    /// <summary>Reads an address; one that is IPv4-mapped as IPv4.</summary>
    /// <exception cref="ArgumentException">The text is not an IP address; the message says why.</exception>
    public static IPAddress Parse(string text)
    {
        var problem = $"'{Escaping.EscapeControls(text)}' is not an IP address.";
        if (!IPAddress.TryParse(text, out var address))
            throw new ArgumentException(problem);
        if (Problem(text, address) is { } reason)
            throw new ArgumentException($"{problem} {reason}");

        return EndPoints.Unmap(address);
    }

    /// <summary>What is wrong with a text that IPAddress.TryParse takes for this address, as a sentence; null if nothing is.</summary>
    public static string? Problem(string text, IPAddress address)
    {
        if (text.IndexOf(':') < 0)
        {
            // The system also reads 7007 (0.0.27.95), 192.168.1 (192.168.0.1) and 010.0.0.1 (8.0.0.1) as addresses.
            return address.ToString() == text
                ? null
                : $"The system would take it for {address}. Write an IPv4 address as four numbers without leading zeros.";
        }

        // IPAddress.TryParse drops a port in silence: it takes [::1]:80 for ::1.
        if (text[0] == '[' && text[text.Length - 1] != ']')
            return "Give the port separately.";

        // It also drops an interface that it does not find.
        var scope = text.IndexOf('%');
        return scope < 0 || address.ScopeId != 0
            ? null
            : $"This computer has no interface '{Escaping.EscapeControls(text.Substring(scope + 1).TrimEnd(']'))}'.";
    }
}
