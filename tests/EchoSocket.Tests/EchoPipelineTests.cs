using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>Several messages in flight over one connection, with a caller that measures and with one that does not.</summary>
public class EchoPipelineTests
{
    private static readonly EchoClientTls TrustAuthority = new() { TrustedCertificates = [TestCertificates.Authority] };

    public static TheoryData<bool> Measured => [false, true];

    public static TheoryData<bool, bool> MeasuredAndTls => new() { { false, false }, { true, false }, { false, true }, { true, true } };

    [Theory]
    [MemberData(nameof(MeasuredAndTls))]
    public async Task Replies_come_in_the_order_of_the_messages_whatever_their_sizes(bool measure, bool tls)
    {
        using var server = Serve(tls);
        using var client = Peers.Client(server.EndPoint, tls: tls ? TrustAuthority : null);
        var random = new Random(1);
        var pipeline = client.StartPipeline(50, measure);
        var expected = new Queue<byte[]>();
        var reply = new byte[EchoPipeline.MaxBytes];
        var sizes = Enumerable.Range(0, 3000).Select(i => i % 100 == 0 ? random.Next(300_000) + 1 : random.Next(100) + 1).Append(EchoPipeline.MaxBytes);

        await Bounded.Start(() =>
        {
            foreach (var size in sizes)
            {
                var message = new byte[size];
                random.NextBytes(message);
                while (!pipeline.TrySend(message, size))
                    Take(wait: true);
                expected.Enqueue(message);
                Take(wait: false);
            }

            while (expected.Count > 0)
                Take(wait: true);
        }).Soon();

        Assert.Equal(0, pipeline.Outstanding);
        client.Close();
        await server.Serving.Soon();

        void Take(bool wait)
        {
            if (!pipeline.TryReceive(reply, wait, out var count, out var roundTripTime))
                return;

            var message = expected.Dequeue();
            Assert.Equal(message.Length, count);
            Assert.True(reply.AsSpan(0, count).SequenceEqual(Upper(message)));
            Assert.True(roundTripTime > TimeSpan.Zero);
        }
    }

    [Theory]
    [MemberData(nameof(Measured))]
    public async Task As_many_messages_as_asked_for_are_outstanding_and_no_more(bool measure)
    {
        using var server = new ScriptedServer(peer =>
        {
            var messages = peer.ReadExactly(30); // all of them before the first reply
            peer.Send(messages);
            peer.ReadEnd();
        });
        using var client = Peers.Client(server.EndPoint);
        var pipeline = client.StartPipeline(10, measure);

        for (var i = 0; i < 10; i++)
            Assert.True(pipeline.TrySend("one"u8.ToArray(), 3));

        Assert.False(pipeline.TrySend("one"u8.ToArray(), 3));
        Assert.Equal(10, pipeline.Outstanding);
        for (var left = 9; left >= 0; left--)
        {
            Assert.True(await Bounded.Start(() => pipeline.TryReceive(new byte[3], wait: true, out _, out _)).Soon());
            Assert.Equal(left, pipeline.Outstanding);
        }

        Assert.False(pipeline.TryReceive(new byte[3], wait: true, out _, out _));
        client.Close();
        await server.Done.Soon();
    }

