using System;
using System.Linq;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>The client takes nothing for a reply that no echo would send.</summary>
public class ReplyMismatchTests
{
    [Theory]
    [InlineData("hello", "HTTP/1.1 400 Bad Request\r\n\r\n", 1, @"""HTTP/1.1 400 Bad Request\r\n\r\n""")]
    [InlineData("hello", "SSH-2.0-x\n", 0, @"""SSH-2.0-x\n""")]
    [InlineData("hello", @"is ""\ ", 0, @"""is \""\\ """)]
    [InlineData("hello", "HellO", 1, "\"HellO\"")] // neither all upper-case nor all as it was
    [InlineData("hello", "HELLo", 4, "\"HELLo\"")]
    [InlineData("HELLO", "hello", 0, "\"hello\"")]
    [InlineData("hello", "olleh", 0, "\"olleh\"")]
    [InlineData("h\u00E9", "H\u00C9", 2, "\"H\u00C9\"")] // the second byte of the second letter
    [InlineData("ab", "\u001B]", 0, @"""\u001B]""")]
    public async Task A_reply_that_no_echo_would_send_names_its_first_wrong_byte_and_shows_what_came(
        string message, string reply, int offset, string shown)
    {
        var bytes = Encoding.UTF8.GetBytes(message);
        using var server = new ScriptedServer(peer =>
        {
            peer.ReadExactly(bytes.Length);
            peer.Send(Encoding.UTF8.GetBytes(reply));
            peer.ReadEnd();
        });
        using var client = Peers.Client(server.EndPoint);

        var error = Mismatch(() => client.Exchange(bytes, bytes.Length, new byte[100]));

        Assert.Equal(server.EndPoint.ToString(), error.EndPoint);
        Assert.Contains(
            $"the first wrong byte is at offset {offset} of the {bytes.Length} bytes of message 1 on its connection. It sent {shown}.",
            error.Message, StringComparison.Ordinal);
        Assert.Contains("AnyReply", error.Message, StringComparison.Ordinal);
        Assert.Throws<ObjectDisposedException>(() => client.Exchange(bytes, bytes.Length, new byte[100]));
        await server.Done.Soon();
    }

    [Fact]
    public async Task A_wrong_byte_is_noticed_before_the_rest_comes()
    {
        using var server = new ScriptedServer(peer =>
        {
            peer.ReadExactly(1000);
            peer.Send("x"u8);
            peer.ReadEnd(); // the client gives up without the other 999
        });
        using var client = Peers.Client(server.EndPoint);

        Mismatch(() => client.Exchange(new byte[1000], 1000, new byte[1000]));
        await server.Done.Soon();
    }

    [Fact]
    public async Task A_wrong_byte_is_noticed_while_a_large_message_is_still_being_sent()
    {
        const int size = 16 * 1024 * 1024;
        using var server = new ScriptedServer(peer =>
        {
            peer.Send("220 mail.example.com ESMTP\r\n"u8);
            IgnoreErrors(() => peer.ReadExactly(size)); // the client closes before
        });
        using var client = Peers.Client(server.EndPoint);

        var error = await Bounded.Start(() => Mismatch(() => client.Exchange(new byte[size], size, new byte[size]))).Soon();

        Assert.Contains(@"""220 mail.example.com ESMTP\r\n""", error.Message, StringComparison.Ordinal);
        await server.Done.Soon();
    }

    [Theory]
    [InlineData(5000)]
    [InlineData(64 * 1024 + 3)]
    [InlineData(4 * 1024 * 1024 + 5)]
    public async Task One_wrong_byte_is_found_wherever_it_is(int size)
    {
        var message = new byte[size];
        new Random(size).NextBytes(message);
        foreach (var wrong in new[] { 0, size / 2, size - 1 })
        {
            using var server = new ScriptedServer(peer =>
            {
                var reply = peer.ReadExactly(size);
                reply[wrong] ^= 0x80;
                IgnoreErrors(() => peer.Send(reply)); // the client closes at the wrong byte
            });
            using var client = Peers.Client(server.EndPoint);

            var error = Mismatch(() => client.Exchange(message, size, new byte[size]));

            Assert.Contains($"at offset {wrong:N0} of the {size:N0} bytes", error.Message, StringComparison.Ordinal);
            await server.Done.Soon();
        }
    }

