using System.Management.Automation.Runspaces;

namespace EchoSocket;

/// <summary>The job of a UDP server. All public members may be called from any thread.</summary>
public sealed class EchoUdpServerJob : EchoServerJob
{
    private readonly EchoUdpServer _server;

    internal EchoUdpServerJob(string command, string? name, UdpServing serving, bool verbose, Runspace runspace)
        : base(command, name, serving, verbose, runspace)
    {
        _server = serving.Server;
    }

    public override bool Udp => true;

    public override bool UseTls => false;

    /// <summary>Messages received so far, without those that were refused.</summary>
    public long MessagesReceived => _server.MessagesReceived;

    /// <summary>Replies sent so far.</summary>
    public long MessagesSent => _server.MessagesSent;

    public override long BytesReceived => _server.BytesReceived;

    public override long BytesSent => _server.BytesSent;

    /// <summary>Messages so far that got no reply, for the reasons that the help of Start-EchoServer names.</summary>
    public long RefusedMessages => _server.RefusedMessages;

    /// <summary>Replies so far that the operating system did not send.</summary>
    public long UnsentReplies => _server.UnsentReplies;

    /// <summary>Whose messages were answered, the latest first.</summary>
    public EchoUdpPeer[] Peers => [.. _server.Peers];

    /// <summary>Peers forgotten so far, because too many others came later.</summary>
    public long ForgottenPeers => _server.ForgottenPeers;

    private protected override string Totals =>
        $"{MessagesReceived} message{(MessagesReceived == 1 ? "" : "s")}{(RefusedMessages > 0 ? $", {RefusedMessages} refused" : "")}{(UnsentReplies > 0 ? $", {UnsentReplies} not answered" : "")}";
}
