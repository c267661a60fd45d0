using System.Globalization;
using System.Net;
using System.Text;
using System.Threading;
using EchoSocket.Watching;

namespace EchoSocket;

/// <summary>
/// Probes over UDP. Each probe is a datagram with a number, from a socket of its own, so that a late reply is never taken for
/// that of a later probe. The address that has answered is used until it fails, unless each probe resolves the name.
/// </summary>
internal sealed class UdpProber(EchoWatchTarget target, bool resolveAlways, CancellationToken cancellation) : IProber
{
    // Letters that a server may upper-case, and the number, which it must not change.
    private const string Format = "aZ-probe {0:D20} of a watch";

    private IPAddress[]? _addresses;
    private long _number;

    public PathReport Probe(long due)
    {
        var message = Encoding.ASCII.GetBytes(string.Format(CultureInfo.InvariantCulture, Format, ++_number).PadRight(64, '.'));
        var report = EchoUdpProbe.Run(target, _addresses, message, due, cancellation);
        _addresses = report.Success && !resolveAlways ? [IPAddress.Parse(report.Addresses[report.Attempts.Length - 1])] : null;
        return report;
    }

    public void Dispose()
    {
    }
}
