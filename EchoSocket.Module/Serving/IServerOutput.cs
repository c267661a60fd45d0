namespace EchoSocket;

/// <summary>Where a server's results and messages go: straight to the pipeline, to its thread by a queue, or to a job.</summary>
internal interface IServerOutput
{
    /// <summary>True while it can't take another connection's result.</summary>
    bool IsFull { get; }

    void WriteConnection(EchoConnection connection);

    void WriteVerbose(string text);

    void WriteWarning(string text);
}
