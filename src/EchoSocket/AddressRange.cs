using System;
using System.Globalization;
using System.Net;
using EchoSocket.Common;

namespace EchoSocket;

/// <summary>One IP address, or all that begin with the same bits (CIDR, RFC 4632 and RFC 4291). Immutable.</summary>
/// <remarks>
/// It decides who may connect, so it takes no text that could be meant otherwise: <c>10.1.2.3/8</c>, <c>10.1</c> and
/// <c>010.0.0.0/8</c> are refused.
/// </remarks>
public sealed class AddressRange
{
    private const int MappedPrefix = 96; // the bits before the IPv4 address in ::ffff:a.b.c.d

    private readonly IPAddress _first;
    private readonly PeerAddress _start;
    private readonly int _prefixLength;

    private AddressRange(IPAddress first, int prefixLength)
    {
        (_first, _start, _prefixLength) = (first, new PeerAddress(first, 0), prefixLength);
    }

    /// <summary>
    /// Reads <c>192.0.2.1</c>, <c>192.0.2.0/24</c>, <c>2001:db8::1</c>, <c>2001:db8::/32</c> or <c>fe80::%eth0/64</c>. The
    /// IPv4-mapped <c>::ffff:192.0.2.0/120</c> is 192.0.2.0/24.
    /// </summary>
    /// <exception cref="FormatException">The text is none of these; the message says why.</exception>
    public static AddressRange Parse(string text)
    {
        if (text is null)
            throw new ArgumentNullException(nameof(text));

        var slash = text.IndexOf('/');
        var address = ParseAddress(text, slash < 0 ? text : text.Substring(0, slash));
        var bits = Bits(address);
        var length = slash < 0 ? bits : ParseLength(text, text.Substring(slash + 1), bits);
        if (address.IsIPv4MappedToIPv6 && length >= MappedPrefix)
            (address, length) = (address.MapToIPv4(), length - MappedPrefix);

        var first = FirstOf(address, length);
        return first.Equals(address)
            ? new AddressRange(address, length)
            : throw Refused(text, $"It is one address of {new AddressRange(first, length)}. Write that for the whole network, or {address} for the one address.");
    }

    /// <summary>
    /// Whether the address is in this range. An IPv4-mapped address counts as IPv4. A range with an interface contains only
    /// addresses of that interface; one without contains those of all.
    /// </summary>
    public bool Contains(IPAddress address)
    {
        if (address is null)
            throw new ArgumentNullException(nameof(address));

        return Contains(new PeerAddress(EndPoints.Unmap(address), 0));
    }

    /// <summary>The same for the address of a peer, without an allocation.</summary>
    internal bool Contains(in PeerAddress address) =>
        (_start.Scope == 0 || _start.Scope == address.Scope) && address.StartsWith(_start, _prefixLength);

    /// <summary>The address, or the first address and the length of the prefix: <c>192.0.2.0/24</c>.</summary>
    public override string ToString() => _prefixLength == Bits(_first) ? _first.ToString() : $"{_first}/{_prefixLength}";

    private static IPAddress ParseAddress(string text, string part)
    {
        if (part.IndexOf('[') >= 0 || !IPAddress.TryParse(part, out var address))
            throw Refused(text);

        return AddressText.Problem(part, address) is { } problem ? throw Refused(text, problem) : address;
    }

    private static int ParseLength(string text, string part, int bits) =>
        int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var length) && length <= bits
            ? length
            : throw Refused(text, $"After the slash comes the number of bits that all addresses share, 0 to {bits}.");

    private static IPAddress FirstOf(IPAddress address, int length)
    {
        var bytes = Masked(address.GetAddressBytes(), length);
        return bytes.Length == 4 ? new IPAddress(bytes) : new IPAddress(bytes, address.ScopeId);
    }

    // Clears the bits after the prefix, in place.
    private static byte[] Masked(byte[] bytes, int length)
    {
        for (var i = 0; i < bytes.Length; i++)
        {
            var kept = Math.Min(Math.Max(length - (8 * i), 0), 8);
            bytes[i] &= (byte)(0xFF << (8 - kept));
        }

        return bytes;
    }

    private static int Bits(IPAddress address) => 8 * address.GetAddressBytes().Length;

    private static FormatException Refused(string text, string reason = "Write 192.0.2.1, 192.0.2.0/24, 2001:db8::1 or 2001:db8::/32.") =>
        new($"'{Escaping.EscapeControls(text)}' is not an IP address or network. {reason}");
}
