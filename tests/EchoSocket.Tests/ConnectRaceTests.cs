using System;
using System.Diagnostics;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using EchoSocket.Common;
using EchoSocket.Connecting;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>Connecting to one address, and to the first of several that answers.</summary>
public class ConnectRaceTests
{
    private static readonly IPAddress Second = IPAddress.Parse("127.0.0.2"); // on Linux; elsewhere nothing answers there

    [Fact]
    public async Task An_address_that_drops_packets_does_not_delay_the_next_one_for_long()
    {
        using var server = Peers.Listen();
        using var silent = FullBacklog.Create(new IPEndPoint(Second, server.LocalEndPoint.Port));
        var serving = Bounded.Start(() => server.ServeOne());

        var race = ConnectRace.Run([Second, IPAddress.Loopback], server.LocalEndPoint.Port, In(TimeSpan.FromMinutes(5)), CancellationToken.None);

        Assert.Equal(server.LocalEndPoint, race.Winner?.Remote);
        Assert.Equal([silent.EndPoint.ToString(), server.LocalEndPoint.ToString()], race.Attempts.Select(a => a.EndPoint));
        Assert.Equal(["another was faster", ""], race.Attempts.Select(a => a.Error));
        Assert.InRange(race.Attempts[0].Time, TimeSpan.FromMilliseconds(200), Bounded.Limit);
        race.Winner?.Socket.Dispose();
        await serving.Soon();
    }

    [Fact]
    public async Task An_address_that_refuses_says_why_and_the_next_one_is_tried()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "others do not have 127.0.0.2");
        using var server = Peers.Listen();
        var serving = Bounded.Start(() => server.ServeOne());

        var race = ConnectRace.Run([Second, IPAddress.Loopback], server.LocalEndPoint.Port, In(Bounded.Limit), CancellationToken.None);

        Assert.Equal(["refused", ""], race.Attempts.Select(a => a.Error));
        Assert.Equal("127.0.0.1", race.Winner?.Remote.Address.ToString());
        race.Winner?.Socket.Dispose();
        await serving.Soon();
    }

    [Fact]
    public void The_families_alternate_beginning_with_that_of_the_first_address()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "others do not have 127.0.0.2 and 127.0.0.3");
        using var refused = BindWithoutListening(out var port);
        string[] addresses = ["127.0.0.1", "127.0.0.2", "127.0.0.3", "::1"];

        var race = ConnectRace.Run([.. addresses.Select(IPAddress.Parse)], port, In(Bounded.Limit), CancellationToken.None);

        Assert.Equal(
            [$"127.0.0.1:{port}", $"[::1]:{port}", $"127.0.0.2:{port}", $"127.0.0.3:{port}"], race.Attempts.Select(a => a.EndPoint));
    }

    [Fact]
    public void If_all_addresses_fail_each_says_why()
    {
        using var refused = BindWithoutListening(out var port);

        var race = ConnectRace.Run([IPAddress.Loopback, Second], port, In(Bounded.Limit), CancellationToken.None);

        Assert.Null(race.Winner);
        Assert.Equal(SocketError.ConnectionRefused, race.Failure.SocketErrorCode);
        Assert.Equal(["refused", "refused"], race.Attempts.Select(a => a.Error));
    }

    [Fact]
    public void If_one_address_drops_packets_the_failure_is_a_time_out_even_if_others_refuse()
    {
        using var full = FullBacklog.Create();

        var race = ConnectRace.Run([IPAddress.Loopback, Second], full.EndPoint.Port, In(TimeSpan.FromSeconds(1)), CancellationToken.None);

        Assert.Null(race.Winner);
        Assert.Equal(SocketError.TimedOut, race.Failure.SocketErrorCode);
        Assert.Equal(["timed out", "refused"], race.Attempts.Select(a => a.Error));
    }

    [Fact]
    public async Task A_race_can_be_cancelled()
    {
        using var full = FullBacklog.Create();
        using var cancellation = new CancellationTokenSource();
        var racing = Bounded.Start(() => ConnectRace.Run(
            [IPAddress.Loopback, full.EndPoint.Address], full.EndPoint.Port, In(TimeSpan.FromMinutes(5)), cancellation.Token));

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => racing.Soon(Bounded.Promptly));
    }

    [Fact]
    public void A_socket_that_is_connected_to_itself_is_refused()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "others do not connect a socket to itself");
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));

        var attempt = ConnectAttempt.Run((IPEndPoint)socket.LocalEndPoint!, In(Bounded.Limit), CancellationToken.None, socket);

        Assert.Null(attempt.Connected);
        Assert.Equal(SocketError.ConnectionRefused, attempt.Failure?.SocketErrorCode);
        Assert.Throws<ObjectDisposedException>(() => socket.Available);
    }

    [Fact]
    public void An_attempt_fails_when_it_is_due()
    {
        using var full = FullBacklog.Create();

        var attempt = ConnectAttempt.Run(full.EndPoint, In(TimeSpan.FromMilliseconds(50)), CancellationToken.None);

        Assert.Null(attempt.Connected);
        Assert.Equal(SocketError.TimedOut, attempt.Failure?.SocketErrorCode);
        Assert.InRange(attempt.Time, TimeSpan.FromMilliseconds(40), Bounded.Limit);
    }

    [Fact]
    public async Task A_connected_socket_is_blocking_and_has_NoDelay()
    {
        using var server = Peers.Listen();
        var serving = Bounded.Start(() => server.ServeOne());

        var attempt = ConnectAttempt.Run(server.LocalEndPoint, In(Bounded.Limit), CancellationToken.None);

        using (var socket = attempt.Connected!.Socket)
        {
            Assert.Equal((true, true), (socket.Blocking, socket.NoDelay));
            Assert.Equal((socket.LocalEndPoint, socket.RemoteEndPoint), (attempt.Connected.Local, attempt.Connected.Remote));
        }

        await serving.Soon();
    }

    [Fact]
    public void An_attempt_that_fails_or_is_cancelled_closes_its_socket()
    {
        using var refused = BindWithoutListening(out var port);
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        var remote = new IPEndPoint(IPAddress.Loopback, port);
        using var first = ConnectAttempt.CreateSocket(remote);
        using var second = ConnectAttempt.CreateSocket(remote);

        var failed = ConnectAttempt.Run(remote, In(Bounded.Limit), CancellationToken.None, first);
        var ended = ConnectAttempt.Run(remote, In(Bounded.Limit), cancelled.Token, second);

        Assert.Equal((SocketError.ConnectionRefused, null), (failed.Failure?.SocketErrorCode, ended.Failure));
        Assert.All([failed, ended], attempt => Assert.Null(attempt.Connected));
        Assert.All([first, second], socket => Assert.Throws<ObjectDisposedException>(() => socket.Available));
    }

    private static long In(TimeSpan time) => Stopwatch.GetTimestamp() + Clock.Ticks(time);

    // Bound, so that no other socket can listen on the port.
    private static Socket BindWithoutListening(out int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Any, 0));
        port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        return socket;
    }
}
