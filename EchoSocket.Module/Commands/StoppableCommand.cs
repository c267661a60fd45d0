using System;
using System.Management.Automation;
using System.Threading;

namespace EchoSocket.Commands;

/// <summary>
/// A cmdlet that Ctrl+C stops through a token. PowerShell calls <see cref="StopProcessing"/> on another thread, and all
/// other members on the pipeline thread.
/// </summary>
public abstract class StoppableCommand : PSCmdlet, IDisposable
{
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Cancelled by Ctrl+C.</summary>
    private protected CancellationToken Stop => _stop.Token;

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected override void StopProcessing()
    {
        try
        {
            _stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The pipeline ended at the same time, so there is nothing left to stop.
        }
    }

    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
            _stop.Dispose();
    }
}
