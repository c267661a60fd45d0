using System.Net;

namespace EchoSocket;

/// <summary>Writes each event of a UDP server as a sentence. All members are called on the server's thread.</summary>
internal sealed class UdpObserver(IServerOutput output) : IEchoUdpObserver
{
    private readonly TextPreview _preview = new();

    public void Received(IPEndPoint remote, byte[] buffer, int offset, int count) =>
        output.WriteVerbose($"{remote} sent {StatisticsText.Bytes(count)}: {_preview.Whole(buffer, offset, count)}");

    public void Refused(IPEndPoint remote, EchoUdpRefusal reason) => output.WriteVerbose($"{remote} refused: {Sentence(reason)}");

    public void Unanswered(IPEndPoint remote, string problem) => output.WriteVerbose($"{remote} got no reply: {problem}");

    public void Skipped(long count) =>
        output.WriteVerbose($"{StatisticsText.Number(count)} more {(count == 1 ? "message was" : "messages were")} refused or got no reply.");

    private static string Sentence(EchoUdpRefusal reason) => reason switch
    {
        EchoUdpRefusal.NotAllowed => "-AllowFrom does not include it.",
        EchoUdpRefusal.PrivilegedPort => "a service on a port below 1024 might answer the reply. -AllowPrivilegedPort answers it.",
        EchoUdpRefusal.OwnAddress => "that is the server's own address, so the reply would come back as a message.",
        EchoUdpRefusal.Broadcast => "it sent to a broadcast or multicast address.",
        _ => "its message is larger than the server's buffer.",
    };
}
