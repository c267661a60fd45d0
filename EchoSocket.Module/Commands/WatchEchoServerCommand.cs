using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Threading.Tasks;

namespace EchoSocket.Commands;

/// <summary>Watches echo servers, all at once, and writes each probe or each outage as it happens.</summary>
[Cmdlet(VerbsCommon.Watch, "EchoServer")]
[OutputType(typeof(EchoProbe), typeof(EchoOutage), typeof(EchoWatchSummary))]
public sealed class WatchEchoServerCommand : EchoTargetCommand
{
    private readonly List<EchoWatchTarget> _targets = [];
    private readonly WatchQueue _queue = new();
    private LiveDisplay? _display;
    private UdpChoice? _udp;
    private bool _warned;

    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SwitchArgument]
    public SwitchParameter Udp { get; set; }

    [Parameter]
    [ValidateRange(0.01, 2147483.0)]
    public double IntervalSeconds { get; set; } = 1;

    [Parameter]
    [ValidateRange(1L, long.MaxValue)]
    public long Count { get; set; }

    [Parameter]
    [ValidateRange(0.001, 2147483.0)]
    public double DurationSeconds { get; set; }

    [Parameter]
    [ValidateRange(0.001, 2147483.0)]
    public double TimeoutSeconds { get; set; }

    [Parameter]
    public SwitchParameter Reconnect { get; set; }

    [Parameter]
    public SwitchParameter Outages { get; set; }

    [Parameter]
    public SwitchParameter Summary { get; set; }

    [Parameter]
    public SwitchParameter Live { get; set; }

    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _udp = new UdpChoice(this);
        if (Outages && Summary)
            this.Conflict("-Outages and -Summary write different results: omit one of them.", nameof(Summary));
    }

    protected override void Process(string computer, int port)
    {
        var udp = _udp!.UsesUdp(Udp, computer);
        if (udp && !_udp.IsAllowed(computer, UseTls))
            return;

        if (_targets.Count == EchoWatchOptions.MaxTargets)
            this.Conflict($"A watch has at most {EchoWatchOptions.MaxTargets:N0} targets: give fewer, or divide them among several commands.", nameof(ComputerName));
        _targets.Add(Configure(new EchoWatchTarget { Host = computer, Port = port, Udp = udp }));
    }

    protected override void EndProcessing()
    {
        if (_targets.Count == 0)
            return; // each input object was an error

        // The lines of a display and the objects would disturb each other, unless a command takes the objects.
        var live = Live && LiveDisplay.IsPossible(Host) ? new LiveTargets(_targets.Select(Name)) : null;
        _display = live is null ? null : new LiveDisplay(Host, live);
        var isWritten = live is null || MyInvocation.PipelinePosition < MyInvocation.PipelineLength;
        var observer = new WatchObserver(_queue, isWritten && !Outages && !Summary, isWritten && Outages, live);

        using var watch = new EchoWatch(Options());
        using var registration = Stop.Register(watch.Stop);
        Run(watch, observer);
        var summaries = watch.Results().Select(r => new EchoWatchSummary(r)).ToList();
        if (Stopping)
            ShowAfterStop(summaries);
        else if (Summary && isWritten)
            WriteObject(summaries, enumerateCollection: true);
        else
            Show(summaries);
    }

    private static string Name(EchoWatchTarget target) =>
        $"{(target.Host.IndexOf(':') >= 0 ? $"[{target.Host}]" : target.Host)}:{target.Port}{(target.Udp ? "/udp" : "")}";

    private EchoWatchOptions Options()
    {
        var options = new EchoWatchOptions
        {
            Targets = _targets,
            Interval = TimeSpan.FromSeconds(IntervalSeconds),
            Count = Count > 0 ? Count : null,
            Duration = DurationSeconds > 0 ? TimeSpan.FromSeconds(DurationSeconds) : null,
            Reconnect = Reconnect,
        };
        if (TimeoutSeconds > 0)
            options.Timeout = TimeSpan.FromSeconds(TimeoutSeconds);
        return options;
    }

    // The watch has threads of its own, so that a command that processes the results slowly delays no probe.
    private void Run(EchoWatch watch, WatchObserver observer)
    {
        var watching = Task.Factory.StartNew(
            () =>
            {
                try
                {
                    watch.Run(observer);
                }
                finally
                {
                    _queue.Complete();
                }
            },
            TaskCreationOptions.LongRunning);
        try
        {
            while (_queue.Take(LiveDisplay.Interval) is { } items)
            {
                foreach (var item in items)
                {
                    Write(item); // the next command may take long
                    _display?.Draw();
                }

                WarnOfDropped();
                _display?.Draw();
            }

            _display?.Draw(isLast: true);
        }
        catch (PipelineStoppedException) when (Stopping)
        {
            // Ctrl+C: the summary is still shown.
        }
        finally
        {
            watch.Stop(); // the watch ends with the pipeline, whatever ended that
            ((IAsyncResult)watching).AsyncWaitHandle.WaitOne();
        }

        watching.GetAwaiter().GetResult();
    }

    private void Write(object item)
    {
        if (Stopping)
            return;

        if (item is not VerboseText verbose)
            WriteObject(item);
        else if (_display is null)
            WriteVerbose(verbose.Text); // the live display shows the outages, and text would disturb it
    }

    private void WarnOfDropped()
    {
        if (_warned || _queue.Dropped == 0 || Stopping)
            return;

        _warned = true;
        _display?.Release();
        WriteWarning("The next command takes the results more slowly than they come. The oldest ones are dropped; the summary counts all probes.");
    }

    // As Write-Host does: at the terminal, and not in the output.
    private void Show(IEnumerable<EchoWatchSummary> summaries)
    {
        var lines = Lines(summaries);
        if (Terminal.IsRead(Host))
            WriteInformation(new HostInformationMessage { Message = string.Join("\n", ["", .. lines]) }, ["PSHOST"]);
        else
            lines.ForEach(WriteVerbose);
    }

    // PowerShell takes no more output, but the user has waited for this. The terminal has echoed ^C on this line.
    private void ShowAfterStop(IEnumerable<EchoWatchSummary> summaries)
    {
        if (Terminal.IsRead(Host))
        {
            Host.UI.WriteLine();
            Lines(summaries).ForEach(Host.UI.WriteLine);
        }

        throw new PipelineStoppedException();
    }

    private List<string> Lines(IEnumerable<EchoWatchSummary> summaries)
    {
        var lines = summaries.SelectMany(s => WatchText.Lines(s, TerminalText.Columns(Host) - 1)).ToList();
        if (_queue.Dropped is > 0 and var dropped)
            lines.Add($"{WatchText.Count(dropped, "result")} dropped: the next command took them too slowly.");
        return lines;
    }
}
