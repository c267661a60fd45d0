using System.Net;

namespace EchoSocket;

/// <summary>
/// Observes a UDP server's messages, on the thread that serves them. An exception of the observer ends the server, and reaches the
/// caller of <see cref="EchoUdpServer.Serve"/>.
/// </summary>
public interface IEchoUdpObserver
{
    /// <summary>A message came that is to be answered. The buffer is valid only until the call returns.</summary>
    void Received(IPEndPoint remote, byte[] buffer, int offset, int count);

    /// <summary>A message came that is not answered. Of a flood only ten in a second are reported, and the others in <see cref="Skipped"/>.</summary>
    void Refused(IPEndPoint remote, EchoUdpRefusal reason);

    /// <summary>A reply could not be sent; the problem is a sentence. Reported as seldom as <see cref="Refused"/>.</summary>
    void Unanswered(IPEndPoint remote, string problem);

    /// <summary>So many messages more were refused or could not be answered within a second.</summary>
    void Skipped(long count);
}
