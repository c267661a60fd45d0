using System;
using System.Linq;
using System.Net.Sockets;
using System.Text;
using EchoSocket.Common;
using EchoSocket.Polling;
using EchoSocket.Serving;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>The pieces of the event loop, with fake connections and times.</summary>
public sealed class ServingTests : IDisposable
{
    private const int ListenerToken = 1;
    private const int Budget = 10_000;

    private readonly Recorder _recorder = new();
    private readonly FakePoller _poller = new();
    private readonly ConnectionTable _connections = new(firstToken: 2);
    private readonly ActivityOrder _activity = new();
    private readonly UnsentReplies _unsent = new(Budget);
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Acceptor _acceptor;
    private readonly ConnectionCloser _closer;
    private readonly Answering _answering;

    public ServingTests()
    {
        var counters = new ServerCounters();
        var loop = counters.Loops[0];
        _acceptor = new Acceptor([_listener], ListenerToken, new AcceptLimits(100, 100), allowFrom: null, _poller, counters, _recorder);
        _closer = new ConnectionCloser(
            _poller, _connections, _activity, _unsent, loop, _recorder, "127.0.0.1:2", _acceptor.ConnectionEnded);
        _answering = new Answering(_poller, (bytes, count) => AsciiUpper.Apply(bytes, 0, count), _unsent, _closer, loop, _recorder);
    }

    public void Dispose()
    {
        _acceptor.Dispose();
        _listener.Dispose();
    }

    [Fact]
    public void A_reply_sent_in_many_parts_is_whole_and_in_order()
    {
        var (connection, transport) = Connect();
        transport.Receives("abcdefghij");
        for (var room = 0; room <= 4; room++) // 0, 1, 2, 3 and 4 bytes are sent
        {
            transport.Room = room;
            Assert.Equal(Step.Moved, _answering.Advance(connection));
        }

        Assert.Equal("ABCDEFGHIJ", Encoding.ASCII.GetString([.. transport.Outgoing]));
        Assert.Equal((10L, 10L, Interest.Reading), (connection.BytesReceived, connection.BytesSent, _poller.Interests[connection.Token]));
    }

    [Fact]
    public void A_client_that_does_not_read_is_not_read_from()
    {
        var (connection, transport) = Connect();
        transport.Receives("abc");
        transport.Room = 0;
        _answering.Advance(connection);
        transport.Receives("def");

        Assert.Equal(Step.Nothing, _answering.Advance(connection));
        Assert.Equal((3, Interest.Writing), (transport.Unread, _poller.Interests[connection.Token]));
    }

    [Fact]
    public void A_transport_that_wants_to_send_is_watched_for_room_until_it_has_sent()
    {
        var (connection, transport) = Connect();
        transport.WantsToSend = true;
        Assert.Equal(Step.Nothing, _answering.Advance(connection));
        Assert.Equal(Interest.Reading | Interest.Writing, _poller.Interests[connection.Token]);

        transport.WantsToSend = false;
        Assert.Equal(Step.Nothing, _answering.Advance(connection));
        Assert.Equal(Interest.Reading, _poller.Interests[connection.Token]);
    }

    [Fact]
    public void Beyond_the_budget_for_unsent_replies_little_is_read_at_once_until_some_are_sent()
    {
        var (greedy, full) = Connect();
        full.Receives(new string('x', Budget));
        full.Room = 0;
        _answering.Advance(greedy);
        var (connection, transport) = Connect();
        transport.Receives("a");

        _answering.Advance(connection);
        full.Room = int.MaxValue;
        _answering.Advance(greedy);
        transport.Receives("b");
        _answering.Advance(connection);

        Assert.Equal([UnsentReplies.MinReadSize, Budget], transport.ReadSizes);
        Assert.Equal("AB", Encoding.ASCII.GetString([.. transport.Outgoing]));
    }

    [Theory]
    [InlineData(1_000_000, 256 * 1024)]
    [InlineData(100_000, 100_000)]
    [InlineData(1, 4096)]
    [InlineData(-1_000_000, 4096)]
    public void The_read_size_is_the_rest_of_the_budget_within_limits(int left, int readSize)
    {
        const int Kept = 1 << 21;
        var unsent = new UnsentReplies(Kept + left);
        unsent.Store(Connect().Connection, new byte[Kept], 0, Kept);

        Assert.Equal(readSize, unsent.ReadSize);
    }

