namespace EchoSocket;

/// <summary>What an echo server does to the bytes it sends back. Neither choice changes their number.</summary>
public enum EchoTransform
{
    /// <summary>The ASCII letters a-z become A-Z; every other byte stays as it is.</summary>
    Upper,

    /// <summary>The bytes are sent back as they came (RFC 862).</summary>
    None,
}
