using System;
using System.Linq;
using Xunit;

namespace EchoSocket.Module.Tests;

public class SendEchoMessageTests
{
    [Theory]
    [InlineData("'utf8'", "68 C3 A9")]
    [InlineData("'UTF8NoBOM'", "68 C3 A9")]
    [InlineData("'unicode'", "68 00 E9 00")]
    [InlineData("'latin1'", "68 E9")]
    [InlineData("'iso-8859-15'", "68 E9")]
    [InlineData("28591", "68 E9")]
    [InlineData("'28591'", "68 E9")]
    [InlineData("([Text.Encoding]::BigEndianUnicode)", "00 68 00 E9")]
    [InlineData("ascii", "68 3F")]
    public void Messages_are_sent_in_the_chosen_encoding(string encoding, string bytes)
    {
        using var engine = new Engine();
        var expected = bytes.Split(' ').Select(b => Convert.ToByte(b, 16)).ToArray();
        byte[] received = [];
        using var peer = new ScriptedServer(client =>
        {
            received = client.ReadExactly(expected.Length);
            client.Send(received);
            client.ReadEnd();
        });

        var result = engine.Run($"Send-EchoMessage -Message $args[1] -Port $args[0] -Encoding {encoding}", peer.Port, "hé");

        peer.Done.Get();
        Assert.Equal(expected, received);
        Assert.Equal([encoding == "ascii" ? "h?" : "hé"], result.Strings);
    }
}
