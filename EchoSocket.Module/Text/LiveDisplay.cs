using System;
using System.Diagnostics;
using System.Management.Automation.Host;

namespace EchoSocket;

/// <summary>Redraws the lines of a watch in place, at a terminal. For the pipeline thread.</summary>
internal sealed class LiveDisplay(PSHost host, LiveTargets targets)
{
    /// <summary>The time from one drawing to the next, at least.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private const int DefaultHeight = 24;

    private readonly Stopwatch _sinceDrawn = new();
    private readonly bool _unicode = StatisticsText.SupportsUnicode(Sparkline.Bars + "×…µ");
    private long _drawn = -1;
    private int _lines;

    /// <summary>Whether the host has a terminal that can move its cursor, and a person reads it.</summary>
    public static bool IsPossible(PSHost? host) => Terminal.IsRead(host) && host!.UI.SupportsVirtualTerminal;

    /// <summary>Draws the lines, if they have changed and some time has passed; the last ones at once.</summary>
    public void Draw(bool isLast = false)
    {
        var changes = targets.Changes;
        if (changes == _drawn || (!isLast && _lines > 0 && _sinceDrawn.Elapsed < Interval))
            return;

        // The last column stays empty, so that no line wraps, and a line is left for the cursor, so that nothing scrolls.
        var lines = targets.Lines(TerminalText.Columns(host) - 1, Math.Max(Height() - 1, 1), _unicode);
        var up = _lines > 0 ? $"\x1b[{_lines}A" : "";
        host.UI.Write($"{up}\r\x1b[J{string.Join("\n", lines)}\n");
        (_drawn, _lines) = (changes, lines.Count);
        _sinceDrawn.Restart();
    }

    /// <summary>Leaves the lines as they are. The next ones are drawn below what is written meanwhile.</summary>
    public void Release() => (_drawn, _lines) = (-1, 0);

    private int Height()
    {
        try
        {
            return host.UI.RawUI?.WindowSize.Height is > 0 and var height ? height : DefaultHeight;
        }
        catch (Exception)
        {
            return DefaultHeight; // a host without a console may throw any exception
        }
    }
}
