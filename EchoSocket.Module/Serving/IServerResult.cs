namespace EchoSocket;

/// <summary>What a server writes when a connection, or the server itself, has ended.</summary>
internal interface IServerResult
{
    /// <summary>The result as a sentence, for the terminal.</summary>
    string Sentence { get; }

    /// <summary>What results are counted by where there are too many for sentences.</summary>
    string Kind { get; }
}
