using System;
using System.Collections.Concurrent;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Threading;

namespace EchoSocket;

/// <summary>
/// An echo server in the background. It listens from the moment it exists. All public members may be called from any
/// thread. The server has a thread of its own, or several, and the events of the job's streams and of its state are raised there, one
/// at a time.
/// </summary>
public sealed class EchoServerJob : Job, IServerOutput
{
    /// <summary>How many results of each kind are kept for Receive-Job. Further ones are only counted, in <see cref="Dropped"/>.</summary>
    public const int MaxKeptResults = 10_000;

    private static readonly ConcurrentDictionary<EchoServerJob, Runspace> Running = new();

    private readonly EchoServer _server;
    private readonly Runspace _runspace;
    private readonly Thread _thread;
    private readonly ManualResetEvent _closed = new(initialState: false);
    private readonly ManualResetEvent _ended = new(initialState: false);
    private long _dropped; // Interlocked
    private volatile string? _failure;
    private volatile bool _stopped;
    private bool _subscriberFailed; // only the server's threads use it, one at a time
    private volatile Thread? _notifying; // the thread of the server that last called subscribers of a stream

    internal EchoServerJob(string command, string? name, EchoServer server, bool keepListening, bool verbose, Runspace runspace)
        : base(command, name)
    {
        PSJobTypeName = nameof(EchoServerJob);
        _server = server;
        if (server.Certificate is { } certificate)
        {
            var details = TlsDetails.Of(certificate);
            Certificate = new X509Certificate2(certificate.RawData);
            CertificateThumbprint = details.Thumbprint;
            TlsHostName = NameFor(ComputerName, details.Names, Certificate);
        }

        LocalEndPoints = new ResultList(server.LocalEndPoints.Select(e => e.ToString()));
        _runspace = runspace;
        var observer = new ServerObserver(this, verbose);
        _thread = new Thread(() => Serve(keepListening, observer)) { IsBackground = true, Name = $"Echo {server.LocalEndPoint.Port}" }; // Linux shows 15 characters
    }

    /// <summary>The address that the server listens on; the first one if there are several.</summary>
    public string Address => _server.LocalEndPoint.Address.ToString();

    /// <summary>
    /// The address by which clients on this computer reach the server: the first one that it listens on, or the loopback address
    /// for all addresses.
    /// The client cmdlets bind this property by its name.
    /// </summary>
    public string ComputerName
    {
        get
        {
            var address = _server.LocalEndPoint.Address;
            return (address.Equals(IPAddress.Any) ? IPAddress.Loopback : address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : address).ToString();
        }
    }

    /// <summary>The port that the server listens on.</summary>
    public int Port => _server.LocalEndPoint.Port;

    /// <summary>The address and port that the server listens on, as <c>address:port</c>; the first if there are several.</summary>
    public string LocalEndPoint => _server.LocalEndPoint.ToString();

    /// <summary>All addresses that the server listens on, each with the port.</summary>
    public ResultList LocalEndPoints { get; }

    /// <summary>Whether the server uses TLS. The client cmdlets bind this property by its name.</summary>
    public bool UseTls => Certificate is not null;

    /// <summary>The certificate that the server shows, without its private key; null without TLS.</summary>
    public X509Certificate2? Certificate { get; }

    /// <summary>Its SHA-256 thumbprint: 64 hexadecimal digits; empty without TLS.</summary>
    public string CertificateThumbprint { get; } = "";

    /// <summary>
    /// A name that the certificate is for, if it is not for <see cref="ComputerName"/>; otherwise empty. The client cmdlets bind this
    /// property by its name.
    /// </summary>
    public string TlsHostName { get; } = "";

    /// <summary>What clients trust that get the server from this job. The client cmdlets bind this property by its name.</summary>
    [Hidden]
    public X509Certificate2[] TrustedCertificate => Certificate is null ? [] : [Certificate];

    /// <summary>
    /// How the server misbehaves on purpose. A new value is for connections that are accepted from then on; null and an empty
    /// array heal the server.
    /// </summary>
    public EchoFault[] Fault
    {
        get => [.. _server.Faults];
        set => _server.Faults = value ?? [];
    }

    /// <summary>What is random about the faults follows from this number and the connection's.</summary>
    public int Seed => _server.Seed;

    /// <summary>Clients being served now. A client counts until the result of its connection can be received.</summary>
    public int ActiveConnections => _server.ActiveConnections;

    /// <summary>Clients accepted so far.</summary>
    public long TotalConnections => _server.TotalConnections;

    /// <summary>Clients refused so far, because <c>-AllowFrom</c> does not include them.</summary>
    public long RefusedConnections => _server.RefusedConnections;

    /// <summary>Bytes read from all clients so far.</summary>
    public long BytesReceived => _server.BytesReceived;

    /// <summary>Bytes sent to all clients so far.</summary>
    public long BytesSent => _server.BytesSent;

