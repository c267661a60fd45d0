namespace EchoSocket;

/// <summary>
/// Observes a watch. The calls for one target come from one thread, those for different targets may come at the same time.
/// A call that takes long delays the probes of its target. An exception of the observer ends the watch, and reaches the
/// caller of <see cref="EchoWatch.Run"/>.
/// </summary>
public interface IEchoWatchObserver
{
    /// <summary>A probe has ended, or was lost without being sent: see <see cref="EchoWatch"/>.</summary>
    void Probed(WatchProbe probe);

    /// <summary>An outage has begun. It is open, and has one probe.</summary>
    void OutageBegan(WatchOutage outage);

    /// <summary>An outage has ended, or the watch has ended and the outage is still open.</summary>
    void OutageEnded(WatchOutage outage);
}