    [Theory]
    [MemberData(nameof(Measured))]
    public async Task Messages_are_sent_while_the_caller_is_elsewhere(bool measure)
    {
        using var server = new ScriptedServer(peer => peer.ReadExactly(9));
        using var client = Peers.Client(server.EndPoint);
        var pipeline = client.StartPipeline(100, measure);

        for (var i = 0; i < 3; i++)
            Assert.True(pipeline.TrySend("one"u8.ToArray(), 3));

        await server.Done.Soon();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_long_path_delays_many_messages_little_more_than_one(bool tls)
    {
        const int Count = 100_000;
        using var server = Serve(tls);
        using var path = new LongPath(server.EndPoint, TimeSpan.FromMilliseconds(20));
        using var client = Peers.Client(path.EndPoint, tls: tls ? TrustAuthority : null);
        var pipeline = client.StartPipeline(2048);
        var reply = new byte[5];

        // One after another they would take over half an hour.
        await Bounded.Start(() =>
        {
            var received = 0;
            for (var i = 0; i < Count; i++)
            {
                while (!pipeline.TrySend("hello"u8.ToArray(), 5))
                    Take(wait: true);
                Take(wait: false);
            }

            while (received < Count)
                Take(wait: true);

            void Take(bool wait) => received += pipeline.TryReceive(reply, wait, out _, out _) ? 1 : 0;
        }).Soon();

        client.Close();
        await path.Done.Soon();
    }

    [Fact]
    public async Task Over_TLS_too_a_failure_comes_after_the_replies_before_it_and_says_how_the_connection_ended()
    {
        using var server = new ScriptedServer(socket =>
        {
            using var tls = new SslStream(new NetworkStream(socket));
            tls.AuthenticateAsServer(TestCertificates.Server);
            tls.ReadExactly(new byte[20]);
            tls.Write("ONE..TWO..TH"u8);
        });
        using var client = Peers.Client(server.EndPoint, tls: TrustAuthority);
        var pipeline = client.StartPipeline(4);
        foreach (var message in new[] { "one..", "two..", "three", "four." })
            Assert.True(pipeline.TrySend(Encoding.ASCII.GetBytes(message), 5));
        await server.Done.Soon();

        var reply = new byte[5];
        Assert.True(pipeline.TryReceive(reply, wait: true, out _, out _));
        Assert.True(pipeline.TryReceive(reply, wait: true, out _, out _));
        var error = Assert.Throws<EchoException>(() => pipeline.TryReceive(reply, wait: true, out _, out _));

        Assert.Equal(EchoError.ConnectionClosedEarly, error.Error);
        Assert.Contains("2 of 5 bytes of the reply came", error.Message, StringComparison.Ordinal);
        Assert.Contains("close_notify", error.Message, StringComparison.Ordinal);
        Assert.Equal(2, pipeline.Outstanding);
    }

    [Theory]
    [InlineData("closes", EchoError.ConnectionClosedEarly, "2 of 5 bytes of the reply came")]
    [InlineData("resets", EchoError.ConnectionReset, "reset the connection")]
    [InlineData("is silent", EchoError.OperationTimeout, "2 of 5 bytes of the reply came")]
    [InlineData("errs", EchoError.ReplyMismatch, "the first wrong byte is at offset 2 of the 5 bytes of message 3 on its connection. It sent \"THx")]
    [InlineData("errs later", EchoError.ReplyMismatch, "offset 4 of the 5 bytes of message 4 on its connection. It sent \"FOUR?\"")]
    public async Task A_failure_comes_after_the_replies_before_it_and_belongs_to_its_message(string does, EchoError kind, string says)
    {
        foreach (var measure in new[] { false, true })
        {
            using var server = new ScriptedServer(peer =>
            {
                peer.ReadExactly(20);
                peer.Send(Encoding.ASCII.GetBytes(
                    does == "errs" ? "ONE..TWO..THxEEFOUR." : does == "errs later" ? "ONE..TWO..THREEFOUR?" : "ONE..TWO..TH"));
                if (does == "resets")
                    peer.Reset();
                else if (does != "closes")
                    peer.ReadEnd();
            });
            using var client = Peers.Client(server.EndPoint, operationTimeout: does == "is silent" ? 0.3 : 20);
            var pipeline = client.StartPipeline(4, measure);
            foreach (var message in new[] { "one..", "two..", "three", "four." })
                Assert.True(pipeline.TrySend(Encoding.ASCII.GetBytes(message), 5));

            List<string> replies = [];
            var reply = new byte[5];
            var error = await Bounded.Start(() => Assert.Throws<EchoException>(() =>
            {
                while (pipeline.TryReceive(reply, wait: true, out var count, out _))
                    replies.Add(Encoding.ASCII.GetString(reply, 0, count));
            })).Soon();

            Assert.Equal(kind, error.Error);
            Assert.Contains(says, error.Message, StringComparison.Ordinal);
            string[] expected = does == "errs later" ? ["ONE..", "TWO..", "THREE"] : ["ONE..", "TWO.."];
            if (does == "resets")
                Assert.Equal(expected[..replies.Count], replies); // a reset may overtake what came before it
            else
                Assert.Equal(expected, replies);
            Assert.Equal(4 - replies.Count, pipeline.Outstanding);
            Assert.False(pipeline.TrySend(reply, 5));
            Assert.Throws<ObjectDisposedException>(() => client.Exchange([1], 1, reply));
            await server.Done.Soon();
        }
    }

    [Theory]
    [MemberData(nameof(Measured))]
    public async Task Bytes_beyond_the_last_reply_are_a_failure_of_its_message(bool measure)
    {
        using var server = new ScriptedServer(peer =>
        {
            peer.ReadExactly(6);
            peer.Send("ONETWO\r\nmore"u8);
            peer.ReadEnd();
        });
        using var client = Peers.Client(server.EndPoint);
        var pipeline = client.StartPipeline(2, measure);
        Assert.True(pipeline.TrySend("one"u8.ToArray(), 3));
        Assert.True(pipeline.TrySend("two"u8.ToArray(), 3));
        var reply = new byte[3];
        Assert.True(await Bounded.Start(() => pipeline.TryReceive(reply, wait: true, out _, out _)).Soon());

        var error = Assert.Throws<EchoException>(() => pipeline.TryReceive(reply, wait: true, out _, out _));

        Assert.Equal(EchoError.ReplyMismatch, error.Error);
        Assert.Contains(@"after its reply to message 2 came ""\r\nmore""", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, pipeline.Outstanding);
        await server.Done.Soon();
    }

    [Theory]
    [MemberData(nameof(MeasuredAndTls))]
    public async Task Cancelling_ends_a_wait_at_once(bool measure, bool tls)
    {
        using var cancellation = new CancellationTokenSource();
        using var received = new ManualResetEventSlim();
        using var server = new ScriptedServer(peer =>
        {
            using Stream stream = tls ? new SslStream(new NetworkStream(peer)) : new NetworkStream(peer);
            (stream as SslStream)?.AuthenticateAsServer(TestCertificates.Server);
            stream.ReadExactly(new byte[3]);
            received.Set();
            Assert.Equal(0, stream.Read(new byte[1]));
        });
        using var client = Peers.Client(server.EndPoint, tls: tls ? TrustAuthority : null, cancellation: cancellation.Token);
        var pipeline = client.StartPipeline(2, measure);
        pipeline.TrySend("one"u8.ToArray(), 3);
        var receiving = Bounded.Start(() => pipeline.TryReceive(new byte[3], wait: true, out _, out _));
        Assert.True(received.Wait(Bounded.Limit, TestContext.Current.CancellationToken));

        cancellation.Cancel();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => receiving.Soon(Bounded.Promptly));
        await server.Done.Soon(Bounded.Promptly);
    }

