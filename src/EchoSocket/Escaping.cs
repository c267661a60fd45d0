using System;
using System.Globalization;
using System.Text;

namespace EchoSocket;

/// <summary>Makes text from a peer safe to show on a terminal. Thread-safe.</summary>
public static class Escaping
{
    /// <summary>The most bytes that <see cref="Quote"/> shows.</summary>
    internal const int MaxQuoted = 64;

    /// <summary>
    /// Replaces every character that a terminal would obey or hide by an escape such as <c>\n</c> or <c>\u001B</c>: control
    /// characters (C0 and C1), format characters (bidirectional controls among them), line and paragraph separators, and
    /// lone surrogates. A backslash is doubled, so that the result is unambiguous.
    /// </summary>
    public static string Escape(string? text) => Escape(text, doubleBackslash: true);

    /// <summary>The same, but a backslash stays as it is: for a sentence in which a peer's text is already escaped.</summary>
    public static string EscapeControls(string? text) => Escape(text, doubleBackslash: false);

    /// <summary>Shows bytes as UTF-8 text in quotation marks; they are escaped, too. What is beyond <see cref="MaxQuoted"/> bytes is cut.</summary>
    internal static string Quote(byte[] bytes, int offset, int count, bool cutBefore = false)
    {
        var shown = Math.Min(count, MaxQuoted);
        var chars = new char[Encoding.UTF8.GetMaxCharCount(shown)];
        // Without the flush a character that is cut in two is left out.
        var made = Encoding.UTF8.GetDecoder().GetChars(bytes, offset, shown, chars, 0, flush: shown == count);
        var text = Escape(new string(chars, 0, made)).Replace("\"", "\\\"");
        return $"\"{(cutBefore ? "…" : "")}{text}{(shown < count ? "…" : "")}\"";
    }

    private static string Escape(string? text, bool doubleBackslash)
    {
        var escaped = new StringBuilder();
        for (var i = 0; i < text?.Length; i++)
        {
            var length = char.IsSurrogatePair(text, i) ? 2 : 1;
            if (ShortEscape(text[i]) is { } name && (name != '\\' || doubleBackslash))
                escaped.Append('\\').Append(name);
            else if (!IsInvisible(CharUnicodeInfo.GetUnicodeCategory(text, i)))
                escaped.Append(text, i, length);
            else if (length == 1)
                escaped.AppendFormat(CultureInfo.InvariantCulture, @"\u{0:X4}", (int)text[i]);
            else
                escaped.AppendFormat(CultureInfo.InvariantCulture, @"\U{0:X8}", char.ConvertToUtf32(text, i));
            i += length - 1;
        }

        return escaped.ToString();
    }

    private static char? ShortEscape(char c) => c switch
    {
        '\\' => '\\',
        '\0' => '0',
        '\a' => 'a',
        '\b' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\r' => 'r',
        _ => null,
    };

    private static bool IsInvisible(UnicodeCategory category) => category
        is UnicodeCategory.Control
        or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator
        or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.Surrogate;
}