    /// <summary>Results and messages dropped, because <see cref="MaxKeptResults"/> of their kind were waiting to be received.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    public override bool HasMoreData => Output.Count > 0 || Error.Count > 0 || Verbose.Count > 0 || Warning.Count > 0;

    public override string Location => LocalEndPoints.ToString();

    /// <summary>The reason of a failure; otherwise the numbers of clients: now, in all, and refused.</summary>
    public override string StatusMessage => _failure ??
        $"{ActiveConnections} connected, {TotalConnections} in all{(RefusedConnections > 0 ? $", {RefusedConnections} refused" : "")}{(Dropped > 0 ? $", {Dropped} results dropped" : "")}";

    bool IServerOutput.IsFull => false;

    public override void StopJob()
    {
        BeginStop();
        WaitFor(_ended);
    }

    void IServerOutput.WriteConnection(EchoConnection connection) => Add(Output, PSObject.AsPSObject(connection));

    void IServerOutput.WriteVerbose(string text) => Add(Verbose, new VerboseRecord(text));

    void IServerOutput.WriteWarning(string text) => Add(Warning, new WarningRecord(text));

    internal void Start()
    {
        Running[this] = _runspace;
        _runspace.StateChanged += OnRunspaceStateChanged;
        SetJobState(JobState.Running);
        _thread.Start();
    }

    /// <summary>Stops the jobs of a session when it removes the module.</summary>
    internal static void StopAll(Runspace? runspace)
    {
        var jobs = Running.Where(r => r.Value == runspace).Select(r => r.Key).ToList();
        jobs.ForEach(job => job.BeginStop()); // each may take half a second
        jobs.ForEach(job => job.StopJob());
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            // Waits for the server to close, but not for the handlers of the final state. Receive-Job -Wait -AutoRemoveJob
            // disposes a job that has just ended while such a handler waits for Receive-Job: waiting here would deadlock.
            _server.Dispose();
            WaitFor(_closed);
        }

        base.Dispose(disposing);
    }

    // A client that is told of the server by this job trusts this very certificate, whatever its names are.
    private static string NameFor(string computer, string[] names, X509Certificate2 certificate) =>
        names.Contains(computer) ? ""
        : names.Length == 0 ? certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false)
        : (names.FirstOrDefault(name => !IPAddress.TryParse(name, out _)) ?? names[0]).Replace("*", "server");

    private void BeginStop()
    {
        _stopped = true;
        _server.Stop();
    }

    // An exception that left this thread would end the user's PowerShell.
    private void Serve(bool keepListening, ServerObserver observer)
    {
        Exception? failure = null;
        try
        {
            if (keepListening)
                _server.ServeMany(observer);
            else
                _server.ServeOne(observer);
        }
        catch (Exception e)
        {
            failure = e;
        }

        End(failure);
    }

    private void End(Exception? failure)
    {
        _server.Dispose();
        _runspace.StateChanged -= OnRunspaceStateChanged;
        Running.TryRemove(this, out _);
        _closed.Set();
        if (failure is not null)
        {
            _failure = failure.GetType().Name;
            IgnoreErrors(() => _failure = failure.Message);
            IgnoreErrors(() => Add(Error, Record(failure)));
        }

        IgnoreErrors(() => SetJobState(failure is not null ? JobState.Failed : _stopped ? JobState.Stopped : JobState.Completed));
        _ended.Set();
    }

    // The job may have been disposed already, and even an exception's Message may throw.
    private static void IgnoreErrors(Action action)
    {
        try
        {
            action();
        }
        catch (Exception)
        {
            // There is no other place to report it.
        }
    }

    private ErrorRecord Record(Exception failure) =>
        (failure as EchoException)?.ToErrorRecord(LocalEndPoint) ?? new ErrorRecord(failure, "ServerFault", ErrorCategory.NotSpecified, LocalEndPoint);

    // Event handlers run on the server's threads and may stop or remove the job there. The server must not wait for itself.
    private void WaitFor(ManualResetEvent end)
    {
        if (_thread.IsAlive && Thread.CurrentThread != _thread && Thread.CurrentThread != _notifying)
            end.WaitOne();
    }

    private void OnRunspaceStateChanged(object? sender, RunspaceStateEventArgs e)
    {
        if (e.RunspaceStateInfo.State is RunspaceState.Closing or RunspaceState.Closed or RunspaceState.Broken)
            StopAll(_runspace);
    }

    // Runs on one of the server's threads, and calls the subscribers of the stream. One that throws must not end the server.
    private void Add<T>(PSDataCollection<T> stream, T item)
    {
        if (stream.Count >= MaxKeptResults || !stream.IsOpen)
        {
            Interlocked.Increment(ref _dropped);
            return;
        }

        _notifying = Thread.CurrentThread;
        try
        {
            stream.Add(item);
        }
        catch (Exception e)
        {
            if (_subscriberFailed)
                return;

            _subscriberFailed = true;
            IgnoreErrors(() => Warning.Add(new WarningRecord(
                $"A subscriber of the job's output failed: {e.Message} The server continues. Further failures of subscribers are not reported.")));
        }
    }
}
