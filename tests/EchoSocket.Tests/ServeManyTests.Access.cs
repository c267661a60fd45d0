using System;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using EchoSocket.Common;
using Xunit;

namespace EchoSocket.Tests;

// Who may connect.
public abstract partial class ServeManyTests
{
    [Theory]
    [InlineData("0.0.0.0", "127.0.0.2", "127.0.0.2/32", "127.0.0.3")]
    [InlineData("::", "127.0.0.2", "127.0.0.2/32", "127.0.0.3")] // IPv4 clients of a dual-mode server
    [InlineData("::", "::1", "::/0", "127.0.0.1")]
    public async Task A_client_that_AllowFrom_does_not_include_is_closed_at_once_and_counted(
        string listening, string allowed, string range, string other)
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6 || !listening.Contains(':'), "no IPv6 here");
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux has all of 127.0.0.0/8");
        var recorder = new Recorder();
        using var server = Start(
            o => (o.Addresses, o.AllowFrom) = ([listening], [AddressRange.Parse("192.0.2.1"), AddressRange.Parse(range)]), recorder);

        using var client = TestClient.Of(CallFrom(allowed, server), Tls);
        var refused = Refuse(other, server);
        client.Send("hi"u8);
        Assert.Equal("HI"u8, client.ReadExactly(2));
        Bounded.Until(() => !recorder.Refusals.IsEmpty); // another thread may report it
        Assert.Equal((1L, 1L, 1), (server.Server.RefusedConnections, server.Server.TotalConnections, server.Server.ActiveConnections));
        Assert.Equal([refused], recorder.Refusals);
        client.Close();
        await server.Recorder.Ended(1);
        Assert.Equal(2, server.Server.BytesReceived);
    }

    [Fact]
    public async Task Refused_clients_do_not_count_as_one_of_ConnectionCount_and_leave_nothing_behind()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux has all of 127.0.0.0/8");
        using var server = Start(o => (o.ConnectionCount, o.MaxConnections, o.AllowFrom) = (1, 1, [AddressRange.Parse("127.0.0.1")]));
        void RefuseMany(int count)
        {
            for (var i = 0; i < count; i++)
                Refuse("127.0.0.2", server);
        }

        RefuseMany(100);
        var handles = Handles();
        RefuseMany(1000);
        Bounded.Until(() => Handles() - handles < 50); // other tests come and go; a leak stays
        using (var client = Client(server))
            Assert.Equal("HI", Exchange(client, "hi"));

        await server.Serving.Soon();
        Assert.Equal((1100L, 1L), (server.Server.RefusedConnections, server.Server.TotalConnections));
        Assert.Single(server.Recorder.Connections);
    }

    [Fact]
    public void A_range_that_is_missing_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new EchoServerOptions { AllowFrom = [] });
        Assert.Throws<ArgumentException>(() => new EchoServerOptions { AllowFrom = [null!] });
    }

    // Connects, and waits for the reset, which may come during the connect. Returns the client's endpoint.
    private static string Refuse(string address, TestServer server)
    {
        using var socket = Bound(address);
        var local = socket.LocalEndPoint!.ToString()!;
        var error = Assert.Throws<SocketException>(() =>
        {
            Connect(socket, server);
            socket.Receive(new byte[1]);
        });
        Assert.True(SocketErrors.IsReset(error.SocketErrorCode), $"{error.SocketErrorCode}");
        return local;
    }

    private static Socket CallFrom(string address, TestServer server)
    {
        var socket = Bound(address);
        Connect(socket, server);
        return socket;
    }

    private static Socket Bound(string address)
    {
        var from = new IPEndPoint(IPAddress.Parse(address), 0);
        var socket = new Socket(from.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        Peers.SetTimeouts(socket);
        socket.Bind(from);
        return socket;
    }

    private static void Connect(Socket socket, TestServer server) => socket.Connect(
        socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Loopback : IPAddress.IPv6Loopback, server.EndPoint.Port);
}
