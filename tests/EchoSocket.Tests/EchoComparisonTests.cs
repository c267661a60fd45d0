using System;
using System.Linq;
using EchoSocket.Common;
using Xunit;

namespace EchoSocket.Tests;

public class EchoComparisonTests
{
    private static readonly byte[] Message = [.. Enumerable.Range(0, 300).Select(i => (byte)('a' + (i % 26)))];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_first_wrong_byte_is_found_wherever_it_is_and_nothing_outside_the_range_counts(bool upper)
    {
        for (var count = 1; count < 90; count++)
        {
            for (var wrong = -1; wrong <= count; wrong++)
            {
                var reply = Reply(upper, 5, count);
                if (wrong >= 0 && wrong < count)
                    reply[5 + wrong] = 0;
                var forms = EchoForms.Any;

                var found = EchoComparison.FindMismatch(reply, 5, Message, 7, count, ref forms);

                Assert.Equal(wrong < count ? wrong : -1, found);
                Assert.Equal(found >= 0 ? EchoForms.Any : upper ? EchoForms.Upper : EchoForms.Same, forms);
            }
        }
    }

    [Fact]
    public void A_form_that_was_left_does_not_come_back()
    {
        var forms = EchoForms.Same;

        Assert.Equal(0, EchoComparison.FindMismatch(Reply(upper: true, 0, 10), 0, Message, 7, 10, ref forms));
    }

    [Theory]
    [InlineData(0, 0, 301)]
    [InlineData(1, 0, 300)]
    [InlineData(0, 1, 300)]
    [InlineData(-1, 0, 1)]
    [InlineData(0, -1, 1)]
    [InlineData(0, 0, -1)]
    public void A_range_outside_a_buffer_is_refused(int replyOffset, int messageOffset, int count)
    {
        var forms = EchoForms.Any;

        Assert.Throws<ArgumentOutOfRangeException>(
            () => EchoComparison.FindMismatch(Message, replyOffset, Message, messageOffset, count, ref forms));
    }

    // The message from its eighth byte on, with zeros around it.
    private static byte[] Reply(bool upper, int offset, int count)
    {
        var reply = new byte[offset + count + 40];
        Array.Copy(Message, 7, reply, offset, count);
        if (upper)
            AsciiUpper.Apply(reply, 0, reply.Length);
        return reply;
    }
}
