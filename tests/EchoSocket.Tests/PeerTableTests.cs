using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Net;
using EchoSocket.Common;
using EchoSocket.Serving;
using Xunit;

namespace EchoSocket.Tests;

public class PeerTableTests
{
    [Fact]
    public void Peers_are_listed_with_their_totals_the_latest_first()
    {
        var start = DateTime.UtcNow;
        var table = new PeerTable(10);
        See(table, "127.0.0.1:1", 5);
        See(table, "[::1]:1", 0);
        See(table, "127.0.0.1:2", 7);
        See(table, "127.0.0.1:1", 6);

        Assert.Equal(
            ["127.0.0.1:1 2 11", "127.0.0.1:2 1 7", "[::1]:1 1 0"],
            table.Snapshot().Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.RemoteEndPoint} {p.Messages} {p.Bytes}")));
        Assert.Equal((3, 0), (table.Count, table.Forgotten));
        Assert.All(table.Snapshot(), p => Assert.InRange(p.FirstSeen, start - TimeSpan.FromMinutes(1), p.LastSeen));
        Assert.All(table.Snapshot(), p => Assert.InRange(p.LastSeen, p.FirstSeen, DateTime.UtcNow + TimeSpan.FromMinutes(1)));
    }

    // A list that is searched from end to end is a slow model of the table.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(100)]
    public void Beyond_the_maximum_the_peer_that_was_silent_longest_is_forgotten(int max)
    {
        var random = new Random(max);
        var table = new PeerTable(max);
        var model = new List<(string Peer, long Count)>();
        var forgotten = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var peer = $"10.0.{random.Next(3)}.{random.Next(30)}:{1024 + random.Next(3)}";
            See(table, peer, 1);
            var index = model.FindIndex(p => p.Peer == peer);
            var count = index < 0 ? 0 : model[index].Count;
            if (index >= 0)
                model.RemoveAt(index);
            model.Insert(0, (peer, count + 1));
            if (model.Count > max)
            {
                model.RemoveAt(max);
                forgotten++;
            }

            if (i % 500 == 0)
                Assert.Equal(model, table.Snapshot().Select(p => (p.RemoteEndPoint, p.Messages)));
        }

        Assert.Equal(model, table.Snapshot().Select(p => (p.RemoteEndPoint, p.Messages)));
        Assert.Equal(forgotten, table.Forgotten);
    }

    [Fact]
    public void A_table_that_is_full_allocates_nothing()
    {
        var table = new PeerTable(1000);
        var addresses = Enumerable.Range(0, 5000).Select(i => new PeerAddress(IPAddress.Loopback, i)).ToArray();
        Array.ForEach(addresses, a => See(table, a));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < 10; round++)
        {
            foreach (var address in addresses)
                See(table, address);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20_000);
        Assert.Equal(54_000, table.Forgotten);
    }

    [Theory]
    [InlineData("127.0.0.1:80")]
    [InlineData("[::1]:65535")]
    [InlineData("[2001:db8::1:2]:1")]
    [InlineData("[fe80::1%3]:7")]
    [InlineData("0.0.0.0:0")]
    public void An_address_survives_as_numbers(string text)
    {
        var endPoint = IPEndPoint.Parse(text);
        var address = new PeerAddress(endPoint);

        Assert.Equal(endPoint, address.ToEndPoint());
        Assert.Equal(IPAddress.IsLoopback(endPoint.Address), address.IsLoopback);
        Assert.Equal(text[0] != '[', address.IsIPv4);
        Assert.Equal(address, new PeerAddress(endPoint));
        Assert.NotEqual(address, new PeerAddress(endPoint.Address, endPoint.Port ^ 1));
    }

    private static void See(PeerTable table, string endPoint, int bytes)
    {
        lock (table.Gate)
            table.Seen(new PeerAddress(IPEndPoint.Parse(endPoint)), bytes, Stopwatch.GetTimestamp());
    }

    private static void See(PeerTable table, in PeerAddress address)
    {
        lock (table.Gate)
            table.Seen(address, 1, Stopwatch.GetTimestamp());
    }
}
