using System;
using System.Management.Automation;

namespace EchoSocket.Commands;

/// <summary>Describes one way to misbehave, for <c>Start-EchoServer -Fault</c>. For the pipeline thread.</summary>
/// <remarks>There is one parameter set for each kind of fault, with the kind's name.</remarks>
[Cmdlet(VerbsCommon.New, "EchoFault")]
[OutputType(typeof(EchoFault))]
public sealed class NewEchoFaultCommand : PSCmdlet
{
    private const double MaxMilliseconds = int.MaxValue;
    private const double MaxSeconds = 2147483;

    [Parameter(Mandatory = true, ParameterSetName = nameof(EchoFaultKind.Delay))]
    [Parameter(ParameterSetName = nameof(EchoFaultKind.Slice))]
    [ValidateRange(0, MaxMilliseconds)]
    public double Delay { get; set; }

    [Parameter(ParameterSetName = nameof(EchoFaultKind.Delay))]
    [ValidateRange(0, MaxMilliseconds)]
    public double Jitter { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = nameof(EchoFaultKind.Throttle))]
    [ValidateRange(1, int.MaxValue)]
    public int Throttle { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = nameof(EchoFaultKind.Slice))]
    [ValidateRange(1, int.MaxValue)]
    public int Slice { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = nameof(EchoFaultKind.Close))]
    public SwitchParameter Close { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = nameof(EchoFaultKind.Reset))]
    public SwitchParameter Reset { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = nameof(EchoFaultKind.HalfClose))]
    public SwitchParameter HalfClose { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = nameof(EchoFaultKind.Silence))]
    public SwitchParameter Silence { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = nameof(EchoFaultKind.Stall))]
    public SwitchParameter Stall { get; set; }

    [Parameter(ParameterSetName = nameof(EchoFaultKind.Close))]
    [Parameter(ParameterSetName = nameof(EchoFaultKind.Reset))]
    [Parameter(ParameterSetName = nameof(EchoFaultKind.HalfClose))]
    [Parameter(ParameterSetName = nameof(EchoFaultKind.Silence))]
    [Parameter(ParameterSetName = nameof(EchoFaultKind.Stall))]
    [ValidateRange(0, long.MaxValue)]
    public long AfterBytes { get; set; }

    [Parameter(ParameterSetName = nameof(EchoFaultKind.Close))]
    [Parameter(ParameterSetName = nameof(EchoFaultKind.Reset))]
    [Parameter(ParameterSetName = nameof(EchoFaultKind.HalfClose))]
    [Parameter(ParameterSetName = nameof(EchoFaultKind.Silence))]
    [Parameter(ParameterSetName = nameof(EchoFaultKind.Stall))]
    [ValidateRange(0, MaxSeconds)]
    public double AfterSeconds { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = nameof(EchoFaultKind.Corrupt))]
    public SwitchParameter Corrupt { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = nameof(EchoFaultKind.Corrupt))]
    [ValidateRange(1, int.MaxValue)]
    public int EveryBytes { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = nameof(EchoFaultKind.Truncate))]
    [ValidateRange(1, int.MaxValue)]
    public int Truncate { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = nameof(EchoFaultKind.Duplicate))]
    public SwitchParameter Duplicate { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = nameof(EchoFaultKind.RefuseConnection))]
    public SwitchParameter RefuseConnection { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = nameof(EchoFaultKind.FailHandshake))]
    public SwitchParameter FailHandshake { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = nameof(EchoFaultKind.StallHandshake))]
    public SwitchParameter StallHandshake { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = nameof(EchoFaultKind.WrongCertificate))]
    public SwitchParameter WrongCertificate { get; set; }

    [Parameter]
    [ValidateRange(0.0, 1.0)]
    public double Probability { get; set; } = 1;

    [Parameter]
    [ValidateNotNullOrEmpty]
    [ValidateRange(1, long.MaxValue)]
    public long[] OnConnection { get; set; } = [];

    protected override void BeginProcessing()
    {
        this.RefuseWith(nameof(AfterBytes), nameof(AfterSeconds), "Omit one of them, or make two faults.");
        if (Jitter > Delay)
            this.Conflict("-Jitter is larger than -Delay, and a reply can't be sent before it is due: the delay varies by it in both directions.", nameof(Jitter));
        if (!ParameterRequirement.IsGiven(this, ParameterSetName))
            this.Conflict($"-{ParameterSetName} is off. Omit the command, or turn it on.", ParameterSetName);
    }

    protected override void EndProcessing() =>
        WriteObject(Describe((EchoFaultKind)Enum.Parse(typeof(EchoFaultKind), ParameterSetName)).WithProbability(Probability).ForConnections(OnConnection));

    private EchoFault Describe(EchoFaultKind kind) => kind switch
    {
        EchoFaultKind.Delay => EchoFault.Delay(TimeOf(Delay), TimeOf(Jitter)),
        EchoFaultKind.Throttle => EchoFault.Throttle(Throttle),
        EchoFaultKind.Slice => EchoFault.Slice(Slice, TimeOf(Delay)),
        EchoFaultKind.Close => After(EchoFault.Close, EchoFault.Close),
        EchoFaultKind.Reset => After(EchoFault.Reset, EchoFault.Reset),
        EchoFaultKind.HalfClose => After(EchoFault.HalfClose, EchoFault.HalfClose),
        EchoFaultKind.Silence => After(EchoFault.Silence, EchoFault.Silence),
        EchoFaultKind.Stall => After(EchoFault.Stall, EchoFault.Stall),
        EchoFaultKind.Corrupt => EchoFault.Corrupt(EveryBytes),
        EchoFaultKind.Truncate => EchoFault.Truncate(Truncate),
        EchoFaultKind.Duplicate => EchoFault.Duplicate(),
        EchoFaultKind.RefuseConnection => EchoFault.RefuseConnection(),
        EchoFaultKind.FailHandshake => EchoFault.FailHandshake(),
        EchoFaultKind.StallHandshake => EchoFault.StallHandshake(),
        _ => EchoFault.WrongCertificate(),
    };

    private EchoFault After(Func<long, EchoFault> bytes, Func<TimeSpan, EchoFault> time) =>
        ParameterRequirement.IsGiven(this, nameof(AfterSeconds)) ? time(TimeOf(AfterSeconds * 1000)) : bytes(AfterBytes);

    private static TimeSpan TimeOf(double milliseconds) => Milliseconds.ToTimeSpan(milliseconds).GetValueOrDefault();
}
