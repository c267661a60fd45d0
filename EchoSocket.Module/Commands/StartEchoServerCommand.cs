using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Net;
using System.Threading.Tasks;

namespace EchoSocket.Commands;

/// <summary>
/// Serves one client or many, here or in the background, and writes how each connection ended. PowerShell calls
/// <see cref="StopProcessing"/> on another thread, and all other members on the pipeline thread.
/// </summary>
[Cmdlet(VerbsLifecycle.Start, "EchoServer")]
[OutputType(typeof(EchoConnection), typeof(EchoServerJob))]
public sealed class StartEchoServerCommand : TlsServerCommand
{
    private volatile EchoServer? _server;

    [Parameter]
    [ComputerNameArgument]
    [ValidateNotNullOrEmpty]
    public string[] Address { get; set; } = [.. new EchoServerOptions().Addresses];

    [Parameter(Position = 0)]
    [PortArgument]
    [ValidateRange(0, 65535)]
    public int Port { get; set; } = EchoServerOptions.DefaultPort;

    [Parameter]
    [AddressRangeArgument]
    [ValidateNotNullOrEmpty]
    public AddressRange[]? AllowFrom { get; set; }

    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int Backlog { get; set; } = new EchoServerOptions().Backlog;

    [Parameter]
    public EchoTransform Transform { get; set; }

    [Parameter]
    [ValidateRange(0.001, 2147483.0)]
    public double IdleTimeoutSeconds { get; set; }

    [Parameter]
    [ValidateRange(1, 32767)]
    public int KeepAliveSeconds { get; set; }

    [Parameter]
    public SwitchParameter KeepListening { get; set; }

    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int MaxConnections { get; set; } = int.MaxValue;

    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int ConnectionCount { get; set; }

    [Parameter]
    [ValidateRange(1, EchoServerOptions.MaxThreadCount)]
    public int ThreadCount { get; set; } = new EchoServerOptions().ThreadCount;

    [Parameter]
    [ValidateNotNull]
    public EchoFault[] Fault { get; set; } = [];

    [Parameter]
    public int Seed { get; set; }

    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int KeepReceived { get; set; }

    [Parameter]
    public SwitchParameter AsJob { get; set; }

    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Name { get; set; }

    protected override void BeginProcessing()
    {
        if (MyInvocation.ExpectingInput)
            ThrowTerminatingError(ErrorRecords.InputNotSupported());

        base.BeginProcessing();
        this.Require(nameof(KeepListening), nameof(MaxConnections), "is for a server of many clients");
        this.Require(nameof(KeepListening), nameof(ConnectionCount), "is for a server of many clients");
        this.Require(nameof(KeepListening), nameof(ThreadCount), "is for a server of many clients");
        this.Require(nameof(AsJob), nameof(Name), "names a job");
        if (!UseTls && Fault.FirstOrDefault(fault => fault.NeedsTls) is { } found)
            ThrowTerminatingError(ParameterRequirement.Missing(nameof(UseTls), nameof(Fault), $"has the fault {found.Kind}, which is for a server that uses TLS"));
    }

    protected override void EndProcessing()
    {
        var server = Listen();
        WriteVerbose($"Listening on {Text(server.LocalEndPoints)}.");
        var facts = Facts(server).ToList();
        facts.ForEach(WriteVerbose);
        var reachable = server.LocalEndPoints.Where(e => !IPAddress.IsLoopback(e.Address)).ToList();
        if (AllowFrom is null && reachable.Count > 0)
        {
            WriteWarning($"The server listens on {Text(reachable)}, so other computers can reach it. " +
                "Without -Address only this computer can; -AllowFrom limits which ones can.");
        }

        if (AsJob)
        {
            if (facts.Count > 0 && !IsVerbose())
                Say(string.Join("\n", facts));
            StartJob(server);
            return;
        }

        if (!IsVerbose())
            Say(string.Join("\n", [Where(server), .. facts]));
        if (KeepListening)
            ServeMany(server);
        else
            ServeOne(server);
    }

    protected override void StopProcessing()
    {
        base.StopProcessing();
        _server?.Stop();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _server?.Dispose();
        base.Dispose(disposing);
    }

