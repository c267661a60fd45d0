using System;
using System.IO;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace EchoSocket.Tests;

/// <summary>The server's end of a connection, with or without .NET's own TLS on it. Every call has a time limit.</summary>
internal sealed class TestPeer : IDisposable
{
    private readonly Stream _stream;

    /// <summary>Completes the handshake, if there is one.</summary>
    public TestPeer(Socket socket, bool tls, SslProtocols protocols = SslProtocols.None)
    {
        Socket = socket;
        _stream = new NetworkStream(socket);
        if (!tls)
            return;

        var secure = new SslStream(_stream);
        _stream = secure;
        secure.AuthenticateAsServer(TestCertificates.Server, clientCertificateRequired: false, protocols, checkCertificateRevocation: false);
    }

    public Socket Socket { get; }

    public SslStream Tls => (SslStream)_stream;

    public byte[] ReadExactly(int count)
    {
        var buffer = new byte[count];
        _stream.ReadExactly(buffer);
        return buffer;
    }

    /// <summary>Zero is the client's end.</summary>
    public int Receive(byte[] buffer) => _stream.Read(buffer);

    public void Send(ReadOnlySpan<byte> bytes) => _stream.Write(bytes);

    /// <summary>Sends FIN, and over TLS close_notify before it.</summary>
    public void CloseSending()
    {
        if (_stream is SslStream tls)
            tls.ShutdownAsync().Get();
        Cut();
    }

    /// <summary>Sends FIN, without a close_notify.</summary>
    public void Cut() => Socket.Shutdown(SocketShutdown.Send);

    /// <summary>Closes with RST.</summary>
    public void Reset() => Socket.Reset();

    public void Dispose() => _stream.Dispose();
}
