using System;

namespace EchoSocket;

/// <summary>The stages of a path to an echo server.</summary>
public enum EchoPathStage
{
    /// <summary>None: the whole path works.</summary>
    None,

    /// <summary>The name's addresses are looked up.</summary>
    Resolve,

    /// <summary>A connection is made to one of them.</summary>
    Connect,

    /// <summary>A message is sent, and the same comes back.</summary>
    Echo,
}

/// <summary>
/// What was seen on the path to an echo server. Times of stages that were not reached are zero. Plain data: it keeps its
/// values when it is serialized.
/// </summary>
public sealed class EchoPathReport
{
    /// <summary>The name or address asked for.</summary>
    public string ComputerName { get; set; } = "";

    /// <summary>The port asked for.</summary>
    public int Port { get; set; }

    /// <summary>True if the right bytes came back in time.</summary>
    public bool Success { get; set; }

    /// <summary>The stage that failed.</summary>
    public EchoPathStage FailedStage { get; set; }

    /// <summary>Why it failed, in words; empty on success.</summary>
    public string Reason { get; set; } = "";

    /// <summary>The addresses that the name has.</summary>
    public string[] Addresses { get; set; } = [];

    /// <summary>The attempts to connect, one an address, as far as they were needed.</summary>
    public EchoConnectAttempt[] Attempts { get; set; } = [];

    /// <summary>This end of the connection, as <c>address:port</c>.</summary>
    public string LocalEndPoint { get; set; } = "";

    /// <summary>The other end, as <c>address:port</c>.</summary>
    public string RemoteEndPoint { get; set; } = "";

    /// <summary>How long the name took. Zero for an address.</summary>
    public TimeSpan ResolveTime { get; set; }

    /// <summary>From the first attempt to the connection.</summary>
    public TimeSpan ConnectTime { get; set; }

    /// <summary>From the send to the first byte that came back.</summary>
    public TimeSpan FirstByteTime { get; set; }

    /// <summary>From the send to the last byte.</summary>
    public TimeSpan EchoTime { get; set; }
}
