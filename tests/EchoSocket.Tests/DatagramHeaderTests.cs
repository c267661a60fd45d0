using System;
using System.Linq;
using System.Text;
using EchoSocket.Common;
using EchoSocket.Measuring;
using Xunit;

namespace EchoSocket.Tests;

public class DatagramHeaderTests
{
    [Theory]
    [InlineData(0, 0, "        ")]
    [InlineData(1, 2, "!     \" ")]
    [InlineData(63, 63, "_     _ ")]
    [InlineData(64, 4095, " !    __")]
    [InlineData((1L << 36) - 1, 4096, "______  ")]
    public void A_header_has_six_bits_a_byte(long number, int socket, string text)
    {
        var datagram = new byte[DatagramHeader.Size];
        DatagramHeader.Write(datagram, number, socket);

        Assert.Equal(text, Encoding.ASCII.GetString(datagram));
        Assert.Equal(number, DatagramHeader.Read(datagram, datagram.Length, socket, number + 1));
    }

    [Fact]
    public void Upper_casing_leaves_every_header_alone()
    {
        var random = new Random(13);
        for (var i = 0; i < 10_000; i++)
        {
            var datagram = new byte[DatagramHeader.Size];
            DatagramHeader.Write(datagram, random.NextInt64(), random.Next());
            var upper = datagram.ToArray();
            AsciiUpper.Apply(upper, 0, upper.Length);
            Assert.Equal(datagram, upper);
        }
    }

    [Theory]
    [InlineData(5, 6)]
    [InlineData((1L << 36) + 5, (1L << 36) + 6)]
    [InlineData((1L << 36) - 5, (1L << 36) + 6)]
    [InlineData((5L << 36) - 1, 6L << 36)]
    public void A_number_that_has_wrapped_is_the_last_one_that_fits(long number, long next)
    {
        var datagram = new byte[DatagramHeader.Size];
        DatagramHeader.Write(datagram, number, 7);

        Assert.Equal(next - number <= 1L << 36 ? number : number + (1L << 36), DatagramHeader.Read(datagram, datagram.Length, 7, next));
    }

    [Fact]
    public void What_was_never_sent_has_no_number()
    {
        var datagram = new byte[DatagramHeader.Size];
        DatagramHeader.Write(datagram, 10, 7);

        Assert.Equal(10, DatagramHeader.Read(datagram, 8, 7, 11));
        Assert.True(DatagramHeader.Read(datagram, 8, 7, 10) < 0); // the next one, not sent yet
        Assert.True(DatagramHeader.Read(datagram, 8, 6, 11) < 0); // another socket's
        Assert.True(DatagramHeader.Read(datagram, 7, 7, 11) < 0);
        foreach (var foreign in new byte[] { 0x1F, 0x60, (byte)'a', 0xFF, 0 })
        {
            datagram[5] = foreign;
            Assert.True(DatagramHeader.Read(datagram, 8, 7, 11) < 0);
        }
    }
}