    // What the server has chosen, and the user may need.
    private IEnumerable<string> Facts(EchoServer server)
    {
        if (server.Certificate is { } certificate)
            yield return $"The server's certificate is {CertificateText.Identity(TlsDetails.Of(certificate))}.";
        if (Fault.Length > 0 && !ParameterRequirement.IsGiven(this, nameof(Seed)))
            yield return FormattableString.Invariant($"The seed of the faults is {server.Seed}. To repeat them, add -Seed {server.Seed}.");
    }

    private static string Text(IEnumerable<IPEndPoint> endPoints) => string.Join(", ", endPoints);

    private EchoServer Listen()
    {
        var options = new EchoServerOptions
        {
            Addresses = Address,
            Port = Port,
            AllowFrom = AllowFrom,
            Tls = Tls,
            Backlog = Backlog,
            Transform = Transform,
            MaxConnections = MaxConnections,
            ConnectionCount = ConnectionCount > 0 ? ConnectionCount : null,
            ThreadCount = ThreadCount,
            IdleTimeout = IdleTimeoutSeconds > 0 ? TimeSpan.FromSeconds(IdleTimeoutSeconds) : null,
            KeepAliveTime = KeepAliveSeconds > 0 ? TimeSpan.FromSeconds(KeepAliveSeconds) : null,
            Faults = Fault,
            Seed = ParameterRequirement.IsGiven(this, nameof(Seed)) ? Seed : null,
            KeepReceived = KeepReceived,
        };
        if (options.KeepAliveLimitation is { } limitation)
            WriteWarning(limitation);
        try
        {
            _server = EchoServer.Listen(options, Stop);
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }
        catch (EchoException e)
        {
            ThrowTerminatingError(e.ToErrorRecord(e.EndPoint));
        }

        // Ctrl+C may have come before the server existed.
        if (Stopping)
            _server!.Stop();
        return _server!;
    }

    // As Write-Host does: at the terminal, and not in the output.
    private void Say(string text)
    {
        if (Terminal.IsRead(Host))
            WriteInformation(new HostInformationMessage { Message = text }, ["PSHOST"]);
    }

    private string Where(EchoServer server)
    {
        var clients = !KeepListening ? " for one client" : ConnectionCount > 0 ? $" for {ConnectionCount:N0} client{(ConnectionCount == 1 ? "" : "s")}" : "";
        return $"Listening on {Text(server.LocalEndPoints)}{(UseTls ? " with TLS" : "")}{clients}. Press Ctrl+C to stop.";
    }

    private void ServeOne(EchoServer server)
    {
        // The port is free before the next command gets the result.
        var output = new PipelineOutput(this) { Ending = server.Dispose };
        try
        {
            server.ServeOne(new ServerObserver(output, IsVerbose()));
            output.ShowRefused();
        }
        catch (EchoException e)
        {
            ThrowTerminatingError(e.ToErrorRecord(e.EndPoint));
        }
    }

    // The server runs on a thread of its own, so that a downstream command that processes results slowly delays no client.
    private void ServeMany(EchoServer server)
    {
        var queue = new PipelineQueue();
        var output = new PipelineOutput(this);
        var observer = new ServerObserver(queue, IsVerbose());
        var serving = Task.Factory.StartNew(
            () =>
            {
                try
                {
                    server.ServeMany(observer);
                }
                finally
                {
                    queue.Complete();
                }
            },
            TaskCreationOptions.LongRunning);
        try
        {
            queue.Drain(output);
        }
        finally
        {
            server.Stop();
            ((IAsyncResult)serving).AsyncWaitHandle.WaitOne();
        }

        output.ShowRefused();
        try
        {
            serving.GetAwaiter().GetResult();
        }
        catch (EchoException e)
        {
            ThrowTerminatingError(e.ToErrorRecord(e.EndPoint));
        }
    }

    private void StartJob(EchoServer server)
    {
        var job = new EchoServerJob(MyInvocation.Line.Trim(), Name, server, KeepListening, IsVerbose(), Runspace.DefaultRunspace);
        job.Start();
        _server = null; // the job owns it now, and outlives this command
        JobRepository.Add(job);
        WriteObject(job);
    }

    // Only with verbose messages does the server decode what it receives.
    private bool IsVerbose() =>
        MyInvocation.BoundParameters.TryGetValue("Verbose", out var verbose)
            ? (SwitchParameter)verbose
            : !LanguagePrimitives.TryConvertTo<ActionPreference>(GetVariableValue("VerbosePreference"), out var preference)
                || preference is not (ActionPreference.SilentlyContinue or ActionPreference.Ignore);
}
