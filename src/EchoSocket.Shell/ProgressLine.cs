using System;
using System.Management.Automation;

namespace EchoSocket.Shell;

/// <summary>The latest progress, on one line of a terminal that whatever is written next takes over.</summary>
internal sealed class ProgressLine
{
    private bool _shown;

    public void Show(ProgressRecord record)
    {
        if (Console.IsErrorRedirected)
            return;

        Clear();
        if (record.RecordType == ProgressRecordType.Completed)
            return;

        var share = record.PercentComplete >= 0 ? $" {record.PercentComplete} %" : "";
        var text = $"{record.Activity}: {record.StatusDescription}{share}";
        var width = Math.Max(20, ShellRawUI.Width - 1);
        Console.Error.Write(text.Length > width ? text[..width] : text);
        _shown = true;
    }

    public void Clear()
    {
        if (_shown)
            Console.Error.Write("\r\e[K");
        _shown = false;
    }
}