    [Theory]
    [MemberData(nameof(Measured))]
    public async Task Closing_with_messages_in_flight_is_prompt(bool measure)
    {
        using var received = new ManualResetEventSlim();
        using var server = new ScriptedServer(peer =>
        {
            peer.ReadExactly(3);
            received.Set();
            peer.ReadEnd();
        });
        var client = Peers.Client(server.EndPoint);
        client.StartPipeline(2, measure).TrySend("one"u8.ToArray(), 3);
        Assert.True(received.Wait(Bounded.Limit, TestContext.Current.CancellationToken));

        Assert.Throws<InvalidOperationException>(client.Close);
        await Bounded.Start(client.Dispose).Soon(Bounded.Promptly);

        await server.Done.Soon();
    }

    [Theory]
    [MemberData(nameof(Measured))]
    public async Task Closing_with_many_bytes_in_flight_sends_RST(bool measure)
    {
        const int size = 200_000;
        using var received = new ManualResetEventSlim();
        using var server = new ScriptedServer(peer =>
        {
            peer.ReadExactly(size);
            received.Set();
            Bounded.Until(() => (int)peer.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)! != 0); // FIN is no error
        });
        var client = Peers.Client(server.EndPoint);
        client.StartPipeline(2, measure).TrySend(new byte[size], size);
        Assert.True(received.Wait(Bounded.Limit, TestContext.Current.CancellationToken));

        client.Dispose();