    [Fact]
    public async Task What_came_is_shown_from_the_wrong_byte_on_if_that_is_far_in_and_never_at_length()
    {
        using var server = new ScriptedServer(peer =>
        {
            var reply = peer.ReadExactly(1000);
            Encoding.ASCII.GetBytes("wrong here").CopyTo(reply, 500);
            peer.Send(reply);
            peer.ReadEnd();
        });
        using var client = Peers.Client(server.EndPoint);

        var error = Mismatch(() => client.Exchange([.. Enumerable.Repeat((byte)'.', 1000)], 1000, new byte[1000]));

        Assert.Contains(" It sent \"…wrong here......", error.Message, StringComparison.Ordinal);
        Assert.Contains("...…\". ", error.Message, StringComparison.Ordinal);
        Assert.InRange(error.Message.Length, 100, 600);
        await server.Done.Soon();
    }

    [Fact]
    public async Task A_server_must_not_change_its_form_from_one_message_to_the_next()
    {
        using var server = new ScriptedServer(peer =>
        {
            peer.Send(Encoding.ASCII.GetBytes(Encoding.ASCII.GetString(peer.ReadExactly(3)).ToUpperInvariant()));
            peer.Send(peer.ReadExactly(3));
            peer.ReadEnd();
        });
        using var client = Peers.Client(server.EndPoint);
        client.Exchange("one"u8.ToArray(), 3, new byte[10]);

        var error = Mismatch(() => client.Exchange("two"u8.ToArray(), 3, new byte[10]));

        Assert.Contains("at offset 0 of the 3 bytes of message 2 on its connection. It sent \"two\".", error.Message, StringComparison.Ordinal);
        await server.Done.Soon();
    }

    [Theory]
    [InlineData(10)]
    [InlineData(4)] // room for a single byte more
    public async Task Bytes_beyond_the_reply_that_come_with_it_are_noticed_at_once(int buffer)
    {
        using var server = new ScriptedServer(peer =>
        {
            peer.ReadExactly(3);
            peer.Send("ONE\r\nmore"u8);
            peer.ReadEnd();
        });
        using var client = Peers.Client(server.EndPoint);

        var error = Mismatch(() => client.Exchange("one"u8.ToArray(), 3, new byte[buffer]));

        Assert.Contains(@"sent more than it received: after its reply to message 1 came ""\r\nmore"".", error.Message, StringComparison.Ordinal);
        await server.Done.Soon();
    }

