namespace EchoSocket;

/// <summary>
/// Where a server's results and messages go: directly to the pipeline, through a queue to the pipeline thread, or to a job.
/// All members are called on the server's threads, one at a time.
/// </summary>
internal interface IServerOutput
{
    /// <summary>True while the output can't take another result.</summary>
    bool IsFull { get; }

    void WriteResult(IServerResult result);

    void WriteVerbose(string text);

    void WriteWarning(string text);
}
