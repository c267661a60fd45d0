using System;
using System.Net;
using Xunit;

namespace EchoSocket.Tests;

public class AddressRangeTests
{
    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1", true)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    [InlineData("192.0.2.0/24", "192.0.2.0", true)]
    [InlineData("192.0.2.0/24", "192.0.2.255", true)]
    [InlineData("192.0.2.0/24", "192.0.3.0", false)]
    [InlineData("192.0.2.0/24", "191.255.255.255", false)]
    [InlineData("192.0.2.8/29", "192.0.2.15", true)]
    [InlineData("192.0.2.8/29", "192.0.2.16", false)]
    [InlineData("192.0.2.8/29", "192.0.2.7", false)]
    [InlineData("128.0.0.0/1", "255.255.255.255", true)]
    [InlineData("128.0.0.0/1", "127.255.255.255", false)]
    [InlineData("192.0.2.1/32", "192.0.2.1", true)]
    [InlineData("192.0.2.1/32", "192.0.2.0", false)]
    [InlineData("0.0.0.0/0", "255.255.255.255", true)]
    [InlineData("0.0.0.0/0", "::1", false)]
    [InlineData("::/0", "2001:db8::1", true)]
    [InlineData("::/0", "192.0.2.1", false)]
    [InlineData("192.0.2.0/24", "::ffff:192.0.2.7", true)] // an IPv4 client of a dual-mode server
    [InlineData("::/0", "::ffff:192.0.2.7", false)]
    [InlineData("::ffff:192.0.2.1", "192.0.2.1", true)]
    [InlineData("::ffff:192.0.2.0/120", "192.0.2.9", true)]
    [InlineData("::ffff:192.0.2.0/120", "192.0.3.9", false)]
    [InlineData("::ffff:0:0/96", "192.0.3.9", true)]
    [InlineData("192.0.2.1", "::c000:201", false)] // the same 32 bits, but no IPv4 address
    [InlineData("2001:db8::/32", "2001:db8:ffff::1", true)]
    [InlineData("2001:db8::/32", "2001:db9::", false)]
    [InlineData("2001:db8::/33", "2001:db8:8000::", false)]
    [InlineData("2001:db8::1", "2001:db8::1", true)]
    [InlineData("2001:db8::1", "2001:db8::2", false)]
    [InlineData("2001:DB8::1/128", "2001:db8::1", true)]
    [InlineData("fe80::/10", "fe80::1%3", true)] // of any interface
    [InlineData("fe80::1", "fe80::1%3", true)]
    [InlineData("fe80::1%3", "fe80::1%3", true)]
    [InlineData("fe80::1%3", "fe80::1%4", false)]
    [InlineData("fe80::1%3", "fe80::1", false)]
    [InlineData("fe80::%3/64", "fe80::9%3", true)]
    [InlineData("fe80::%3/64", "fe80::9%4", false)]
    public void A_range_contains_the_addresses_that_begin_with_its_prefix(string range, string address, bool contained) =>
        Assert.Equal(contained, AddressRange.Parse(range).Contains(IPAddress.Parse(address)));

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1")]
    [InlineData("192.0.2.1/32", "192.0.2.1")]
    [InlineData("192.0.2.0/24", "192.0.2.0/24")]
    [InlineData("2001:DB8:0::/32", "2001:db8::/32")]
    [InlineData("::ffff:192.0.2.0/120", "192.0.2.0/24")]
    [InlineData("fe80::%3/64", "fe80::%3/64")]
    public void A_range_is_written_in_its_short_form(string range, string text) => Assert.Equal(text, AddressRange.Parse(range).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("server1.example")]
    [InlineData("7")]
    [InlineData("192.0.2")]
    [InlineData("192.0.2/24")]
    [InlineData("192.0.02.0/24")]
    [InlineData("192.0.2.256")]
    [InlineData("0x7f.0.0.1")]
    [InlineData("192.0.2.0/")]
    [InlineData("192.0.2.0/33")]
    [InlineData("192.0.2.0/-1")]
    [InlineData("192.0.2.0/+8")]
    [InlineData("192.0.2.0/ 24")]
    [InlineData(" 192.0.2.0/24")]
    [InlineData("192.0.2.0/24/24")]
    [InlineData("192.0.2.0/4294967320")]
    [InlineData("192.0.2.0/255.255.255.0")]
    [InlineData("192.0.2.0-192.0.2.9")]
    [InlineData("192.0.2.1:80")]
    [InlineData("2001:db8::/129")]
    [InlineData("[2001:db8::1]")]
    [InlineData("[2001:db8::1]:80")]
    [InlineData("fe80::1%nosuchinterface")]
    [InlineData("fe80::1%")]
    public void Other_text_is_refused_and_the_message_quotes_it(string text)
    {
        var error = Assert.Throws<FormatException>(() => AddressRange.Parse(text));

        Assert.StartsWith($"'{text}' is not an IP address or network. ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("192.0.2.1/24", "Write 192.0.2.0/24", "or 192.0.2.1 ")]
    [InlineData("2001:db8::1/32", "2001:db8::/32", "2001:db8::1 ")]
    [InlineData("192.0.2.0/33", "0 to 32")]
    [InlineData("2001:db8::/129", "0 to 128")]
    [InlineData("192.0.2", "192.0.0.2")]
    [InlineData("fe80::1%nosuchinterface", "no interface 'nosuchinterface'")]
    public void The_message_says_what_to_write(string text, params string[] parts)
    {
        var error = Assert.Throws<FormatException>(() => AddressRange.Parse(text));

        Assert.All(parts, part => Assert.Contains(part.Replace("Write ", "", StringComparison.Ordinal), error.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("\u001B[2Jnonsense", @"'\u001B[2Jnonsense' is not")]
    [InlineData("192.0.2.0/24\r\n", @"'192.0.2.0/24\r\n' is not")]
    [InlineData("fe80::1%eth\u009B", @"no interface 'eth\u009B'")]
    public void The_message_escapes_what_a_terminal_would_obey(string text, string expected)
    {
        var error = Assert.Throws<FormatException>(() => AddressRange.Parse(text));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(error.Message, char.IsControl);
    }
}
