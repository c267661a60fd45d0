using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using EchoSocket.Common;

namespace EchoSocket.Serving;

/// <summary>Opens a server's listeners: one for each address, all with the same port.</summary>
internal static class Listeners
{
    // With port 0 the system chooses a port that is free on the first address. It may be in use on another one.
    private const int PortTries = 16;

    /// <summary>
    /// Binds and listens. A host stands for those of its addresses that this computer has. <c>::</c> accepts IPv4 clients, too,
    /// unless there is an IPv4 address among the others.
    /// </summary>
    /// <exception cref="EchoException">A port can't be bound, or a host has no address of this computer.</exception>
    public static Socket[] Open(IReadOnlyList<KeyValuePair<string, IPAddress[]>> hosts, int port, int backlog)
    {
        for (var left = PortTries; ; left--)
        {
            var listeners = new List<Socket>();
            try
            {
                foreach (var host in hosts)
                    Open(host.Key, host.Value, IsDual(hosts), port, backlog, listeners);
                return [.. listeners];
            }
            catch (EchoException e)
            {
                listeners.ForEach(l => l.Dispose());
                if (port != 0 || listeners.Count == 0 || e.Error != EchoError.AddressInUse || left == 1)
                    throw;
            }
        }
    }

    private static bool IsDual(IReadOnlyList<KeyValuePair<string, IPAddress[]>> hosts) =>
        hosts.SelectMany(host => host.Value).All(address => address.AddressFamily == AddressFamily.InterNetworkV6);

    private static void Open(string host, IPAddress[] addresses, bool dual, int port, int backlog, List<Socket> listeners)
    {
        SocketException? missing = null;
        var opened = false;
        foreach (var address in addresses)
        {
            var shared = listeners.Count == 0 ? port : ((IPEndPoint)listeners[0].LocalEndPoint!).Port;
            var endPoint = new IPEndPoint(address, shared);
            try
            {
                if (!listeners.Any(l => ((IPEndPoint)l.LocalEndPoint!).Address.Equals(address)))
                    listeners.Add(Open(endPoint, dual, backlog));
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

    private static Socket Open(IPEndPoint endPoint, bool dual, int backlog)
    {
        var listener = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            // On Windows another process could otherwise take the port over. On Unix .NET sets SO_REUSEADDR by itself when it
            // binds, so a port is free again at once; ReuseAddress = true would let two servers share it.
            if (Environment.OSVersion.Platform == PlatformID.Win32NT)
                listener.ExclusiveAddressUse = true;
            if (dual && endPoint.Address.Equals(IPAddress.IPv6Any))
                listener.DualMode = true;

            listener.NoDelay = true;
            listener.Bind(endPoint);
            listener.Listen(backlog);
            return listener;
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }
}
