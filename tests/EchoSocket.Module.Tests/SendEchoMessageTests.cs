using System;
using System.Linq;
using System.Text;
using Xunit;

namespace EchoSocket.Module.Tests;

public class SendEchoMessageTests
{
    [Fact]
    public void A_reply_is_a_string_and_compares_equal()
    {
        using var engine = new Engine();
        using var server = new BackgroundServer();

        Assert.Equal(true, engine.Run("(Send-EchoMessage hello -Port $args[0]) -ceq 'HELLO'", server.Port).Output.Single().BaseObject);
    }

    [Fact]
    public void A_pipeline_goes_over_one_connection_in_order()
    {
        using var engine = new Engine();
        using var server = new BackgroundServer();

        var result = engine.Run("1..200 | ForEach-Object { \"message $_\" } | Send-EchoMessage -Port $args[0]", server.Port);

        Assert.Equal(Enumerable.Range(1, 200).Select(i => $"MESSAGE {i}"), result.Strings);
        Assert.Equal("PeerClosed", $"{server.Connection().Properties["EndReason"].Value}");
    }

    [Theory]
    [InlineData("héllo 你好 ß", "HéLLO 你好 ß")]
    [InlineData(" ", " ")]
    [InlineData("line one\r\n\tand two\0", "LINE ONE\r\n\tAND TWO\0")]
    [InlineData("😀 smile", "😀 SMILE")]
    public void Text_comes_back_with_its_ascii_letters_upper_cased(string message, string reply)
    {
        using var engine = new Engine();
        using var server = new BackgroundServer();

        Assert.Equal([reply], engine.Run("Send-EchoMessage -Message $args[1] -Port $args[0]", server.Port, message).Strings);
        Assert.Equal(Encoding.UTF8.GetByteCount(message), (long)server.Connection().Properties["BytesReceived"].Value);
    }

    [Fact]
    public void A_plain_echo_changes_nothing()
    {
        using var engine = new Engine();
        using var server = new BackgroundServer("-Transform None");

        Assert.Equal(["Hello"], engine.Run("Send-EchoMessage Hello -Port $args[0]", server.Port).Strings);
    }

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
    public void An_encoding_is_what_goes_over_the_wire(string encoding, string bytes)
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

    [Fact]
    public void An_unknown_encoding_is_refused_by_name()
    {
        using var engine = new Engine();

        var error = engine.Terminating("Send-EchoMessage hi -Encoding klingon -Port 1").Exception;

        Assert.Contains("'klingon' is not an encoding", error.Message, StringComparison.Ordinal);
        Assert.Contains("utf8", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Encodings_complete()
    {
        using var engine = new Engine();

        var result = engine.Run("(TabExpansion2 'Send-EchoMessage -Encoding utf' 30).CompletionMatches.CompletionText");

        Assert.Equal(["utf8", "utf8NoBOM", "utf32"], result.Strings);
    }

    [Fact]
    public void Detailed_tells_of_the_round_trip()
    {
        using var engine = new Engine();
        using var server = new BackgroundServer();

        var reply = engine.Run("Send-EchoMessage ßa -Port $args[0] -Detailed", server.Port).Output.Single();

        Assert.Equal("EchoSocket.EchoReply", reply.TypeNames[0]);
        Assert.Equal("ßa", reply.Properties["Message"].Value);
        Assert.Equal("ßA", reply.Properties["Reply"].Value);
        Assert.Equal(3, reply.Properties["ByteCount"].Value);
        Assert.InRange((TimeSpan)reply.Properties["RoundTripTime"].Value, TimeSpan.FromTicks(1), Bounded.Limit);
        Assert.Equal($"127.0.0.1:{server.Port}", reply.Properties["RemoteEndPoint"].Value);
        Assert.Equal(server.Connection().Properties["RemoteEndPoint"].Value, reply.Properties["LocalEndPoint"].Value);
    }

    [Theory]
    [InlineData("ComputerName")]
    [InlineData("HostName")]
    [InlineData("TargetName")]
    [InlineData("cn")]
    [InlineData("Address")]
    public void Objects_name_their_own_servers_and_each_gets_one_connection(string property)
    {
        using var engine = new Engine();
        using var one = new BackgroundServer();
        using var two = new BackgroundServer();

        var result = engine.Run(
            """
            $property, $one, $two = $args
            $one, $two, $one, $two | ForEach-Object { [pscustomobject]@{ $property = 'localhost'; Port = $_ } } |
                Send-EchoMessage -Message hi, there
            """,
            property, one.Port, two.Port);

        Assert.Empty(result.Errors);
        Assert.Equal(["HI", "THERE", "HI", "THERE", "HI", "THERE", "HI", "THERE"], result.Strings);
        Assert.Equal(14L, one.Connection().Properties["BytesReceived"].Value);
        Assert.Equal(14L, two.Connection().Properties["BytesReceived"].Value);
    }

    [Fact]
    public void An_object_can_bring_its_message_too()
    {
        using var engine = new Engine();
        using var server = new BackgroundServer();

        var result = engine.Run("[pscustomobject]@{ Message = 'hi'; Port = $args[0] } | Send-EchoMessage", server.Port);

        Assert.Equal(["HI"], result.Strings);
    }

    [Fact]
    public void A_large_message_comes_back_whole()
    {
        using var engine = new Engine();
        using var server = new BackgroundServer();

        var result = engine.Run("$m = 'abcdefgh' * 1MB; (Send-EchoMessage $m -Port $args[0]) -ceq $m.ToUpper()", server.Port);

        Assert.Equal(true, result.Output.Single().BaseObject);
    }

    [Fact]
    public void Strict_mode_and_stopping_at_errors_change_nothing()
    {
        using var engine = new Engine();
        using var server = new BackgroundServer();

        var result = engine.Run(
            "Set-StrictMode -Version Latest; $ErrorActionPreference = 'Stop'; 'a', 'b' | Send-EchoMessage -Port $args[0]", server.Port);

        Assert.Null(result.Ended);
        Assert.Equal(["A", "B"], result.Strings);
    }

    [Fact]
    public void Each_reply_is_written_before_the_next_message_is_asked_for()
    {
        using var engine = new Engine();
        using var server = new BackgroundServer();

        var result = engine.Run(
            "$seen = @(); 1..3 | ForEach-Object { $seen += \"in $_\"; \"$_\" } | Send-EchoMessage -Port $args[0] | ForEach-Object { $seen += \"out $_\" }; $seen",
            server.Port);

        Assert.Equal(["in 1", "out 1", "in 2", "out 2", "in 3", "out 3"], result.Strings);
    }
}
