using System;

namespace EchoSocket.Watching;

/// <summary>Tries a target once at a time. For one thread.</summary>
internal interface IProber : IDisposable
{
    /// <summary>Tries the target, until the stopwatch shows <paramref name="due"/>. A failure is a result, not an exception.</summary>
    /// <exception cref="OperationCanceledException">The watch was stopped.</exception>
    PathReport Probe(long due);
}
