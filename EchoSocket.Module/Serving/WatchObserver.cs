namespace EchoSocket;

/// <summary>A verbose message on its way to the pipeline.</summary>
internal sealed class VerboseText(string text)
{
    public string Text => text;
}

/// <summary>Puts what a watch finds into a queue, and into the lines of a live display. The threads of the targets call it.</summary>
/// <param name="queue">Gets the results and the verbose messages.</param>
/// <param name="probes">Whether it gets the probes.</param>
/// <param name="outages">Whether it gets the outages.</param>
/// <param name="live">Gets all probes; null if there is no live display.</param>
internal sealed class WatchObserver(WatchQueue queue, bool probes, bool outages, LiveTargets? live) : IEchoWatchObserver
{
    public void Probed(WatchProbe probe)
    {
        live?.Add(probe.Target, Milliseconds.From(probe.RoundTripTime));
        if (probes)
            queue.Add(new EchoProbe(probe));
    }

    public void OutageBegan(WatchOutage outage) =>
        queue.Add(new VerboseText($"{Target(outage)}: an outage began. {outage.FailedStage}: {outage.Reason}."));

    public void OutageEnded(WatchOutage outage)
    {
        queue.Add(new VerboseText(
            $"{Target(outage)}: the outage {(outage.End is null ? "is still open" : "ended")} after " +
            $"{StatisticsText.Time(outage.Duration)}, {WatchText.Count(outage.ProbesLost, "probe")} lost."));
        if (outages)
            queue.Add(new EchoOutage(outage));
    }

    private static string Target(WatchOutage outage) => WatchText.Target(outage.ComputerName, outage.Port, outage.Udp);
}