    [Fact]
    public void An_unsent_reply_takes_no_more_of_the_budget_than_its_buffer_and_gives_it_back()
    {
        const int Large = 1 << 20;
        var unsent = new UnsentReplies(budget: Large + 10_000);
        var (large, small) = (Connect().Connection, Connect().Connection);
        unsent.Store(large, new byte[Large], 0, Large);
        unsent.Release(large);
        Assert.Equal(UnsentReplies.MaxReadSize, unsent.ReadSize);

        unsent.Store(large, new byte[Large], 0, Large - 1);
        unsent.Store(small, new byte[10], 0, 10); // not in the large spare buffer
        Assert.Equal(10_000 - 512, unsent.ReadSize);

        unsent.Release(large);
        unsent.Release(small);
        unsent.Release(small);
        Assert.Equal(UnsentReplies.MaxReadSize, unsent.ReadSize);
    }

    [Fact]
    public void After_a_pause_of_the_process_a_client_whose_message_waits_is_answered_and_only_silent_ones_are_idle()
    {
        var clients = Enumerable.Range(0, 700).Select(_ => Connect()).ToList();
        var (silent, last) = (clients[350], clients[^1]);
        foreach (var (_, transport) in clients.Where(c => c != silent))
            transport.Receives("hello");
        last.Transport.Room = 3;
        var idle = new IdleTimer(TimeSpan.FromSeconds(1), _activity, _answering, _closer);

        idle.EndIdle(idle.Due + Clock.Ticks(TimeSpan.FromHours(8)));

        Assert.All(clients.Where(c => c != silent && c != last), c => Assert.Equal("HELLO", Encoding.ASCII.GetString([.. c.Transport.Outgoing])));
        Assert.Equal((EndReason.IdleTimeout, 0L), _recorder.Connections.Select(c => (c.EndReason, c.BytesReceived)).Single());
        Assert.True(silent.Transport.IsClosed);
        Assert.Equal(699, _connections.Count);
    }

    [Fact]
    public void A_client_that_takes_some_of_its_reply_after_the_limit_is_not_idle()
    {
        var (connection, transport) = Connect();
        transport.Receives("hello");
        transport.Room = 1;
        _answering.Advance(connection);
        var idle = new IdleTimer(TimeSpan.FromSeconds(1), _activity, _answering, _closer);
        var late = idle.Due;

        transport.Room = 1;
        idle.EndIdle(late);
        Assert.Empty(_recorder.Connections);

        idle.EndIdle(idle.Due);
        Assert.Equal(
            (EndReason.IdleTimeout, "3 bytes from the client were not answered."),
            _recorder.Connections.Select(c => (c.EndReason, c.Detail)).Single());
    }

    [Theory]
    [InlineData(EndReason.Stopped, true)]
    [InlineData(EndReason.IdleTimeout, false)]
    public void The_result_says_what_the_client_did_not_get(EndReason reason, bool reset)
    {
        var (connection, transport) = Connect(unacknowledged: 12_345);
        transport.Receives("answered");
        _answering.Advance(connection);
        transport.Room = 0;
        transport.Receives(new string('x', 2000));
        _answering.Advance(connection);
        transport.Receives("more");

        _closer.End(connection, reason);

        var result = _recorder.Connections.Single();
        Assert.Equal(
            "The client had not yet taken 12,345 bytes of its replies. 2,004 bytes from the client were not answered.", result.Detail);
        Assert.Equal((reason, 8L), (result.EndReason, result.BytesSent));
        Assert.Equal((true, reset), (transport.IsClosed, transport.IsAborted));
        Assert.Equal(Budget, _unsent.ReadSize);
    }

    [Theory]
    [InlineData(EndReason.Stopped, true)]
    [InlineData(EndReason.IdleTimeout, false)]
    public void What_comes_while_a_connection_is_closed_is_counted_too(EndReason reason, bool reset)
    {
        var (connection, transport) = Connect();
        transport.OnShutdown = () => transport.Receives("late");

        _closer.End(connection, reason);

        var result = _recorder.Connections.Single();
        Assert.Equal((4L, "4 bytes from the client were not answered."), (result.BytesReceived, result.Detail));
        Assert.Equal((true, reset), (transport.IsClosed, transport.IsAborted));
    }

