using System;
using System.Linq;
using EchoSocket.Common;
using Xunit;

namespace EchoSocket.Tests;

public class AsciiUpperTests
{
    private static byte Reference(byte b) => b is >= (byte)'a' and <= (byte)'z' ? (byte)(b - 32) : b;

    [Fact]
    public void Every_pair_of_neighbouring_bytes_comes_out_right()
    {
        // Neighbours matter: a word-wise sum must not carry from one byte into the next.
        for (var a = 0; a < 256; a++)
        {
            var buffer = Enumerable.Range(0, 256).SelectMany(b => new[] { (byte)a, (byte)b }).ToArray();
            var expected = buffer.Select(Reference).ToArray();

            AsciiUpper.Apply(buffer, 0, buffer.Length);

            Assert.Equal(expected, buffer);
        }
    }

    [Fact]
    public void Only_the_range_asked_for_changes_at_every_offset_and_length()
    {
        for (var offset = 0; offset < 18; offset++)
        {
            for (var count = 0; count < 40; count++)
            {
                var buffer = Enumerable.Repeat((byte)'q', offset + count + 9).ToArray();

                AsciiUpper.Apply(buffer, offset, count);

                Assert.Equal(new string('q', offset) + new string('Q', count) + new string('q', 9), System.Text.Encoding.ASCII.GetString(buffer));
            }
        }
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, 5)]
    [InlineData(4, 1)]
    [InlineData(0, -1)]
    public void A_range_outside_the_buffer_is_refused(int offset, int count) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => AsciiUpper.Apply(new byte[4], offset, count));
}
