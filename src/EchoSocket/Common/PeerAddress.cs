using System;
using System.Net;

namespace EchoSocket.Common;

/// <summary>
/// An IP address and a port as numbers, so that the sender of a datagram can be compared and looked up without an allocation.
/// An IPv4 address is held as the IPv4-mapped <c>::ffff:a.b.c.d</c>. Immutable.
/// </summary>
internal readonly unsafe struct PeerAddress : IEquatable<PeerAddress>
{
    private const int InternetFamily = 2; // AF_INET

    private readonly ulong _first; // the bytes of the address, as they are in memory
    private readonly ulong _last;
    private readonly uint _scope;
    private readonly ushort _port;

    public PeerAddress(IPEndPoint endPoint)
        : this(endPoint.Address, endPoint.Port)
    {
    }

    public PeerAddress(IPAddress address, int port)
    {
        var bytes = address.GetAddressBytes();
        fixed (byte* p = bytes)
        {
            if (bytes.Length == 4)
                (_first, _last, _scope) = (0, Mapped(p), 0);
            else
                (_first, _last, _scope) = (*(ulong*)p, *(ulong*)(p + 8), (uint)address.ScopeId);
        }

        _port = (ushort)port;
    }

    /// <summary>Reads a <c>struct sockaddr_in</c> or <c>sockaddr_in6</c> of Linux (ip(7), ipv6(7)).</summary>
    public PeerAddress(byte* address)
    {
        _port = (ushort)((address[2] << 8) | address[3]);
        if (*(ushort*)address == InternetFamily)
            (_first, _last, _scope) = (0, Mapped(address + 4), 0);
        else
            (_first, _last, _scope) = (*(ulong*)(address + 8), *(ulong*)(address + 16), *(uint*)(address + 24));
    }

    public int Port => _port;

    /// <summary>The number of the interface, of an IPv6 address that needs one; otherwise 0.</summary>
    public uint Scope => _scope;

    public bool IsIPv4
    {
        get
        {
            var last = _last;
            var p = (byte*)&last;
            return _first == 0 && *(ushort*)p == 0 && *(ushort*)(p + 2) == 0xFFFF;
        }
    }

    /// <summary>127.0.0.0/8 or ::1.</summary>
    public bool IsLoopback
    {
        get
        {
            var last = _last;
            return IsIPv4 ? ((byte*)&last)[4] == 127 : _first == 0 && ((byte*)&last)[7] == 1 && (last & ~LastByte) == 0;
        }
    }

    private static ulong LastByte
    {
        get
        {
            ulong mask = 0;
            ((byte*)&mask)[7] = 0xFF;
            return mask;
        }
    }

    /// <summary>Whether the address begins with the same bits. The interface and the port don't count.</summary>
    public bool StartsWith(in PeerAddress prefix, int bits)
    {
        if (IsIPv4 != prefix.IsIPv4)
            return false;
        if (IsIPv4)
            bits += 96;
        return ((_first ^ prefix._first) & Mask(bits)) == 0 && ((_last ^ prefix._last) & Mask(bits - 64)) == 0;
    }

    /// <summary>The same address, whatever the port and the interface.</summary>
    public bool HasAddressOf(in PeerAddress other) => _first == other._first && _last == other._last;

    public bool Equals(PeerAddress other) => _last == other._last && _port == other._port && _first == other._first && _scope == other._scope;

    public override bool Equals(object? obj) => obj is PeerAddress other && Equals(other);

    public override int GetHashCode()
    {
        unchecked
        {
            var mixed = ((_first * 0x9E3779B97F4A7C15) ^ _last ^ ((ulong)_port << 16) ^ _scope) * 0xC2B2AE3D27D4EB4F;
            return (int)(mixed >> 32);
        }
    }

    public IPEndPoint ToEndPoint()
    {
        var bytes = new byte[16];
        fixed (byte* p = bytes)
        {
            *(ulong*)p = _first;
            *(ulong*)(p + 8) = _last;
        }

        return new IPEndPoint(IsIPv4 ? new IPAddress([bytes[12], bytes[13], bytes[14], bytes[15]]) : new IPAddress(bytes, _scope), _port);
    }

    public override string ToString() => ToEndPoint().ToString();

    private static ulong Mapped(byte* address)
    {
        ulong last;
        var p = (byte*)&last;
        *(ushort*)p = 0;
        *(ushort*)(p + 2) = 0xFFFF;
        *(uint*)(p + 4) = *(uint*)address;
        return last;
    }

    // The first bits of eight bytes in memory.
    private static ulong Mask(int bits)
    {
        ulong mask = 0;
        var p = (byte*)&mask;
        for (var i = 0; i < sizeof(ulong); i++)
            p[i] = (byte)(0xFF << (8 - Math.Min(Math.Max(bits - (8 * i), 0), 8)));
        return mask;
    }
}
