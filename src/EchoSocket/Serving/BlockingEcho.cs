using System;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using EchoSocket.Common;
using EchoSocket.Transport;

namespace EchoSocket.Serving;

/// <summary>Serves one connection to its end with blocking calls.</summary>
internal sealed class BlockingEcho
{
    // The size of a read. With it a connection costs the server less than 256 KiB, however large its messages.
    private const int BufferSize = 64 * 1024;

    private readonly Socket _socket;
    private readonly BlockingTransport _transport;
    private readonly EchoServerOptions _options;
    private readonly ServerCounters _counters;
    private readonly IEchoObserver? _observer;
    private readonly Func<bool> _stopped;

    public BlockingEcho(
        Socket socket, BlockingTransport transport, EchoServerOptions options, ServerCounters counters, IEchoObserver? observer, Func<bool> stopped)
    {
        Remote = EndPoints.Unmap(socket.RemoteEndPoint!);
        _socket = socket;
        _transport = transport;
        _options = options;
        _counters = counters;
        _observer = observer;
        _stopped = stopped;
    }

    public IPEndPoint Remote { get; }

    public EchoConnection Run()
    {
        var clock = Stopwatch.StartNew();
        var connection = new EchoConnection
        {
            LocalEndPoint = EndPoints.Unmap(_socket.LocalEndPoint!).ToString(),
            RemoteEndPoint = Remote.ToString(),
            StartTime = DateTime.Now,
        };
        if (_options.IdleTimeout is { } idle)
            _socket.ReceiveTimeout = _socket.SendTimeout = (int)Math.Ceiling(idle.TotalMilliseconds);

        _observer?.Connected(Remote);
        var error = Echo(connection);
        connection.Duration = clock.Elapsed;
        connection.EndReason = Reason(error);
        if (connection.EndReason == EndReason.Faulted)
            connection.Detail = SocketErrors.Describe(error);
        return connection;
    }

    private SocketError Echo(EchoConnection connection)
    {
        var buffer = new byte[BufferSize];
        while (true)
        {
            var count = _transport.Receive(buffer, 0, buffer.Length, out var error);
            if (count == 0)
                return error;

            connection.BytesReceived += count;
            _counters.Received(count);
            _observer?.Received(Remote, buffer, count);
            _options.TransformBytes?.Invoke(buffer, count);
            var sent = _transport.Send(buffer, 0, count, out error);
            connection.BytesSent += sent;
            _counters.Sent(sent);
            if (error != SocketError.Success)
                return error;
        }
    }

    private EndReason Reason(SocketError error)
    {
        if (_stopped())
            return EndReason.Stopped;
        if (error == SocketError.Success)
            return EndReason.PeerClosed;
        if (SocketErrors.IsReset(error))
            return EndReason.PeerReset;
        return _options.IdleTimeout is not null && error is SocketError.TimedOut or SocketError.WouldBlock
            ? EndReason.IdleTimeout
            : EndReason.Faulted;
    }
}
