using System;
using System.Net;
using System.Net.Sockets;
using System.Threading;

namespace EchoSocket.Connecting;

/// <summary>
/// Gives each message a connected UDP socket of its own. For one thread at a time; any thread may call <see cref="Close"/>.
/// </summary>
/// <param name="remotes">The addresses of the server.</param>
/// <param name="prepare">Called with each socket before it is connected.</param>
/// <param name="cancellation">Cancel it before <see cref="Close"/>, so that no further socket is opened.</param>
internal sealed class DatagramSockets(IPEndPoint[] remotes, Action<Socket> prepare, CancellationToken cancellation)
{
    private readonly object _gate = new(); // guards Current
    private int _remote;
    private bool _isUnused;

    /// <summary>The socket of the last message; null before the first.</summary>
    public Socket? Current { get; private set; }

    /// <summary>This end of <see cref="Current"/>.</summary>
    public EndPoint? Local { get; private set; }

    /// <summary>The address in use.</summary>
    public IPEndPoint Remote => remotes[_remote];

    /// <summary>Returns false if there is no further address.</summary>
    public bool TryNextAddress()
    {
        if (_remote == remotes.Length - 1)
            return false;

        _remote++;
        return true;
    }

    /// <summary>Opens a socket for the next message. The last one is closed only now, so that the ports differ.</summary>
    /// <exception cref="SocketException">There is no route, or the source address or port is not available.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Socket Next()
    {
        if (_isUnused)
        {
            _isUnused = false;
            return Current!;
        }

        var socket = Open();
        Local = socket.LocalEndPoint;
        lock (_gate)
        {
            Current?.Dispose();
            Current = socket;
        }

        if (cancellation.IsCancellationRequested)
        {
            Close();
            cancellation.ThrowIfCancellationRequested();
        }

        return socket;
    }

    /// <summary>Nothing was sent from the current socket: the next message takes it.</summary>
    public void KeepForNext() => _isUnused = true;

    /// <summary>Ends a send and a receive that wait.</summary>
    public void Close()
    {
        lock (_gate)
        {
            try
            {
                Current?.Shutdown(SocketShutdown.Both); // on some systems closing alone does not wake the thread
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // It is closed already.
            }

            Current?.Dispose();
        }
    }

    private Socket Open()
    {
        try
        {
            return DatagramSocket.Open(Remote, prepare);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse && Current is not null)
        {
            Close(); // the source port was chosen, so the last socket has it
            return DatagramSocket.Open(Remote, prepare);
        }
    }
}
