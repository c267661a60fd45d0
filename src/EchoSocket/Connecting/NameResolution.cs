using System;
using System.Linq;
using System.Net;
using System.Net.Sockets;

namespace EchoSocket.Connecting;

/// <summary>The addresses of a name, or the reason why there are none. Immutable.</summary>
internal sealed class NameResolution(IPAddress[] addresses, Exception? error = null, string? missingFamily = null)
{
    public IPAddress[] Addresses { get; } = addresses;

    /// <summary>What the resolver threw, or a <see cref="TimeoutException"/>.</summary>
    public Exception? Error { get; } = error;

    /// <summary>"IPv4" or "IPv6", if there are addresses, but none of this family, which was asked for.</summary>
    public string? MissingFamily { get; } = missingFamily;

    /// <summary>Why there are no addresses, in a few words.</summary>
    public string Problem =>
        Error is TimeoutException ? Error.Message : MissingFamily is null ? "the name has no address" : $"no {MissingFamily} address";

    /// <summary>The addresses of one family, or all if it is null.</summary>
    public NameResolution Of(AddressFamily? family)
    {
        if (family is null || Addresses.Length == 0)
            return this;

        var name = family == AddressFamily.InterNetwork ? "IPv4" : "IPv6";
        return Addresses.Where(a => a.AddressFamily == family).ToArray() is { Length: > 0 } found
            ? new NameResolution(found)
            : new NameResolution([], missingFamily: name);
    }
}
