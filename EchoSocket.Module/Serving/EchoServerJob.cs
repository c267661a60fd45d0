using System;
using System.Collections.Concurrent;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Net;
using System.Threading;

namespace EchoSocket;

/// <summary>
/// An echo server in the background. It listens from the moment it exists. All public members may be called from any
/// thread. The server has a thread of its own, or several, and the events of the job's streams and of its state are raised there, one
/// at a time.
/// </summary>
public abstract class EchoServerJob : Job, IServerOutput
{
    /// <summary>How many results of each kind are kept for Receive-Job. Further ones are only counted, in <see cref="Dropped"/>.</summary>
    public const int MaxKeptResults = 10_000;

    private static readonly ConcurrentDictionary<EchoServerJob, Runspace> Running = new();

    private readonly IServing _serving;
    private readonly Runspace _runspace;
    private readonly Thread _thread;
    private readonly ManualResetEvent _closed = new(initialState: false);
    private readonly ManualResetEvent _ended = new(initialState: false);
    private long _dropped; // Interlocked
    private volatile string? _failure;
    private volatile bool _stopped;
    private bool _subscriberFailed; // only the server's threads use it, one at a time
    private volatile Thread? _notifying; // the thread of the server that last called subscribers of a stream

    private protected EchoServerJob(string command, string? name, IServing serving, bool verbose, Runspace runspace)
        : base(command, name)
    {
        PSJobTypeName = nameof(EchoServerJob);
        _serving = serving;
        _runspace = runspace;
        LocalEndPoints = new ResultList(serving.LocalEndPoints.Select(e => e.ToString()));
        _thread = new Thread(() => Serve(verbose)) { IsBackground = true, Name = $"Echo {Port}" }; // Linux shows 15 characters
    }

    /// <summary>The address that the server listens on; the first one if there are several.</summary>
    public string Address => First.Address.ToString();

    /// <summary>
    /// The address by which clients on this computer reach the server: the first one that it listens on, or the loopback address
    /// for all addresses.
    /// The client cmdlets bind this property by its name.
    /// </summary>
    public string ComputerName
    {
        get
        {
            var address = First.Address;
            return (address.Equals(IPAddress.Any) ? IPAddress.Loopback : address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : address).ToString();
        }
    }

    /// <summary>The port that the server listens on.</summary>
    public int Port => First.Port;

    /// <summary>The address and port that the server listens on, as <c>address:port</c>; the first if there are several.</summary>
    public string LocalEndPoint => First.ToString();

    /// <summary>All addresses that the server listens on, each with the port.</summary>
    public ResultList LocalEndPoints { get; }

    /// <summary>Whether the server is reached over UDP. The client cmdlets bind this property by its name.</summary>
    public abstract bool Udp { get; }

    /// <summary>Whether the server uses TLS. The client cmdlets bind this property by its name.</summary>
    public abstract bool UseTls { get; }

    /// <summary>Bytes read from all clients so far.</summary>
    public abstract long BytesReceived { get; }

    /// <summary>Bytes sent to all clients so far.</summary>
    public abstract long BytesSent { get; }

    /// <summary>Results and messages dropped, because <see cref="MaxKeptResults"/> of their kind were waiting to be received.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    public override bool HasMoreData => Output.Count > 0 || Error.Count > 0 || Verbose.Count > 0 || Warning.Count > 0;

    public override string Location => LocalEndPoints.ToString();

    /// <summary>The reason of a failure; otherwise the most important numbers.</summary>
    public override string StatusMessage => _failure ?? $"{Totals}{(Dropped > 0 ? $", {Dropped} results dropped" : "")}";

    /// <summary>The most important numbers, as words.</summary>
    private protected abstract string Totals { get; }

    private IPEndPoint First => _serving.LocalEndPoints[0];

    bool IServerOutput.IsFull => false;

    public override void StopJob()
    {
        BeginStop();
        WaitFor(_ended);
    }

    void IServerOutput.WriteResult(IServerResult result) => Add(Output, PSObject.AsPSObject(result));

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
            _serving.Stop();
            WaitFor(_closed);
        }

        base.Dispose(disposing);
    }

    private void BeginStop()
    {
        _stopped = true;
        _serving.Stop();
    }

    // An exception that left this thread would end the user's PowerShell.
    private void Serve(bool verbose)
    {
        Exception? failure = null;
        try
        {
            _serving.Serve(this, verbose);
        }
        catch (Exception e)
        {
            failure = e;
        }

        End(failure);
    }

    private void End(Exception? failure)
    {
        _serving.Stop();
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
