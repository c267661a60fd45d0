using System;

namespace EchoSocket;

/// <summary>Bytes as hexadecimal digits, two for each. Thread-safe.</summary>
public static class Hexadecimal
{
    private const string Digits = "0123456789ABCDEF";

    public static string From(byte[] bytes)
    {
        var text = new char[bytes.Length * 2];
        for (var i = 0; i < bytes.Length; i++)
        {
            text[2 * i] = Digits[bytes[i] >> 4];
            text[(2 * i) + 1] = Digits[bytes[i] & 0xF];
        }

        return new string(text);
    }

    /// <exception cref="FormatException">The text is something else.</exception>
    public static byte[] ToBytes(string text)
    {
        if (text.Length % 2 != 0)
            throw new FormatException("A byte has two hexadecimal digits.");

        var bytes = new byte[text.Length / 2];
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] = (byte)((ToDigit(text[2 * i]) << 4) | ToDigit(text[(2 * i) + 1]));
        return bytes;
    }

    private static int ToDigit(char c) => Digits.IndexOf(char.ToUpperInvariant(c)) is >= 0 and var digit
        ? digit
        : throw new FormatException($"'{c}' is not a hexadecimal digit.");
}