        await server.Done.Soon();
    }

    [Fact]
    public async Task A_measured_round_trip_does_not_count_the_callers_delay()
    {
        var replied = new TaskCompletionSource();
        using var server = new ScriptedServer(peer =>
        {
            peer.Send(peer.ReadExactly(3));
            replied.SetResult();
            peer.ReadEnd();
        });
        using var client = Peers.Client(server.EndPoint);
        var pipeline = client.StartPipeline(2, measure: true);
        var clock = Stopwatch.StartNew();
        pipeline.TrySend("one"u8.ToArray(), 3);
        await replied.Task.Soon();
        Bounded.Until(() => pipeline.Awaited == 0);
        var received = clock.Elapsed;

        Bounded.Until(() => clock.Elapsed > received * 2); // the delay
        Assert.True(pipeline.TryReceive(new byte[3], wait: false, out _, out var roundTripTime));

        Assert.InRange(roundTripTime, TimeSpan.FromTicks(1), received);
        client.Close();
        await server.Done.Soon();
    }

    [Fact]
    public async Task A_reply_in_time_that_is_taken_late_is_no_failure()
    {
        const double Timeout = 1;
        var replied = new TaskCompletionSource();
        using var server = new ScriptedServer(peer =>
        {
            peer.Send(peer.ReadExactly(3));
            replied.SetResult();
            peer.ReadEnd();
        });
        using var client = Peers.Client(server.EndPoint, operationTimeout: Timeout);
        var pipeline = client.StartPipeline(2);
        pipeline.TrySend("one"u8.ToArray(), 3);
        var clock = Stopwatch.StartNew();
        await replied.Task.Soon();
        Bounded.Until(() => pipeline.Awaited == 0);

        Bounded.Until(() => clock.Elapsed.TotalSeconds > Timeout);

        Assert.True(pipeline.TryReceive(new byte[3], wait: true, out _, out _));
        client.Close();
        await server.Done.Soon();
    }

    [Fact]
    public async Task A_single_message_can_be_exchanged_only_while_nothing_is_in_flight()
    {
        using var server = new TestServer(new EchoServerOptions { Port = 0 }, new Recorder(), one: true);
        using var client = Peers.Client(server.EndPoint);
        var pipeline = client.StartPipeline(2);
        pipeline.TrySend("one"u8.ToArray(), 3);
        var reply = new byte[4];
        Assert.Throws<InvalidOperationException>(() => client.Exchange("two"u8.ToArray(), 3, reply));
        Assert.True(await Bounded.Start(() => pipeline.TryReceive(reply, wait: true, out _, out _)).Soon());

        client.Exchange("two"u8.ToArray(), 3, reply);

        Assert.Equal("TWO"u8.ToArray(), reply[..3]);
        Assert.Throws<InvalidOperationException>(() => client.StartPipeline(3));
        client.StopPipeline();
        Assert.False(pipeline.TrySend("one"u8.ToArray(), 3));
        Assert.True(client.StartPipeline(3).TrySend("one"u8.ToArray(), 3));
        client.Dispose();
        await server.Serving.Soon();
    }

    [Theory]
    [MemberData(nameof(Measured))]
    public async Task With_any_reply_nothing_is_checked(bool measure)
    {
        using var server = new ScriptedServer(peer =>
        {
            peer.ReadExactly(6);
            peer.Send("no!noo"u8);
            peer.Send("and more"u8);
            peer.ReadEnd();
        });
        using var client = Peers.Client(server.EndPoint, anyReply: true);
        var pipeline = client.StartPipeline(2, measure);
        pipeline.TrySend("one"u8.ToArray(), 3);
        pipeline.TrySend("two"u8.ToArray(), 3);
        var reply = new byte[3];

        Assert.True(await Bounded.Start(() => pipeline.TryReceive(reply, wait: true, out _, out _)).Soon());
        Assert.Equal("no!"u8.ToArray(), reply);
        Assert.True(await Bounded.Start(() => pipeline.TryReceive(reply, wait: true, out _, out _)).Soon());
        Assert.Equal("noo"u8.ToArray(), reply);
        client.Close();
        await server.Done.Soon();
    }

    [Fact]
    public async Task Arguments_are_checked()
    {
        using var server = new ScriptedServer(peer => peer.ReadEnd());
        using var client = Peers.Client(server.EndPoint);
        Assert.Throws<ArgumentOutOfRangeException>(() => client.StartPipeline(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => client.StartPipeline(EchoPipeline.MaxInFlight + 1));
        var pipeline = client.StartPipeline(1);
        Assert.Throws<ArgumentNullException>(() => pipeline.TrySend(null!, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => pipeline.TrySend([], 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => pipeline.TrySend([1], 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => pipeline.TrySend(new byte[EchoPipeline.MaxBytes + 1], EchoPipeline.MaxBytes + 1));
        client.Close();
        Assert.Throws<ObjectDisposedException>(() => client.StartPipeline(1));
        await server.Done.Soon();
    }

    private static TestServer Serve(bool tls) => new(
        new EchoServerOptions { Port = 0, Tls = tls ? new EchoServerTls { Certificate = TestCertificates.Server } : null }, new Recorder(), one: true);

    private static byte[] Upper(byte[] bytes) => [.. bytes.Select(b => b is >= (byte)'a' and <= (byte)'z' ? (byte)(b - 32) : b)];
}
