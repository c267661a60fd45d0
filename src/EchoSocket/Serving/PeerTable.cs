using System;
using System.Collections.Generic;
using System.Diagnostics;
using EchoSocket.Common;

namespace EchoSocket.Serving;

/// <summary>
/// The peers of a UDP server, in the order of their last message. Beyond the maximum the earliest is forgotten. Allocates only while
/// it grows. Thread-safe: <see cref="Seen"/> must be called under <see cref="Gate"/>, once for a batch.
/// </summary>
internal sealed class PeerTable(int max)
{
    private const int None = -1;

    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly DateTime _startTime = DateTime.UtcNow;
    private readonly int _salt = new Random().Next(); // so that nobody can choose addresses that share a chain
    private Peer[] _peers = new Peer[Math.Min(max, 16)];
    private int[] _chains = Empty(32);
    private int _latest = None;
    private int _earliest = None;
    private long _forgotten;

    /// <summary>Guards all fields.</summary>
    public object Gate { get; } = new();

    public int Count { get; private set; }

    /// <summary>How many peers were forgotten.</summary>
    public long Forgotten
    {
        get
        {
            lock (Gate)
                return _forgotten;
        }
    }

    /// <summary>Counts a message of so many bytes at a time in stopwatch ticks.</summary>
    public void Seen(in PeerAddress address, int bytes, long now)
    {
        if (_latest == None || !_peers[_latest].Address.Equals(address))
            MoveToFront(Find(address, now));

        ref var peer = ref _peers[_latest];
        peer.Messages++;
        peer.Bytes += bytes;
        peer.Last = now;
    }

    /// <summary>The peers, the latest first.</summary>
    public List<EchoUdpPeer> Snapshot()
    {
        lock (Gate)
        {
            var peers = new List<EchoUdpPeer>(Count);
            for (var i = _latest; i != None; i = _peers[i].Earlier)
            {
                ref var peer = ref _peers[i];
                peers.Add(new EchoUdpPeer
                {
                    RemoteEndPoint = peer.Address.ToString(),
                    Messages = peer.Messages,
                    Bytes = peer.Bytes,
                    FirstSeen = Time(peer.First),
                    LastSeen = Time(peer.Last),
                });
            }

            return peers;
        }
    }

    private static int[] Empty(int count)
    {
        var chains = new int[count];
        for (var i = 0; i < count; i++)
            chains[i] = None;
        return chains;
    }

    private DateTime Time(long ticks) => _startTime + Clock.ToTimeSpan(ticks - _start);

    private ref int Chain(in PeerAddress address) => ref _chains[(address.GetHashCode() ^ _salt) & (_chains.Length - 1)];

    private int Find(in PeerAddress address, long now)
    {
        for (var i = Chain(address); i != None; i = _peers[i].Next)
        {
            if (_peers[i].Address.Equals(address))
                return i;
        }

        var index = Count < max ? Add() : Forget();
        ref var chain = ref Chain(address);
        _peers[index] = new Peer { Address = address, First = now, Next = chain, Earlier = None, Later = None };
        chain = index;
        return index;
    }

    private int Add()
    {
        if (Count == _peers.Length)
        {
            Array.Resize(ref _peers, (int)Math.Min(2L * Count, max));
            _chains = Empty(2 * _chains.Length);
            for (var i = 0; i < Count; i++)
            {
                ref var chain = ref Chain(_peers[i].Address);
                (_peers[i].Next, chain) = (chain, i);
            }
        }

        return Count++;
    }

    private int Forget()
    {
        _forgotten++;
        var index = _earliest;
        ref var link = ref Chain(_peers[index].Address);
        while (link != index)
            link = ref _peers[link].Next;
        link = _peers[index].Next;
        Unlink(index);
        return index;
    }

    private void MoveToFront(int index)
    {
        if (index == _latest)
            return;

        if (_peers[index].Later != None)
            Unlink(index);
        _peers[index].Earlier = _latest;
        _peers[index].Later = None;
        if (_latest == None)
            _earliest = index;
        else
            _peers[_latest].Later = index;
        _latest = index;
    }

    private void Unlink(int index)
    {
        var (earlier, later) = (_peers[index].Earlier, _peers[index].Later);
        if (earlier == None)
            _earliest = later;
        else
            _peers[earlier].Later = later;

        if (later == None)
            _latest = earlier;
        else
            _peers[later].Earlier = earlier;
    }

    private struct Peer
    {
        public PeerAddress Address;
        public int Next; // in its chain
        public int Earlier;
        public int Later;
        public long Messages;
        public long Bytes;
        public long First;
        public long Last;
    }
}
