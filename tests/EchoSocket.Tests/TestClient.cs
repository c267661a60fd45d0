using System;
using System.IO;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Tasks;

namespace EchoSocket.Tests;

/// <summary>A client made of a plain socket, with or without .NET's own TLS on it. Every call has a time limit.</summary>
internal sealed class TestClient : IDisposable
{
    private readonly object _sending = new();
    private readonly EndNotingStream _wire;
    private readonly Stream _stream;

    private TestClient(Socket socket, bool tls, SslClientAuthenticationOptions? options = null)
    {
        Socket = socket;
        _wire = new EndNotingStream(socket);
        if (!tls)
        {
            _stream = _wire;
            return;
        }

        var ssl = new SslStream(_wire, leaveInnerStreamOpen: false);
        _stream = ssl;
        try
        {
            ssl.AuthenticateAsClient(options ?? Options());
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public Socket Socket { get; }

    public EndPoint? LocalEndPoint => Socket.LocalEndPoint;

    public SslStream Tls => (SslStream)_stream;

    /// <summary>Connects, and completes a TLS handshake that accepts any certificate.</summary>
    public static TestClient Connect(IPEndPoint server, bool tls, int? receiveBufferSize = null) => new(Peers.Call(server, receiveBufferSize), tls);

    /// <summary>The same with a socket that is connected.</summary>
    public static TestClient Of(Socket connected, bool tls) => new(connected, tls);

    public static TestClient Connect(IPEndPoint server, SslClientAuthenticationOptions options) => new(Peers.Call(server), tls: true, options);

    public static SslClientAuthenticationOptions Options(
        X509Certificate2? certificate = null, SslProtocols protocols = SslProtocols.None) => new()
        {
            TargetHost = "localhost",
            EnabledSslProtocols = protocols,
            ClientCertificates = certificate is null ? null : [certificate],
            LocalCertificateSelectionCallback = certificate is null ? null : (_, _, _, _, _) => certificate,
#pragma warning disable CA5359 // what is tested here is the server
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
#pragma warning restore CA5359
        };

    public void Send(ReadOnlySpan<byte> bytes)
    {
        try
        {
            lock (_sending) // an observer may send while the test's own send is about to return
                _stream.Write(bytes);
        }
        catch (IOException e) when (e.InnerException is SocketException inner)
        {
            ExceptionDispatchInfo.Throw(inner);
        }
    }

    /// <summary>Zero is the server's end; see <see cref="ReadEnd"/>.</summary>
    public int Receive(byte[] buffer)
    {
        try
        {
            return _stream.Read(buffer);
        }
        catch (IOException e) when (e.InnerException is SocketException inner)
        {
            ExceptionDispatchInfo.Throw(inner);
            return 0;
        }
    }

    public byte[] ReadExactly(int count)
    {
        var buffer = new byte[count];
        _stream.ReadExactly(buffer);
        return buffer;
    }

    /// <summary>Waits for the server's orderly end: FIN, and over TLS close_notify before it. A reset throws.</summary>
    public void ReadEnd()
    {
        if (Receive(new byte[1]) != 0)
            throw new InvalidOperationException("There was more to read.");
        if (_stream == _wire)
            return;

        if (_wire.HasEnded)
            throw new InvalidOperationException("FIN came without close_notify.");
        if (_wire.Read(new byte[1]) != 0)
            throw new InvalidOperationException("There was more to read after close_notify.");
    }

    /// <summary>
    /// Sends FIN, and over TLS close_notify before it. One can read afterwards, but over TLS not meanwhile: SslStream locks its
    /// reads and writes, but not its shutdown, and OpenSSL can crash.
    /// </summary>
    public void CloseSending()
    {
        if (_stream is SslStream tls)
            tls.ShutdownAsync().Get();
        Socket.Shutdown(SocketShutdown.Send);
    }

    /// <summary>Closes with FIN, and over TLS close_notify before it.</summary>
    public void Close()
    {
        CloseSending();
        Dispose();
    }

    /// <summary>Closes with RST.</summary>
    public void Reset() => Socket.Reset();

    /// <summary>Sends without reading until the socket buffers are full in both directions.</summary>
    public Task Fill(int milliseconds = 250) => Bounded.Start(() =>
    {
        Socket.SendTimeout = milliseconds;
        try
        {
            for (var chunk = new byte[256 * 1024]; ;)
                Send(chunk);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
        {
            // full
        }
    }).Soon();

    public void Dispose()
    {
        _stream.Dispose();
        Socket.Dispose();
    }

    /// <summary>Notes the peer's FIN, which SslStream does not tell from its close_notify.</summary>
    private sealed class EndNotingStream(Socket socket) : NetworkStream(socket)
    {
        public bool HasEnded { get; private set; }

        public override int Read(Span<byte> buffer) => Noted(base.Read(buffer), buffer.Length);

        public override int Read(byte[] buffer, int offset, int count) => Noted(base.Read(buffer, offset, count), count);

        private int Noted(int read, int count)
        {
            HasEnded |= read == 0 && count > 0;
            return read;
        }
    }
}
