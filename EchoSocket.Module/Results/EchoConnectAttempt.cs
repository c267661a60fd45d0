using System.Linq;

namespace EchoSocket;

/// <summary>An attempt to connect to one address. An <see cref="EchoPathReport"/> holds the attempts as three lists.</summary>
public sealed class EchoConnectAttempt(string endPoint, double milliseconds, string error)
{
    public string EndPoint => endPoint;

    public double Milliseconds => milliseconds;

    /// <summary>Why it failed; empty if it connected.</summary>
    public string Error => error;

    /// <summary>All attempts of a report.</summary>
    public static EchoConnectAttempt[] FromLists(string[] endPoints, double[] milliseconds, string[] errors) =>
        [.. endPoints.Select((endPoint, i) => new EchoConnectAttempt(endPoint, milliseconds[i], errors[i]))];

    public override string ToString() => $"{EndPoint} {(Error.Length > 0 ? Error : "connected")}";
}
