using System.Linq;

namespace EchoSocket.Common;

/// <summary>What a probe sends to a server.</summary>
internal static class ProbeMessage
{
    /// <summary>
    /// 64 bytes: small letters, which a server may upper-case, and bytes that it must not change (capitals, digits, non-ASCII).
    /// </summary>
    public static byte[] Create() => [.. Enumerable.Range(0, 64).Select(i => (byte)"aZ0\xE9"[i % 4])];
}
