using System.Collections.Generic;
using System.Net;

namespace EchoSocket;

/// <summary>A server of either kind, that a job or a cmdlet runs. Thread-safe.</summary>
internal interface IServing
{
    IReadOnlyList<IPEndPoint> LocalEndPoints { get; }

    /// <summary>Serves until the server is stopped or has served as many as it may.</summary>
    void Serve(IServerOutput output, bool verbose);

    /// <summary>Ends <see cref="Serve"/>, and frees the port if that does not run.</summary>
    void Stop();
}
