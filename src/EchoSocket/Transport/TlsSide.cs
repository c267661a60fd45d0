using System;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading.Tasks;

namespace EchoSocket.Transport;

/// <summary>What makes one side of TLS a server or a client. Implementations are thread-safe.</summary>
internal abstract class TlsSide
{
    /// <summary>The other side: "client" or "server".</summary>
    public abstract string Peer { get; }

    /// <summary>How long a handshake may take; infinite if the caller watches the time.</summary>
    public abstract TimeSpan HandshakeTimeout { get; }

    /// <summary>What to say about a peer that closes before it has sent a byte.</summary>
    public abstract string LeavesUnannounced { get; }

    /// <summary>
    /// Why a peer may close right after the handshake. With TLS 1.3 one that does not accept a certificate can do so, and on Linux
    /// .NET then sends no alert that would say why.
    /// </summary>
    public abstract string Refusal { get; }

    /// <summary>Begins a handshake.</summary>
    public abstract Task Authenticate(SslStream stream);

    /// <summary>What is wrong with the peer's certificate, as a sentence; empty if nothing is.</summary>
    public abstract string ProblemWith(X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors);

    /// <summary>Whether the first bytes of the peer are its own and may be TLS.</summary>
    public abstract bool MayBeTls(byte[] bytes, int count);

    /// <summary>What to say about a peer whose first bytes are not TLS.</summary>
    public virtual string NotTls(byte[] bytes, int count) => $"The {Peer} does not speak TLS: it began with '{Printable(bytes, count)}'.";

    private static string Printable(byte[] bytes, int count)
    {
        const int Max = 24;
        var text = new StringBuilder();
        for (var i = 0; i < Math.Min(count, Max); i++)
            text.Append(bytes[i] is >= 32 and < 127 ? ((char)bytes[i]).ToString() : $"\\x{bytes[i]:x2}");
        return text.Append(count > Max ? "…" : "").ToString();
    }
}
