using System.Globalization;
using System.Text;

namespace EchoSocket;

/// <summary>
/// Shows a stream of bytes as text, a read at a time: a character cut in two by a read appears when it is whole,
/// control characters are made visible (a terminal would obey them), and long data is shortened.
/// </summary>
internal sealed class TextPreview
{
    private const int MostShown = 72;

    private readonly Decoder _decoder = EncodingArgumentAttribute.Utf8.GetDecoder();
    private readonly char[] _chars = new char[4096];

    public string Next(byte[] buffer, int count)
    {
        var text = new StringBuilder();
        var shown = 0;
        var rest = 0L;
        for (var offset = 0; offset < count;)
        {
            _decoder.Convert(buffer, offset, count - offset, _chars, 0, _chars.Length, flush: false, out var used, out var made, out _);
            offset += used;
            for (var i = 0; i < made; i++)
            {
                // A surrogate pair is one character, and is not torn.
                if (shown >= MostShown && !(shown == MostShown && char.IsLowSurrogate(_chars[i]) && rest == 0))
                {
                    rest++;
                    continue;
                }

                Append(text, _chars[i]);
                shown++;
            }
        }

        if (rest > 0)
            text.AppendFormat(CultureInfo.InvariantCulture, "… (and {0:N0} more)", rest);
        return text.ToString();
    }

    private static void Append(StringBuilder text, char c)
    {
        switch (c)
        {
            case '\\': text.Append(@"\\"); break;
            case '\0': text.Append(@"\0"); break;
            case '\a': text.Append(@"\a"); break;
            case '\b': text.Append(@"\b"); break;
            case '\t': text.Append(@"\t"); break;
            case '\n': text.Append(@"\n"); break;
            case '\r': text.Append(@"\r"); break;
            default:
                if (IsUnseen(CharUnicodeInfo.GetUnicodeCategory(c)))
                    text.AppendFormat(CultureInfo.InvariantCulture, @"\u{0:X4}", (int)c);
                else
                    text.Append(c);
                break;
        }
    }

    private static bool IsUnseen(UnicodeCategory category) => category
        is UnicodeCategory.Control
        or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator
        or UnicodeCategory.ParagraphSeparator;
}
