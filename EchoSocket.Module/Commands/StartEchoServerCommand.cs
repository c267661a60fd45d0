using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Net;
using System.Threading.Tasks;

namespace EchoSocket.Commands;

/// <summary>
/// Serves one client or many over TCP, or messages over UDP, here or in the background, and writes how each connection ended. PowerShell calls
/// <see cref="StopProcessing"/> on another thread, and all other members on the pipeline thread.
/// </summary>
[Cmdlet(VerbsLifecycle.Start, "EchoServer")]
[OutputType(typeof(EchoConnection), typeof(EchoUdpSummary), typeof(EchoServerJob))]
public sealed class StartEchoServerCommand : TlsServerCommand
{
    // Every parameter that has a meaning over TCP only.
    private static readonly string[] TcpOnly =
    [
        nameof(UseTls), nameof(Certificate), nameof(IntermediateCertificate), nameof(RequireClientCertificate), nameof(TrustedClient),
        nameof(HandshakeTimeoutSeconds), nameof(Backlog), nameof(IdleTimeoutSeconds), nameof(KeepAliveSeconds),
        nameof(MaxConnections), nameof(ConnectionCount), nameof(ThreadCount), nameof(Fault), nameof(Seed), nameof(KeepReceived),
    ];

    private volatile IServing? _server;

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
    [ValidateRange(0, 63)]
    public int DscpValue { get; set; }

    [Parameter]
    public SwitchParameter Udp { get; set; }

    [Parameter]
    [ValidateRange(1, long.MaxValue)]
    public long MessageCount { get; set; }

    [Parameter]
    public SwitchParameter AllowPrivilegedPort { get; set; }

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
    [FaultArgument]
    [ValidateCount(0, EchoServerOptions.MaxFaults)]
    public EchoFault[] Fault { get; set; } = [];

    [Parameter]
    public int Seed { get; set; }

    [Parameter]
    [ValidateRange(0, EchoServerOptions.MaxKeepReceived)]
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

        if (Udp && TcpOnly.FirstOrDefault(name => ParameterRequirement.IsGiven(this, name)) is { } tcpOnly)
            this.ConflictWithUdp(tcpOnly);
        this.Require(nameof(Udp), nameof(MessageCount), "counts messages over UDP");
        this.Require(nameof(Udp), nameof(AllowPrivilegedPort), "is for messages over UDP");
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
        var tcp = Udp ? null : new TcpServing(Listen(() => EchoServer.Listen(TcpOptions(), Stop)), KeepListening);
        var udp = Udp ? new UdpServing(Listen(() => EchoUdpServer.Listen(UdpOptions(), Stop))) : null;
        var server = tcp ?? (IServing)udp!;
        _server = server;
        if (Stopping)
            server.Stop(); // Ctrl+C came before the server existed

        WriteVerbose($"{Listening(server)}.");
        var facts = Facts(tcp?.Server).ToList();
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
            var (line, runspace) = (MyInvocation.Line.Trim(), Runspace.DefaultRunspace);
            StartJob(tcp is not null ? new EchoTcpServerJob(line, Name, tcp, IsVerbose(), runspace) : new EchoUdpServerJob(line, Name, udp!, IsVerbose(), runspace));
            return;
        }

        if (!IsVerbose())
            Say(string.Join("\n", [Where(server), .. facts]));
        if (KeepListening || Udp)
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
            _server?.Stop();
        base.Dispose(disposing);
    }

    // What the server has chosen, and the user may need.
    private IEnumerable<string> Facts(EchoServer? server)
    {
        if (server?.Certificate is { } certificate)
            yield return $"The server's certificate is {CertificateText.Identity(TlsDetails.Of(certificate))}.";
        if (server is not null && Fault.Any(IsRandom) && !ParameterRequirement.IsGiven(this, nameof(Seed)))
            yield return FormattableString.Invariant($"The seed of the faults is {server.Seed}. To repeat them, add -Seed {server.Seed}.");
    }

    private static bool IsRandom(EchoFault fault) =>
        fault.Kind == EchoFaultKind.Corrupt || fault.Jitter > TimeSpan.Zero || fault.Probability is > 0 and < 1;

    private static string Text(IEnumerable<IPEndPoint> endPoints) => string.Join(", ", endPoints);

    private T Configure<T>(T options)
        where T : EchoServiceOptions
    {
        options.Addresses = Address;
        options.Port = Port;
        options.AllowFrom = AllowFrom;
        options.Transform = Transform;
        options.DscpValue = DscpValue;
        if (options.DscpLimitation is { } limitation)
            WriteWarning(limitation);
        return options;
    }

    private EchoUdpServerOptions UdpOptions() => Configure(new EchoUdpServerOptions
    {
        MessageCount = MessageCount > 0 ? MessageCount : null,
        AllowPrivilegedPort = AllowPrivilegedPort,
    });

    private EchoServerOptions TcpOptions()
    {
        var options = Configure(new EchoServerOptions
        {
            Tls = Tls,
            Backlog = Backlog,
            MaxConnections = MaxConnections,
            ConnectionCount = ConnectionCount > 0 ? ConnectionCount : null,
            ThreadCount = ThreadCount,
            IdleTimeout = IdleTimeoutSeconds > 0 ? TimeSpan.FromSeconds(IdleTimeoutSeconds) : null,
            KeepAliveTime = KeepAliveSeconds > 0 ? TimeSpan.FromSeconds(KeepAliveSeconds) : null,
            Faults = Fault,
            Seed = ParameterRequirement.IsGiven(this, nameof(Seed)) ? Seed : null,
            KeepReceived = KeepReceived,
        });
        if (options.KeepAliveLimitation is { } limitation)
            WriteWarning(limitation);
        return options;
    }

    private T Listen<T>(Func<T> listen)
        where T : class
    {
        try
        {
            return listen();
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }
        catch (EchoException e)
        {
            ThrowTerminatingError(e.ToErrorRecord(e.EndPoint));
            return null!;
        }
    }

    // As Write-Host does: at the terminal, and not in the output.
    private void Say(string text)
    {
        if (Terminal.IsRead(Host))
            WriteInformation(new HostInformationMessage { Message = text }, ["PSHOST"]);
    }

    private string Where(IServing server) =>
        $"{Listening(server)}{(UseTls ? " with TLS" : "")}{For()}. Press Ctrl+C to stop.";

    private string Listening(IServing server) => $"Listening {(Udp ? "for UDP " : "")}on {Text(server.LocalEndPoints)}";

    // How much it serves.
    private string For() =>
        Udp ? (MessageCount > 0 ? $" for {MessageCount:N0} message{(MessageCount == 1 ? "" : "s")}" : "")
        : !KeepListening ? " for one client"
        : ConnectionCount > 0 ? $" for {ConnectionCount:N0} client{(ConnectionCount == 1 ? "" : "s")}" : "";

    private void ServeOne(IServing server)
    {
        // The port is free before the next command gets the result.
        var output = new PipelineOutput(this) { Ending = server.Stop };
        try
        {
            server.Serve(output, IsVerbose());
            output.ShowRefused();
        }
        catch (EchoException e)
        {
            ThrowTerminatingError(e.ToErrorRecord(e.EndPoint));
        }
    }

    // The server runs on a thread of its own, so that a downstream command that processes results slowly delays no client.
    private void ServeMany(IServing server)
    {
        var queue = new PipelineQueue();
        var output = new PipelineOutput(this);
        var verbose = IsVerbose();
        var serving = Task.Factory.StartNew(
            () =>
            {
                try
                {
                    server.Serve(queue, verbose);
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

    private void StartJob(EchoServerJob job)
    {
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
