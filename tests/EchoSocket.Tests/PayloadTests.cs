using System;
using System.Collections.Generic;
using System.Linq;
using EchoSocket.Common;
using EchoSocket.Measuring;
using Xunit;

namespace EchoSocket.Tests;

public class PayloadTests
{
    private readonly Payload _payload = new(32);

    [Theory]
    [InlineData(65_519)]
    [InlineData(65_521)]
    [InlineData(65_521 * 3)]
    public void Messages_as_long_as_its_period_differ_too(int size)
    {
        var payload = new Payload(size);
        var (first, second) = (payload.Offset(0), payload.Offset(size));

        Assert.False(payload.Bytes.AsSpan(first, 1000).SequenceEqual(payload.Bytes.AsSpan(second, 1000)));
    }

    [Fact]
    public void Messages_differ_from_those_before_and_have_all_values()
    {
        var seen = new HashSet<string>();
        for (var message = 0; message < 2000; message++)
            Assert.True(seen.Add(Convert.ToHexString(_payload.Bytes, _payload.Offset(message * 32L), 32)));

        Assert.Equal(256, _payload.Bytes.Take(65_521).Distinct().Count());
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(65_520, 100)]
    [InlineData(1_000_000_007, Payload.MaxChunkSize)]
    public void Both_kinds_of_echo_are_right_anywhere_in_the_stream(long position, int count)
    {
        var same = _payload.Bytes.AsSpan(_payload.Offset(position), count).ToArray();
        var upper = (byte[])same.Clone();
        AsciiUpper.Apply(upper, 0, count);

        foreach (var (reply, form) in new[] { (same, EchoForms.Same), (upper, EchoForms.Upper) })
        {
            var forms = EchoForms.Any;
            Assert.Equal(-1, _payload.FindMismatch(reply, count, position, ref forms));
            Assert.True(forms == form || forms == EchoForms.Any); // short pieces may have no letter
        }
    }

    [Fact]
    public void The_first_wrong_byte_is_found_wherever_it_is()
    {
        for (var wrong = 0; wrong < 200; wrong++)
        {
            var reply = _payload.Bytes.AsSpan(_payload.Offset(77), 200).ToArray();
            reply.AsSpan(wrong).Clear();
            var forms = EchoForms.Same;
            var expected = Enumerable.Range(wrong, 200 - wrong).FirstOrDefault(i => _payload.Bytes[_payload.Offset(77) + i] != 0, -1);
            Assert.Equal(expected, _payload.FindMismatch(reply, 200, 77, ref forms));
            Assert.Equal(EchoForms.Same, forms);
        }
    }
}
