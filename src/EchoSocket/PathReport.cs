using System;

namespace EchoSocket;

/// <summary>The stages of a path to an echo server.</summary>
public enum EchoPathStage
{
    /// <summary>None: the whole path works.</summary>
    None,

    /// <summary>Resolving the name.</summary>
    Resolve,

    /// <summary>Connecting to one of its addresses. Over UDP there is no such stage.</summary>
    Connect,

    /// <summary>The TLS handshake.</summary>
    Tls,

    /// <summary>Sending a message and receiving the same bytes.</summary>
    Echo,
}

/// <summary>
/// The result of testing the path to an echo server. The times of stages that were not reached are null. For one
/// thread at a time.
/// </summary>
public sealed class PathReport
{
    /// <summary>When the test began, in UTC.</summary>
    public DateTime StartTime { get; set; }

    /// <summary>The name or address, as the caller wrote it.</summary>
    public string ComputerName { get; set; } = "";

    /// <summary>The port.</summary>
    public int Port { get; set; }

    /// <summary>The test was over UDP.</summary>
    public bool Udp { get; set; }

    /// <summary>Whether the right bytes came back in time.</summary>
    public bool Success { get; set; }

    /// <summary>The stage that failed.</summary>
    public EchoPathStage FailedStage { get; set; }

    /// <summary>Why it failed, in a few words; empty on success.</summary>
    public string Reason { get; set; } = "";

    /// <summary>The addresses of the name.</summary>
    public string[] Addresses { get; set; } = [];

    /// <summary>
    /// The attempts to connect, over UDP to get an echo, in the order in which they began; one for each address that was tried.
    /// </summary>
    public PathAttempt[] Attempts { get; set; } = [];

    /// <summary>This end of the connection, as <c>address:port</c>.</summary>
    public string LocalEndPoint { get; set; } = "";

    /// <summary>The other end, as <c>address:port</c>.</summary>
    public string RemoteEndPoint { get; set; } = "";

    /// <summary>How long resolving the name took; zero for an address.</summary>
    public TimeSpan? ResolveTime { get; set; }

    /// <summary>From the start of the first attempt to the connection; null over UDP.</summary>
    public TimeSpan? ConnectTime { get; set; }

    /// <summary>How long the TLS handshake took; null without TLS, too.</summary>
    public TimeSpan? TlsTime { get; set; }

    /// <summary>What the TLS handshake has agreed on, and the server's certificate; null if there was none.</summary>
    public TlsDetails? Tls { get; set; }

    /// <summary>
    /// What works now and may soon not: a certificate that expires within 30 days, unless a server of this process has made it.
    /// Empty if there is nothing.
    /// </summary>
    public string Warning { get; set; } = "";

    /// <summary>From the start of the send to the first byte of the reply.</summary>
    public TimeSpan? FirstByteTime { get; set; }

    /// <summary>From the start of the send to the last byte of the reply.</summary>
    public TimeSpan? EchoTime { get; set; }
}
