using System;
using System.Collections.Generic;
using System.Net.Sockets;
using EchoSocket.Common;
using EchoSocket.Transport;

namespace EchoSocket.Polling;

/// <summary>
/// For every system: Socket.Select (on Unix that is poll(2)). Its cost grows with the number of sockets watched. For one thread,
/// except <see cref="Wake"/>.
/// </summary>
internal sealed class SelectPoller : IPoller
{
    private const int MaxMilliseconds = int.MaxValue / 1000; // Select counts in microseconds

    private readonly Dictionary<Socket, int> _tokens = [];
    private readonly Dictionary<int, Socket> _sockets = [];
    private readonly HashSet<Socket> _reading = [];
    private readonly HashSet<Socket> _writing = [];
    private readonly HashSet<Socket> _datagrams = [];
    private readonly List<Socket> _readable = [];
    private readonly List<Socket> _writable = [];
    private readonly List<Socket> _failed = [];
    private readonly WakePair _wake = new();
    private readonly WokenTokens _woken = new();
    private uint _reported;

    public SelectPoller() => Register(_wake.Reader, Poller.WakeToken);

    public void Register(Socket listener, int token)
    {
        _tokens[listener] = token;
        _sockets[token] = listener;
        _reading.Add(listener);
    }

    public ITransport Adopt(Socket socket, int token)
    {
        var transport = new SocketTransport(socket, EndPoints.Peer(socket));
        Register(socket, token);
        if (socket.SocketType == SocketType.Dgram)
            _datagrams.Add(socket);
        return transport;
    }

    public ITransport? Accept(int listener, out SocketError error)
    {
        Socket? client = null;
        try
        {
            error = SocketError.WouldBlock;
            if (!_sockets[listener].Poll(0, SelectMode.SelectRead))
                return null; // with no client waiting, Accept would throw

            client = _sockets[listener].Accept();
            BlockingTransport.DisableNagle(client);
            KeepAlive.Inherit(_sockets[listener], client);
            var transport = new SocketTransport(client, EndPoints.Peer(client));
            error = SocketError.Success;
            return transport;
        }
        catch (SocketException e)
        {
            client?.Dispose();
            error = e.SocketErrorCode;
            return null;
        }
    }

    public ITransport? Adopt(ITransport client, int token, out SocketError error)
    {
        Register(((SocketTransport)client).Socket, token);
        error = SocketError.Success;
        return client;
    }

    public void Change(int token, Interest interest)
    {
        var socket = _sockets[token];
        _reading.Remove(socket);
        _writing.Remove(socket);
        if ((interest & Interest.Reading) != 0)
            _reading.Add(socket);
        if ((interest & Interest.Writing) != 0)
            _writing.Add(socket);
    }

    public void Unregister(int token)
    {
        var socket = _sockets[token];
        _sockets.Remove(token);
        _tokens.Remove(socket);
        _reading.Remove(socket);
        _writing.Remove(socket);
        _datagrams.Remove(socket);
    }

    public int Wait(int milliseconds, int[] ready)
    {
        Fill(_readable, _reading);
        Fill(_writable, _writing);

        Fill(_failed, _datagrams);

        // A reset makes a socket readable and writable, on Windows too. The third list is for the errors that ICMP reports for
        // datagrams: on Unix they do neither.
        Socket.Select(_readable, _writable, _failed.Count > 0 ? _failed : null, milliseconds < 0 ? -1 : Math.Min(milliseconds, MaxMilliseconds) * 1000);

        // If more are ready than the array holds, the next wait begins with those left out.
        var total = _readable.Count + _writable.Count + _failed.Count;
        var count = Math.Min(total, ready.Length);
        var withWoken = count;
        for (var i = 0; i < count; i++)
        {
            var next = (int)((_reported + (uint)i) % total);
            ready[i] = _tokens[Find(next)];
            if (ready[i] == Poller.WakeToken)
            {
                _wake.Drain();
                if (_woken.MoveTo(ready, ref withWoken) > 0)
                    Wake();
            }
        }

        _reported = total > count ? _reported + (uint)count : 0;
        return withWoken;
    }

    public void Wake() => _wake.Wake();

    public void Report(int token)
    {
        _woken.Add(token);
        Wake();
    }

    public void Dispose() => _wake.Dispose();

    // In the three lists, as if they were one.
    private Socket Find(int index) =>
        index < _readable.Count ? _readable[index]
        : index - _readable.Count is var rest && rest < _writable.Count ? _writable[rest]
        : _failed[rest - _writable.Count];

    private static void Fill(List<Socket> list, HashSet<Socket> sockets)
    {
        list.Clear();
        list.AddRange(sockets);
    }
}