    [Fact]
    public void The_result_of_a_client_that_got_every_reply_has_no_detail()
    {
        var (connection, transport) = Connect(unacknowledged: 5); // the system delivers it after the FIN
        transport.Receives("hello");
        _answering.Advance(connection);

        _closer.End(connection, EndReason.Stopped);

        Assert.Equal((EndReason.Stopped, ""), _recorder.Connections.Select(c => (c.EndReason, c.Detail)).Single());
        Assert.False(transport.IsAborted);
    }

    [Fact]
    public void An_acceptor_out_of_handles_pauses_until_a_connection_is_closed()
    {
        var (connection, _) = Connect();
        _acceptor.UpdateAccepting(1);
        _poller.Accepts.Enqueue(SocketError.TooManyOpenSockets);
        Assert.Null(_acceptor.Accept(ListenerToken));
        Assert.Equal(Interest.None, _poller.Interests[ListenerToken]);
        Assert.InRange(_acceptor.ResumeTime, 1, long.MaxValue - 1);

        _acceptor.UpdateAccepting(1); // a tenth of a second has not passed
        Assert.Equal(Interest.None, _poller.Interests[ListenerToken]);

        _closer.End(connection, EndReason.PeerClosed);
        _acceptor.UpdateAccepting(0);
        Assert.Equal((Interest.Reading, long.MaxValue), (_poller.Interests[ListenerToken], _acceptor.ResumeTime));
    }

    [Fact]
    public void An_acceptor_out_of_handles_is_woken_when_another_loop_closes_a_connection()
    {
        _acceptor.UpdateAccepting(1);
        _poller.Accepts.Enqueue(SocketError.TooManyOpenSockets);
        Assert.Null(_acceptor.Accept(ListenerToken));
        _acceptor.UpdateAccepting(1);
        Assert.Equal(Interest.None, _poller.Interests[ListenerToken]);

        _acceptor.ConnectionEndedElsewhere(1);
        _acceptor.UpdateAccepting(1);
        Assert.Equal((1, Interest.Reading), (_poller.Wakes, _poller.Interests[ListenerToken]));
    }

    [Fact]
    public void A_handle_that_was_freed_before_the_observer_was_full_does_not_resume_accepting()
    {
        _acceptor.UpdateAccepting(1);
        _poller.Accepts.Enqueue(SocketError.TooManyOpenSockets);
        Assert.Null(_acceptor.Accept(ListenerToken));
        _acceptor.ConnectionEnded(1);
        _acceptor.UpdateAccepting(1);
        Assert.Equal(Interest.Reading, _poller.Interests[ListenerToken]);

        _recorder.Full = true;
        Assert.Null(_acceptor.Accept(ListenerToken));
        _acceptor.UpdateAccepting(1);
        Assert.Equal(Interest.None, _poller.Interests[ListenerToken]);
    }

    [Theory]
    [InlineData(100, long.MaxValue, 99, 1)] // one less than the most
    [InlineData(100, long.MaxValue, 98, 0)]
    [InlineData(100, long.MaxValue, 0, 0)]
    [InlineData(100, 1000L, 0, 1)] // perhaps the last in all
    [InlineData(100, 1000L, 1, 0)]
    public void An_acceptor_is_woken_when_another_loop_ends_a_connection_that_it_may_wait_for(int atOnce, long total, int active, int wakes)
    {
        using var acceptor = new Acceptor([_listener], ListenerToken, new AcceptLimits(atOnce, total), null, _poller, new ServerCounters(), null);
        acceptor.ConnectionEndedElsewhere(active);
        Assert.Equal(wakes, _poller.Wakes);
    }

    [Fact]
    public void Without_handles_from_the_start_it_warns_and_pauses()
    {
        Assert.Null(NoHandles.Run(() => _acceptor.UpdateAccepting(0)).Error);

        Assert.Empty(_poller.Interests);
        Assert.InRange(_acceptor.ResumeTime, 1, long.MaxValue - 1);
        Assert.Contains("no file handle is left", _recorder.Warnings.Single(), StringComparison.Ordinal);
    }

    private (ServedConnection Connection, FakeTransport Transport) Connect(int unacknowledged = 0)
    {
        var transport = new FakeTransport { Unacknowledged = unacknowledged };
        var connection = new ServedConnection(_connections.TakeToken(), transport);
        _connections.Add(connection);
        _activity.Add(connection);
        return (connection, transport);
    }
}
