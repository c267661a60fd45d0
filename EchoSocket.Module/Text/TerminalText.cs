using System;
using System.Collections.Generic;
using System.Management.Automation.Host;

namespace EchoSocket;

/// <summary>Text for a terminal, used by the table views as well. All members are thread-safe.</summary>
public static class TerminalText
{
    private const int DefaultColumns = 80;

    /// <inheritdoc cref="Escaping.Escape"/>
    public static string Escape(string? text) => Escaping.Escape(text);

    /// <inheritdoc cref="Escaping.EscapeControls"/>
    public static string EscapeControls(string? text) => Escaping.EscapeControls(text);

    /// <summary>
    /// Wraps text at word boundaries, to the width of a table column that has no fixed width. PowerShell itself wraps at word
    /// boundaries in a few languages only, and in the middle of words in all others.
    /// </summary>
    /// <param name="text">The cell's text.</param>
    /// <param name="host">The host whose screen the table is for.</param>
    /// <param name="taken">The characters that fixed-width columns and separators take.</param>
    /// <param name="sharing">The number of columns that share the other characters equally.</param>
    public static string Wrap(string text, PSHost host, int taken, int sharing) =>
        string.Join("\n", Lines(text ?? "", (Columns(host) - taken) / sharing));

    /// <summary>The width of a host's screen; 80 where it has none.</summary>
    internal static int Columns(PSHost? host)
    {
        try
        {
            return host?.UI?.RawUI?.BufferSize.Width is > 0 and var width ? width : DefaultColumns;
        }
        catch (Exception)
        {
            return DefaultColumns; // a host without a console may throw any exception
        }
    }

    /// <summary>Lines of whole words, each at most <paramref name="width"/> long unless it is a single longer word.</summary>
    internal static IEnumerable<string> Lines(string text, int width)
    {
        var line = "";
        foreach (var word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line.TrimEnd();
                line = word;
            }
            else
            {
                line += line.Length > 0 ? " " + word : word;
            }
        }

        yield return line;
    }
}
