using System.Collections.Generic;
using System.ComponentModel;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using EchoSocket.Polling;
using Xunit;

namespace EchoSocket.Tests;

public class EpollPollerTests : PollerTests
{
    private protected override IPoller Create() => Pollers.Epoll();

    [Fact]
    public void Without_a_handle_for_it_it_fails_and_closes_nothing()
    {
        using (Create())
        {
            // skips where there is no such poller, and loads what it needs
        }

        var (error, isZeroOpen) = NoHandles.Run(() => Create());

        Assert.IsType<Win32Exception>(error);
        Assert.True(isZeroOpen);
    }
}

public class SelectPollerTests : PollerTests
{
    private protected override IPoller Create() => new SelectPoller();

    [Fact]
    public void If_more_are_ready_than_the_array_holds_each_is_reported_in_turn()
    {
        using var poller = Create();
        var sockets = new List<Socket>();
        try
        {
            for (var token = 1; token <= 20; token++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
                sockets.Add(socket);
                socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
                socket.Connect(socket.LocalEndPoint!);
                socket.Send("x"u8);
                poller.Register(socket, token);
                if (token % 5 == 0)
                    poller.Change(token, Interest.Writing);
            }

            var (reported, ready) = (new HashSet<int>(), new int[8]);
            for (var round = 0; round < 3; round++)
            {
                Assert.Equal(8, poller.Wait(1000, ready));
                reported.UnionWith(ready);
            }

            Assert.Equal(20, reported.Count);
        }
        finally
        {
            sockets.ForEach(s => s.Dispose());
        }
    }
}

/// <summary>Waking up, the same with each poller.</summary>
public abstract class PollerTests
{
    private const int Forever = -1;

    private readonly int[] _ready = new int[16];

    private protected abstract IPoller Create();

    [Fact]
    public async Task Waking_ends_a_wait()
    {
        using var poller = Create();
        var waiting = Bounded.Start(() => poller.Wait(Forever, _ready));

        poller.Wake();

        Assert.Equal([Poller.WakeToken], _ready.Take(await waiting.Soon()));
        Assert.Equal(0, poller.Wait(0, _ready));
    }

    [Fact]
    public void A_wake_up_before_a_wait_is_not_lost_and_any_number_of_them_count_as_one()
    {
        using var poller = Create();
        for (var i = 0; i < 300_000; i++) // more than a socket's buffer holds
            poller.Wake();

        Assert.Equal(1, poller.Wait(Forever, _ready));
        while (poller.Wait(0, _ready) > 0)
        {
            // the wake-ups that were still in the socket's buffer
        }

        poller.Wake();
        Assert.Equal(1, poller.Wait(Forever, _ready));
    }

    [Fact]
    public async Task A_reported_token_ends_a_wait_once_and_none_is_lost()
    {
        using var poller = Create();
        var waiting = Bounded.Start(() => poller.Wait(Forever, _ready));

        poller.Report(7);

        Assert.Equal([Poller.WakeToken, 7], _ready.Take(await waiting.Soon()));
        Assert.Equal(0, poller.Wait(0, _ready));

        for (var token = 1; token <= 40; token++) // more than the array holds
            poller.Report(token);
        var reported = new List<int>();
        while (reported.Count < 40)
            reported.AddRange(_ready.Take(poller.Wait(Forever, _ready)).Where(token => token != Poller.WakeToken));
        Assert.Equal(Enumerable.Range(1, 40), reported);
    }

    [Fact]
    public void Waking_after_the_end_is_harmless()
    {
        var poller = Create();
        poller.Dispose();
        poller.Dispose();

        poller.Wake();
        poller.Report(1);
    }
}
