using System;
using System.Numerics;

namespace EchoSocket.Common;

/// <summary>The forms in which an echo server may send bytes back.</summary>
[Flags]
internal enum EchoForms
{
    None = 0,
    Upper = 1,
    Same = 2,
    Any = Upper | Same,
}

/// <summary>Compares replies with messages, as many bytes at a time as the processor can. Thread-safe.</summary>
internal static class EchoComparison
{
    /// <summary>
    /// Returns the index of the first wrong byte, counted from <paramref name="replyOffset"/>, or -1. Narrows the forms to
    /// those that fit: a server must not change its form.
    /// </summary>
    public static int FindMismatch(byte[] reply, int replyOffset, byte[] message, int messageOffset, int count, ref EchoForms forms)
    {
        if ((uint)replyOffset > (uint)reply.Length || (uint)messageOffset > (uint)message.Length
            || (uint)count > (uint)Math.Min(reply.Length - replyOffset, message.Length - messageOffset))
            throw new ArgumentOutOfRangeException(nameof(count));

        var upper = (forms & EchoForms.Upper) != 0 ? FirstDifference(reply, replyOffset, message, messageOffset, count, upper: true) : 0;
        var same = (forms & EchoForms.Same) != 0 ? FirstDifference(reply, replyOffset, message, messageOffset, count, upper: false) : 0;
        var left = (upper < 0 ? EchoForms.Upper : EchoForms.None) | (same < 0 ? EchoForms.Same : EchoForms.None);
        if (left == EchoForms.None)
            return Math.Max(upper, same);

        forms = left;
        return -1;
    }

    private static unsafe int FirstDifference(byte[] reply, int replyOffset, byte[] message, int messageOffset, int count, bool upper)
    {
        fixed (byte* replies = reply, messages = message)
        {
            var a = replies + replyOffset;
            var b = messages + messageOffset;
            var i = 0;
            for (; count - i >= Vector<byte>.Count; i += Vector<byte>.Count)
            {
                var expected = *(Vector<byte>*)(b + i);
                if (*(Vector<byte>*)(a + i) != (upper ? AsciiUpper.Upper(expected) : expected))
                    break;
            }

            for (; i < count; i++)
            {
                if (a[i] != (upper ? AsciiUpper.Upper(b[i]) : b[i]))
                    return i;
            }

            return -1;
        }
    }
}
