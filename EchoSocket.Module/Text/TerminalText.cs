using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation.Host;
using System.Text.RegularExpressions;

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
    /// Wraps the text of a cell at word boundaries, to the width of its column. PowerShell itself wraps at word boundaries in
    /// a few languages only, and in the middle of words in all others.
    /// </summary>
    public static string Cell(int width, string text) => string.Join("\n", Lines(text ?? "", width));

    /// <summary>Wraps the texts of a cell in the last column, which gets the rest of the screen.</summary>
    /// <param name="host">The host whose screen the table is for.</param>
    /// <param name="taken">The characters that the other columns and the spaces between them take.</param>
    /// <param name="texts">Each begins on a line of its own; empty ones are left out.</param>
    public static string LastCell(PSHost host, int taken, params string[] texts) =>
        string.Join("\n", texts.Where(text => !string.IsNullOrEmpty(text)).Select(text => Cell(TableWidth(host) - taken, text)));

    // PowerShell leaves the last column of a screen empty.
    private static int TableWidth(PSHost host) => Columns(host) - 1;

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

    /// <summary>
    /// Lines of whole words. A word that is longer than a line, such as the name of a host, is broken after its dots, colons
    /// and hyphens; where it has none, it makes a longer line.
    /// </summary>
    internal static IEnumerable<string> Lines(string text, int width)
    {
        var line = "";
        foreach (var (part, space) in text.Split(' ').SelectMany(word => Parts(word, width)))
        {
            if (line.Length > 0 && line.Length + space.Length + part.Length > width)
            {
                yield return line.TrimEnd();
                line = part;
            }
            else
            {
                line += line.Length > 0 ? space + part : part;
            }
        }

        yield return line;
    }

    // Each with what separates it from the part before.
    private static IEnumerable<(string Part, string Space)> Parts(string word, int width)
    {
        if (word.Length <= width)
            return [(word, " ")];

        var parts = Regex.Matches(word, "[^.:-]*[.:-]|[^.:-]+").Cast<Match>();
        return parts.Select((part, i) => (part.Value, i == 0 ? " " : ""));
    }
}