    [Fact]
    public async Task Bytes_beyond_the_reply_that_come_later_are_noticed_by_the_next_message()
    {
        using var server = new ScriptedServer(peer =>
        {
            peer.ReadExactly(3);
            peer.Send("ONE!"u8);
            peer.Send(peer.ReadExactly(3));
            peer.ReadEnd();
        });
        using var client = Peers.Client(server.EndPoint);
        client.Exchange("one"u8.ToArray(), 3, new byte[3]); // no room for what is beyond

        var error = Mismatch(() => client.Exchange("two"u8.ToArray(), 3, new byte[3]));

        Assert.Contains("at offset 0 of the 3 bytes of message 2 on its connection. It sent \"!", error.Message, StringComparison.Ordinal);
        await server.Done.Soon();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Bytes_that_come_after_the_last_reply_are_noticed_by_the_close(bool afterFin)
    {
        using var sent = new ManualResetEventSlim();
        using var server = new ScriptedServer(peer =>
        {
            peer.Send(peer.ReadExactly(3));
            sent.Wait(Bounded.Limit); // so that they do not come with the reply
            if (afterFin)
                peer.ReadEnd();
            peer.Send("bye\r\n"u8);
        });
        using var client = Peers.Client(server.EndPoint, closeGrace: Bounded.Limit);
        client.Exchange("one"u8.ToArray(), 3, new byte[10]);
        if (afterFin)
            client.EndSending();
        sent.Set();

        var error = Mismatch(client.Close);

        Assert.Contains(@"sent more than it received: after its reply to message 1 came ""bye\r\n"".", error.Message, StringComparison.Ordinal);
        client.Close(); // nothing is left to close
        await server.Done.Soon();
    }

    [Fact]
    public async Task A_close_waits_for_the_servers_FIN_and_finds_it_right()
    {
        using var server = new ScriptedServer(peer =>
        {
            peer.Send(peer.ReadExactly(3));
            peer.ReadEnd();
        });
        using var client = Peers.Client(server.EndPoint);
        client.Exchange("one"u8.ToArray(), 3, new byte[10]);

        client.Close();

        await server.Done.Soon();
        Assert.Throws<ObjectDisposedException>(() => client.Exchange("one"u8.ToArray(), 3, new byte[10]));
    }

    [Fact]
    public async Task A_close_does_not_wait_for_ever_for_a_server_that_does_not_close()
    {
        using var closed = new ManualResetEventSlim();
        using var server = new ScriptedServer(peer =>
        {
            peer.Send(peer.ReadExactly(3));
            closed.Wait(Bounded.Limit);
        });
        using var client = Peers.Client(server.EndPoint);
        client.Exchange("one"u8.ToArray(), 3, new byte[10]);

        await Bounded.Start(client.Close).Soon();

        closed.Set();
        await server.Done.Soon();
    }

    [Fact]
    public async Task A_reset_instead_of_the_servers_FIN_is_no_failure()
    {
        using var server = new ScriptedServer(peer =>
        {
            peer.Send(peer.ReadExactly(3));
            peer.ReadEnd();
            peer.Reset();
        });
        using var client = Peers.Client(server.EndPoint);
        client.Exchange("one"u8.ToArray(), 3, new byte[10]);

        client.Close();

        await server.Done.Soon();
    }

    [Fact]
    public async Task With_any_reply_nothing_is_checked()
    {
        using var server = new ScriptedServer(peer =>
        {
            peer.ReadExactly(3);
            peer.Send("no!"u8);
            peer.ReadExactly(3);
            peer.Send("echo, and more"u8);
        });
        using var client = Peers.Client(server.EndPoint, anyReply: true);
        var reply = new byte[10];

        client.Exchange("one"u8.ToArray(), 3, reply);
        Assert.Equal("no!"u8.ToArray(), reply[..3]);
        client.Exchange("two"u8.ToArray(), 3, reply);
        Assert.Equal("ech"u8.ToArray(), reply[..3]);
        client.CheckIdle();
        client.Close();

        await server.Done.Soon();
    }

    [Fact]
    public async Task Between_messages_a_standing_connection_is_idle()
    {
        using var server = new ScriptedServer(peer =>
        {
            peer.Send(peer.ReadExactly(3));
            peer.Send(peer.ReadExactly(3));
            peer.ReadEnd();
        });
        using var client = Peers.Client(server.EndPoint);
        client.CheckIdle();
        client.Exchange("one"u8.ToArray(), 3, new byte[10]);
        client.CheckIdle();
        client.Exchange("two"u8.ToArray(), 3, new byte[10]);
        client.Dispose();

        Assert.Throws<ObjectDisposedException>(client.CheckIdle);
        await server.Done.Soon();
    }

    [Theory]
    [InlineData("closes", EchoError.ConnectionClosedEarly, "closed the connection while no message was outstanding")]
    [InlineData("resets", EchoError.ConnectionReset, "reset the connection while no message was outstanding")]
    [InlineData("talks", EchoError.ReplyMismatch, @"after its reply to message 1 came ""\a""")]
    public async Task Between_messages_an_end_or_bytes_that_answer_nothing_are_noticed(string does, EchoError kind, string says)
    {
        using var answered = new ManualResetEventSlim();
        using var server = new ScriptedServer(peer =>
        {
            peer.Send(peer.ReadExactly(3));
            answered.Wait(Bounded.Limit);
            if (does == "resets")
                peer.Reset();
            else if (does == "talks")
                peer.Send([7]);
        });
        using var client = Peers.Client(server.EndPoint);
        client.Exchange("one"u8.ToArray(), 3, new byte[3]);
        answered.Set();
        await server.Done.Soon();

        EchoException? error = null;
        Bounded.Until(() =>
        {
            try
            {
                client.CheckIdle();
            }
            catch (EchoException e)
            {
                error = e;
            }

            return error is not null;
        });

        Assert.Equal(kind, error!.Error);
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.Throws<ObjectDisposedException>(client.CheckIdle);
    }

    [Fact]
    public async Task A_banner_before_the_first_message_is_noticed()
    {
        using var server = new ScriptedServer(peer =>
        {
            peer.Send("SSH-2.0-x\r\n"u8);
            peer.ReadEnd();
        });
        using var client = Peers.Client(server.EndPoint, closeGrace: Bounded.Limit);

        var error = Mismatch(client.Close);

        Assert.Contains(@"sent ""SSH-2.0-x\r\n"" before it received a message. ", error.Message, StringComparison.Ordinal);
        await server.Done.Soon();
    }

    [Fact]
    public async Task A_cancelled_connection_is_not_called_closed_by_the_server()
    {
        using var cancellation = new CancellationTokenSource();
        using var server = new ScriptedServer(peer => peer.ReadEnd());
        using var client = Peers.Client(server.EndPoint, cancellation: cancellation.Token);
        cancellation.Cancel();

        Assert.ThrowsAny<OperationCanceledException>(client.CheckIdle);
        await server.Done.Soon();
    }

    private static void IgnoreErrors(Action call)
    {
        try
        {
            call();
        }
        catch (Exception e) when (e is SocketException or InvalidOperationException)
        {
            // The connection has ended.
        }
    }

    private static EchoException Mismatch(Action exchange)
    {
        var error = Assert.Throws<EchoException>(exchange);
        Assert.Equal(EchoError.ReplyMismatch, error.Error);
        return error;
    }
}
