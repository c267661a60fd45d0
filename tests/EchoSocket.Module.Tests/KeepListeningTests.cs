using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using Xunit;

namespace EchoSocket.Module.Tests;

public class KeepListeningTests
{
    [Fact]
    public void Many_clients_are_served_and_each_connection_is_written_when_it_ends()
    {
        using var server = new BackgroundServer("-KeepListening");
        using var one = Peers.Call(server.Port);
        using var two = Peers.Call(server.Port);
        two.Send("two"u8);
        Assert.Equal("TWO"u8.ToArray(), two.ReadExactly(3));
        one.Send("one"u8);
        Assert.Equal("ONE"u8.ToArray(), one.ReadExactly(3));

        var name = two.LocalEndPoint!.ToString();
        two.Close();
        server.Running.Until(r => r.Output.Count == 1);
        Assert.Equal(name, server.Running.Output[0].Properties["RemoteEndPoint"].Value);

        one.Send("one"u8);
        one.ReadExactly(3);
        one.Reset();
        server.Running.Until(r => r.Output.Count == 2);
        Assert.Equal("PeerReset", $"{server.Running.Output[1].Properties["EndReason"].Value}");
        Assert.Equal(6L, server.Running.Output[1].Properties["BytesSent"].Value);
    }

    [Fact]
    public void Clients_beyond_MaxConnections_wait()
    {
        using var engine = new Engine();
        using var server = new BackgroundServer("-KeepListening -MaxConnections 1");
        using var first = Peers.Call(server.Port);
        first.Send("x"u8);
        first.ReadExactly(1);
        using var waiting = engine.Begin("Send-EchoMessage later -Port $args[0]", server.Port);

        first.Close();

        Assert.Equal(["LATER"], waiting.End().Strings);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Verbose_messages_decode_each_client_by_itself(int threads)
    {
        using var server = new BackgroundServer($"-KeepListening -ThreadCount {threads}");
        using var one = Peers.Call(server.Port);
        using var two = Peers.Call(server.Port);
        one.NoDelay = two.NoDelay = true;
        foreach (var half in new[] { 0, 1 }) // the two bytes of an ß from each client, interleaved
        {
            foreach (var client in new[] { one, two })
            {
                client.Send([new byte[] { 0xC3, 0x9F }[half]]);
                client.ReadExactly(1);
            }
        }

        server.Running.Until(r => r.Verbose.Count(v => v.Contains(" sent 1 byte: ", StringComparison.Ordinal)) == 4);
        Assert.Equal(2, server.Running.Verbose.Count(v => v.EndsWith(" sent 1 byte: \"ß\"", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_client_that_connects_to_two_addresses_from_one_port_is_two_clients()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "other systems have only 127.0.0.1 by default");
        using var server = new BackgroundServer("-KeepListening -Address 0.0.0.0");
        using var one = FromPort(0);
        one.Connect(IPAddress.Parse("127.0.0.1"), server.Port);
        var two = FromPort(((IPEndPoint)one.LocalEndPoint!).Port);
        two.Connect(IPAddress.Parse("127.0.0.2"), server.Port);
        server.Running.Until(r => r.Verbose.Count(v => v.EndsWith(" connected.", StringComparison.Ordinal)) == 2);

        two.Close();
        server.Running.Until(r => r.Output.Count == 1);

        one.Send("still here"u8);
        Assert.Equal("STILL HERE"u8.ToArray(), one.ReadExactly(10));
    }

    private static Socket FromPort(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.ReceiveTimeout = (int)Bounded.Limit.TotalMilliseconds;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
        return socket;
    }

    [Fact]
    public void Stopping_closes_every_connection_with_FIN_and_frees_the_port()
    {
        using var server = new BackgroundServer("-KeepListening -Backlog 4096");
        var clients = Thousand(server.Port);

        Bounded.Start(server.Running.Stop).Get(TimeSpan.FromSeconds(2));
        server.Running.End(TimeSpan.FromSeconds(2));

        foreach (var client in clients)
        {
            client.ReadEnd(); // FIN; a reset would throw
            client.Dispose();
        }

        using var engine = new Engine();
        using var again = engine.Begin("Start-EchoServer -Port $args[0] -Verbose", server.Port);
        again.Until(r => r.Verbose.Count > 0);
    }

    [Fact]
    public void A_pipeline_that_ends_early_ends_the_server()
    {
        using var engine = new Engine();
        using var running = engine.Begin("foreach ($once in 1) { Start-EchoServer -KeepListening -Port 0 -Backlog 4096 -Verbose | ForEach-Object { $_; break } }; 'went on'");
        running.Until(r => r.Verbose.Count > 0);
        var port = int.Parse(running.Verbose[0].Split(':')[1].TrimEnd('.'), System.Globalization.CultureInfo.InvariantCulture);
        var others = Thousand(port);
        Peers.Call(port).Close();

        var result = running.End(TimeSpan.FromSeconds(2));

        Assert.Equal(2, result.Output.Count);
        Assert.Equal("went on", result.Output[1].BaseObject);
        others.ForEach(Peers.ReadEnd);
        others.ForEach(o => o.Dispose());
    }

    private static List<Socket> Thousand(int port)
    {
        var clients = Enumerable.Range(0, 1000).Select(_ => Peers.Call(port)).ToList();
        foreach (var client in clients)
        {
            client.Send("x"u8);
            client.ReadExactly(1);
        }

        return clients;
    }
}
