using System;
using System.Collections.Generic;
using System.Threading;

namespace EchoSocket;

/// <summary>Measures an echo server, once. While <see cref="Run"/> runs, any thread may read the properties.</summary>
public interface IEchoMeter
{
    /// <summary>Replies received in time so far.</summary>
    long Received { get; }

    /// <summary>True while messages can be sent.</summary>
    bool IsConnected { get; }

    /// <summary>The share of the run that is done, 0 to 1.</summary>
    double Progress { get; }

    /// <summary>The median round trip so far, approximately; null before the first reply.</summary>
    TimeSpan? Median { get; }

    /// <summary>The first failure of each kind so far.</summary>
    IReadOnlyList<EchoException> Failures { get; }

    /// <summary>Measures. A failure is part of the result, not an exception.</summary>
    /// <param name="cancellation">Ends the run early; the result covers what was measured until then.</param>
    /// <exception cref="InvalidOperationException">It was called before.</exception>
    MeterResult Run(CancellationToken cancellation = default);
}
