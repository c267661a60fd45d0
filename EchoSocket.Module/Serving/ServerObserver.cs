using System.Collections.Generic;
using System.Net;
using System.Runtime.CompilerServices;

namespace EchoSocket;

/// <summary>
/// Writes a server's results to an output and, with <c>-Verbose</c>, each event as a sentence. All members are called on the server's
/// threads, one at a time.
/// </summary>
internal sealed class ServerObserver : IEchoObserver
{
    private readonly IServerOutput _output;
    private readonly bool _verbose;
    private readonly Dictionary<IPEndPoint, TextPreview> _previews = new(new SameObject());

    public ServerObserver(IServerOutput output, bool verbose)
    {
        _output = output;
        _verbose = verbose;
    }

    public bool ObservesReceived => _verbose;

    public bool IsFull => _output.IsFull;

    public void Connected(IPEndPoint remote)
    {
        if (!_verbose)
            return;

        _previews[remote] = new TextPreview();
        _output.WriteVerbose($"{remote} connected.");
    }

    public void Refused(IPEndPoint remote)
    {
        if (_verbose)
            _output.WriteVerbose($"{remote} refused: -AllowFrom does not include it.");
    }

    public void Received(IPEndPoint remote, byte[] buffer, int count) =>
        _output.WriteVerbose($"{remote} sent {StatisticsText.Bytes(count)}: {_previews[remote].Next(buffer, count)}");

    public void Injected(IPEndPoint remote, InjectedFault fault)
    {
        if (_verbose)
            _output.WriteVerbose($"{remote}: as asked, the server {fault.Fault} (at byte {StatisticsText.Number(fault.AtByte)} of its replies).");
    }

    public void Ended(IPEndPoint remote, ConnectionResult connection)
    {
        var result = new EchoConnection(connection);
        if (_verbose)
        {
            _previews.Remove(remote);
            _output.WriteVerbose(((IServerResult)result).Sentence);
        }

        _output.WriteResult(result);
    }

    public void Warned(string message) => _output.WriteWarning(message);

    // Compares by identity, because two connections may have equal remote endpoints: a client can connect from one port to two
    // addresses of this computer.
    private sealed class SameObject : IEqualityComparer<IPEndPoint>
    {
        public bool Equals(IPEndPoint? x, IPEndPoint? y) => ReferenceEquals(x, y);

        public int GetHashCode(IPEndPoint obj) => RuntimeHelpers.GetHashCode(obj);
    }
}
