using System;
using System.Linq;

namespace EchoSocket;

/// <summary>How far the path to a server works. The times of stages that were not reached are null.</summary>
public sealed class EchoPathReport(PathReport result) : TlsResult(result.Tls, result.TlsTime)
{
    /// <summary>When the test began, in UTC.</summary>
    public DateTime Time => result.StartTime;

    public string ComputerName => result.ComputerName;

    public int Port => result.Port;

    /// <summary>The test was over UDP. Test-EchoServer binds this property by its name.</summary>
    public bool Udp => result.Udp;

    public bool Success => result.Success;

    public string FailedStage => result.FailedStage.ToString();

    public string Reason => result.Reason;

    /// <summary>What works now and may soon not, such as a certificate that expires within 30 days.</summary>
    public string Warning => result.Warning;

    public ResultList Addresses { get; } = new(result.Addresses);

    public ResultList AttemptEndPoints { get; } = new(result.Attempts.Select(a => a.EndPoint));

    public ResultList AttemptMilliseconds { get; } = new(result.Attempts.Select(a => Milliseconds.From(a.Time)));

    public ResultList AttemptErrors { get; } = new(result.Attempts.Select(a => a.Error));

    public string LocalEndPoint => result.LocalEndPoint;

    public string RemoteEndPoint => result.RemoteEndPoint;

    public double? ResolveMilliseconds => Milliseconds.From(result.ResolveTime);

    public double? ConnectMilliseconds => Milliseconds.From(result.ConnectTime);

    public double? FirstByteMilliseconds => Milliseconds.From(result.FirstByteTime);

    public double? EchoMilliseconds => Milliseconds.From(result.EchoTime);
}
