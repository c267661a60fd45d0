using System;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using System.Threading.Tasks;
using EchoSocket.Common;

namespace EchoSocket.Transport;

/// <summary>Builds a chain with a check for revocation, which downloads lists from the issuers, and so has a time limit. Thread-safe.</summary>
/// <param name="due">When to give up, in stopwatch ticks.</param>
/// <param name="cancellation">Gives up at once.</param>
internal sealed class RevocationCheck(long due, CancellationToken cancellation)
{
    /// <summary>Builds the chain. Returns false if that takes too long; then the caller must leave the chain alone.</summary>
    public bool Build(X509Chain chain, X509Certificate2 certificate)
    {
        var left = Clock.MillisecondsUntil(due);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.Online;
        chain.ChainPolicy.RevocationFlag = X509RevocationFlag.ExcludeRoot;
        if (left > 0)
            chain.ChainPolicy.UrlRetrievalTimeout = TimeSpan.FromMilliseconds(left); // else the system's own

        // The system may take more than that time, and cannot be interrupted.
        var building = Task.Factory.StartNew(() => chain.Build(certificate), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            return building.Wait(left, cancellation);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
