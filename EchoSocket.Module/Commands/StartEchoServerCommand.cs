using System;
using System.Management.Automation;
using System.Net;

namespace EchoSocket.Commands;

/// <summary>Serves one client on the pipeline thread and writes how its connection ended.</summary>
[Cmdlet(VerbsLifecycle.Start, "EchoServer")]
[OutputType(typeof(EchoConnection))]
public sealed class StartEchoServerCommand : PSCmdlet, IDisposable
{
    private volatile EchoServer? _server;

    [Parameter]
    [ValidateNotNull]
    public IPAddress Address { get; set; } = IPAddress.Loopback;

    [Parameter]
    [ValidateRange(0, 65535)]
    public int Port { get; set; } = EchoServerOptions.DefaultPort;

    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int Backlog { get; set; } = new EchoServerOptions().Backlog;

    [Parameter]
    public EchoTransform Transform { get; set; }

    public void Dispose() => _server?.Dispose();

    protected override void EndProcessing()
    {
        var server = Listen();
        WriteVerbose($"Listening on {server.LocalEndPoint}.");
        var connection = Serve(server);
        server.Dispose();
        if (connection is not null)
            WriteObject(connection);
    }

    protected override void StopProcessing() => _server?.Stop();

    private EchoServer Listen()
    {
        try
        {
            _server = EchoServer.Listen(new EchoServerOptions { Address = Address, Port = Port, Backlog = Backlog, Transform = Transform });
        }
        catch (EchoException e)
        {
            ThrowTerminatingError(e.ToErrorRecord(e.EndPoint));
        }

        // Ctrl+C may have come before there was a server to stop.
        if (Stopping)
            _server!.Stop();
        return _server!;
    }

    private EchoConnection? Serve(EchoServer server)
    {
        try
        {
            return server.ServeOne(IsVerbose() ? new VerboseObserver(WriteVerbose) : null);
        }
        catch (EchoException e)
        {
            ThrowTerminatingError(e.ToErrorRecord(e.EndPoint));
            throw;
        }
    }

    // Turning what was received into text is only worth it where somebody reads it.
    private bool IsVerbose() =>
        MyInvocation.BoundParameters.TryGetValue("Verbose", out var verbose)
            ? (SwitchParameter)verbose
            : !LanguagePrimitives.TryConvertTo<ActionPreference>(GetVariableValue("VerbosePreference"), out var preference)
                || preference is not (ActionPreference.SilentlyContinue or ActionPreference.Ignore);
}
