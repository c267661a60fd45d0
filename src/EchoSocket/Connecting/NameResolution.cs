using System;
using System.Net;

namespace EchoSocket.Connecting;

/// <summary>The addresses of a name, or the reason why there are none. Immutable.</summary>
internal sealed class NameResolution(IPAddress[] addresses, Exception? error = null)
{
    public IPAddress[] Addresses { get; } = addresses;

    /// <summary>What the resolver threw, or a <see cref="TimeoutException"/>.</summary>
    public Exception? Error { get; } = error;

    /// <summary>Why there are no addresses, in a few words.</summary>
    public string Problem => Error is TimeoutException ? Error.Message : "the name has no address";
}
