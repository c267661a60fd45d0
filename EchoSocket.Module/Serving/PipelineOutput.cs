using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;

namespace EchoSocket;

/// <summary>
/// Writes a server's results and messages to the pipeline. After Ctrl+C the pipeline takes nothing more, so the results are
/// then shown at the terminal, if there is one. For the pipeline thread.
/// </summary>
internal sealed class PipelineOutput(PSCmdlet cmdlet) : IServerOutput
{
    private const int MaxShown = 20;

    private readonly List<IServerResult> _refused = [];

    public bool IsFull => false;

    /// <summary>Called before a result is written.</summary>
    public Action? Ending { get; set; }

    public void WriteResult(IServerResult result)
    {
        Ending?.Invoke();
        if (!TryWrite(() => cmdlet.WriteObject(result)))
            _refused.Add(result);
    }

    public void WriteVerbose(string text) => TryWrite(() => cmdlet.WriteVerbose(text));

    public void WriteWarning(string text) => TryWrite(() => cmdlet.WriteWarning(text));

    /// <summary>Shows the results that the pipeline did not take. Call it when the server has ended.</summary>
    public void ShowRefused()
    {
        if (_refused.Count == 0 || !Terminal.IsRead(cmdlet.Host))
            return;

        cmdlet.Host.UI.WriteLine(); // ends the line on which the terminal has echoed ^C
        foreach (var result in _refused.Take(MaxShown))
            cmdlet.Host.UI.WriteLine(result.Sentence);
        var others = _refused.Skip(MaxShown).GroupBy(r => r.Kind).Select(g => $"{g.Count():N0} {g.Key}").ToList();
        if (others.Count > 0)
            cmdlet.Host.UI.WriteLine($"{_refused.Count - MaxShown:N0} more connections ended: {string.Join(", ", others)}.");
    }

    private bool TryWrite(Action write)
    {
        try
        {
            if (!cmdlet.Stopping)
            {
                write();
                return true;
            }
        }
        catch (PipelineStoppedException) when (cmdlet.Stopping)
        {
            // Ctrl+C came at the same time.
        }

        return false;
    }
}
