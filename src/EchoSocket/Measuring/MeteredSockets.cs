using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using EchoSocket.Common;
using EchoSocket.Connecting;

namespace EchoSocket.Measuring;

/// <summary>The sockets of a measurement over UDP. They are closed with this object. For one thread.</summary>
internal sealed class MeteredSockets(EchoUdpMeterOptions options) : IDisposable
{
    // What the system keeps for a small datagram in a receive buffer, on Linux.
    private const int MinBufferedSize = 1024;
    private const int MaxBufferSize = 16 * 1024 * 1024;

    private readonly List<Socket> _sockets = [];

    public IReadOnlyList<Socket> Sockets => _sockets;

    public IPEndPoint? Remote { get; private set; }

    /// <summary>Opens the sockets. What fails is added to the failures.</summary>
    public void Open(FailureTally failures, CancellationToken cancellation)
    {
        var endPoint = Connector.Display(options.Host, options.Port);
        try
        {
            var remote = DatagramConnector.Resolve(options, cancellation);
            Remote = remote;
            var limit = Datagrams.MaxSize(remote.AddressFamily);
            if (options.MessageSize > limit)
                throw DatagramErrors.TooLarge(endPoint, options.MessageSize, remote.AddressFamily);

            // A reserve of handles: what runs after this needs some, too.
            using var reserve = new HandleReserve();
            if (!reserve.TryFill())
                throw new SocketException((int)SocketError.TooManyOpenSockets);
            while (_sockets.Count < options.Connections && !cancellation.IsCancellationRequested)
                _sockets.Add(DatagramConnector.Open(options, remote, Prepare));
        }
        catch (EchoException e)
        {
            failures.Add(e);
        }
        catch (SocketException e)
        {
            failures.Add(Errors.Connect(endPoint, "", e, options.ConnectionTimeout));
        }
        catch (OperationCanceledException)
        {
            // Measure over the sockets opened so far.
        }
    }

    public void Dispose()
    {
        foreach (var socket in _sockets)
            socket.Dispose();
    }

    private void Prepare(Socket socket)
    {
        if (options.DontFragment)
            Fragments.Forbid(socket);

        // What does not fit is lost on this computer. The system may allow less.
        var wanted = (int)Math.Min((long)options.InFlight * (options.MessageSize + MinBufferedSize), MaxBufferSize);
        if (wanted > socket.ReceiveBufferSize)
            socket.ReceiveBufferSize = wanted;
        if (options.MessageSize > socket.SendBufferSize)
            socket.SendBufferSize = options.MessageSize;
    }
}
