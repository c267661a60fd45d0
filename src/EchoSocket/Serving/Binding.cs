using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using EchoSocket.Common;

namespace EchoSocket.Serving;

/// <summary>Opens a server's sockets: one for each address, all with the same port.</summary>
internal static class Binding
{
    // With port 0 the system chooses a port that is free on the first address. It may be in use on another one.
    private const int PortTries = 16;

    /// <summary>
    /// Opens a socket for each address. A host stands for those of its addresses that this computer has. <c>::</c> serves IPv4
    /// clients, too, unless there is an IPv4 address among the others.
    /// </summary>
    /// <param name="hosts">The hosts, each with its addresses.</param>
    /// <param name="port">The port; 0 for a free one.</param>
    /// <param name="open">Opens the socket of an endpoint; true if it also is for IPv4.</param>
    /// <exception cref="EchoException">A port can't be bound, or a host has no address of this computer.</exception>
    public static Socket[] Open(IReadOnlyList<KeyValuePair<string, IPAddress[]>> hosts, int port, Func<IPEndPoint, bool, Socket> open)
    {
        for (var left = PortTries; ; left--)
        {
            var sockets = new List<Socket>();
            try
            {
                foreach (var host in hosts)
                    OpenHost(host.Key, host.Value, port, endPoint => open(endPoint, IsDual(hosts)), sockets);
                return [.. sockets];
            }
            catch (EchoException e)
            {
                sockets.ForEach(l => l.Dispose());
                if (port != 0 || sockets.Count == 0 || e.Error != EchoError.AddressInUse || left == 1)
                    throw;
            }
        }
    }

    /// <summary>Sets what keeps the port this server's own, and binds. Closes the socket if that fails.</summary>
    public static Socket Bind(Socket socket, IPEndPoint endPoint, bool dual, Action<Socket> bind)
    {
        try
        {
            // On Windows another process could otherwise take the port over. On Unix .NET sets SO_REUSEADDR by itself when it
            // binds a TCP socket, so a port is free again at once; ReuseAddress = true would let two servers share it.
            if (Environment.OSVersion.Platform == PlatformID.Win32NT)
                socket.ExclusiveAddressUse = true;
            if (dual && endPoint.Address.Equals(IPAddress.IPv6Any))
                socket.DualMode = true;

            bind(socket);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Whether <c>::</c> serves IPv4 clients, too.</summary>
    public static bool IsDual(IReadOnlyList<KeyValuePair<string, IPAddress[]>> hosts) =>
        hosts.SelectMany(host => host.Value).All(address => address.AddressFamily == AddressFamily.InterNetworkV6);

    private static void OpenHost(string host, IPAddress[] addresses, int port, Func<IPEndPoint, Socket> open, List<Socket> sockets)
    {
        SocketException? missing = null;
        var opened = false;
        foreach (var address in addresses)
        {
            var shared = sockets.Count == 0 ? port : ((IPEndPoint)sockets[0].LocalEndPoint!).Port;
            var endPoint = new IPEndPoint(address, shared);
            try
            {
                if (!sockets.Any(l => ((IPEndPoint)l.LocalEndPoint!).Address.Equals(address)))
                    sockets.Add(open(endPoint));
                opened = true;
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported && addresses.Length > 1)
            {
                missing = e;
            }
            catch (SocketException e)
            {
                throw Errors.Bind(endPoint, e);
            }
        }

        if (!opened)
            throw Errors.Bind($"{host}:{port}", missing!);
    }
}
