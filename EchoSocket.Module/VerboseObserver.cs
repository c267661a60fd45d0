using System;
using System.Globalization;
using System.Net;

namespace EchoSocket;

/// <summary>Tells what happens on a connection in sentences.</summary>
internal sealed class VerboseObserver : IEchoObserver
{
    private readonly Action<string> _write;
    private readonly TextPreview _preview = new();
    private IPEndPoint? _remote;

    public VerboseObserver(Action<string> write) => _write = write;

    public void Connected(IPEndPoint remote)
    {
        _remote = remote;
        _write($"{remote} connected.");
    }

    public void Received(byte[] buffer, int count) =>
        _write($"{_remote} sent {Bytes(count)}: {_preview.Next(buffer, count)}");

    public void Ended(EchoConnection connection) =>
        _write(
            $"{connection.RemoteEndPoint} ended after {connection.Duration.ToString("c", CultureInfo.InvariantCulture)}: " +
            $"{connection.EndReason}{(connection.Detail.Length > 0 ? $" ({connection.Detail})" : "")}; " +
            $"received {Bytes(connection.BytesReceived)}, sent {Bytes(connection.BytesSent)}.");

    private static string Bytes(long count) =>
        string.Format(CultureInfo.InvariantCulture, count == 1 ? "{0:N0} byte" : "{0:N0} bytes", count);
}
