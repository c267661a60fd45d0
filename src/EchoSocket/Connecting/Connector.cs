using System;
using System.Diagnostics;
using System.Linq;
using System.Net;
using System.Threading;
using EchoSocket.Common;

namespace EchoSocket.Connecting;

/// <summary>Opens connections: resolves the name and races its addresses, within one time limit. Thread-safe.</summary>
internal static class Connector
{
    /// <exception cref="EchoException">Could not connect.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static ConnectedSocket Connect(EchoClientOptions options, CancellationToken cancellation)
    {
        var timeout = options.ConnectionTimeout;
        var deadline = Stopwatch.GetTimestamp() + Clock.Ticks(timeout);
        var endPoint = Display(options.Host, options.Port);
        var addresses = FindAddresses(options, deadline, cancellation);

        var race = ConnectRace.Run(addresses, options.Port, deadline, cancellation, options.Prepare);
        if (race.Winner is null && addresses.FirstOrDefault(a => a is { IsIPv6LinkLocal: true, ScopeId: 0 }) is { } linkLocal)
            throw Errors.NoInterface(endPoint, linkLocal, race.Failure);
        var tried = race.Attempts.All(a => a.EndPoint == endPoint) ? "" : $" (tried {string.Join(", ", race.Attempts.Select(a => a.EndPoint))})";
        return race.Winner ?? throw Errors.Connect(endPoint, tried, race.Failure, timeout, options.SourceAddress, options.SourcePort);
    }

    /// <summary>Resolves the host to the addresses that the options allow.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static NameResolution Resolve(EchoClientOptions options, long deadline, CancellationToken cancellation) =>
        options.Resolver.Resolve(options.Host, deadline, cancellation).Of(options.AddressFamily).Of(options.SourceFamily);

    /// <summary>The same, but it is an error if there is none.</summary>
    /// <exception cref="EchoException">The host has no such address, or could not be resolved in time.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static IPAddress[] FindAddresses(EchoClientOptions options, long deadline, CancellationToken cancellation)
    {
        var (host, endPoint) = (options.Host, Display(options.Host, options.Port));
        var resolution = Resolve(options, deadline, cancellation);
        if (resolution.MissingFamily is { } missing)
            throw Errors.NoAddressOfFamily(host, endPoint, missing);
        if (resolution.Addresses.Length > 0)
            return resolution.Addresses;

        throw resolution.Error is TimeoutException
            ? Errors.ResolveTimeout(host, endPoint, resolution.Problem, options.ConnectionTimeout, resolution.Error)
            : Errors.HostNotFound(host, endPoint, resolution.Error);
    }

    /// <summary>Writes an IPv6 address in brackets, as described in RFC 3986, section 3.2.2.</summary>
    public static string Display(string host, int port) =>
        IPAddress.TryParse(host, out var address) ? new IPEndPoint(address, port).ToString() : $"{host}:{port}";
}
