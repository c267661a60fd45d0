using System.Globalization;
using System.Text;

namespace EchoSocket;

/// <summary>
/// Quotes a stream of bytes as text, one read at a time: a character split between two reads appears with the second one,
/// what a terminal would obey is escaped, as is the quotation mark, and long text is cut. Not thread-safe.
/// </summary>
internal sealed class TextPreview
{
    private const int MaxLength = 72;

    private readonly Decoder _decoder = EncodingArgumentAttribute.Utf8.GetDecoder();
    private readonly char[] _chars = new char[4096];

    /// <summary>The next bytes of the stream.</summary>
    public string Next(byte[] buffer, int count) => Quote(buffer, 0, count, flush: false);

    /// <summary>A message by itself.</summary>
    public string Whole(byte[] buffer, int offset, int count)
    {
        _decoder.Reset();
        return Quote(buffer, offset, count, flush: true);
    }

    private string Quote(byte[] buffer, int offset, int count, bool flush)
    {
        var text = new StringBuilder();
        var hidden = 0L;
        for (var end = offset + count; offset < end;)
        {
            _decoder.Convert(buffer, offset, end - offset, _chars, 0, _chars.Length, flush, out var used, out var made, out _);
            offset += used;
            for (var i = 0; i < made; i++)
            {
                // A surrogate pair is one character, so it is not split.
                if (text.Length < MaxLength || (text.Length == MaxLength && hidden == 0 && char.IsLowSurrogate(_chars[i])))
                    text.Append(_chars[i]);
                else
                    hidden++;
            }
        }

        return $"\"{TerminalText.Escape(text.ToString()).Replace("\"", "\\\"")}" +
            (hidden > 0 ? string.Format(CultureInfo.InvariantCulture, "…\" (and {0:N0} more)", hidden) : "\"");
    }
}
