using System;
using System.Management.Automation;
using System.Text;
using System.Threading;

namespace EchoSocket;

/// <summary>
/// An echo client for text and for bytes. It reuses its buffers for all messages. A call that is cancelled throws
/// <see cref="PipelineStoppedException"/>, as the engine expects. Not thread-safe; the token may be cancelled from any thread.
/// </summary>
internal sealed class TextClient : IDisposable
{
    private readonly EchoClient _client;
    private readonly Encoding _encoding;
    private byte[] _message = new byte[4096];
    private byte[] _reply = new byte[4097];

    private TextClient(EchoClient client, Encoding encoding)
    {
        _client = client;
        _encoding = encoding;
    }

    /// <summary>The endpoint as the caller wrote it.</summary>
    public string EndPoint => _client.EndPoint;

    public string LocalEndPoint => _client.LocalEndPoint;

    public string RemoteEndPoint => _client.RemoteEndPoint;

    /// <exception cref="EchoException">The connection failed.</exception>
    /// <exception cref="PipelineStoppedException">The token was cancelled.</exception>
    public static TextClient Connect(EchoClientOptions options, Encoding encoding, CancellationToken stop)
    {
        try
        {
            return new TextClient(EchoClient.Connect(options, stop), encoding);
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }
    }

    /// <summary>Sends a message that takes <paramref name="byteCount"/> bytes and returns its reply.</summary>
    /// <exception cref="EchoException">The reply did not arrive in full, or is no echo.</exception>
    /// <exception cref="DecoderFallbackException">The encoding can't decode the reply.</exception>
    /// <exception cref="PipelineStoppedException">The connection's token was cancelled.</exception>
    public string Exchange(string message, int byteCount, out TimeSpan roundTripTime)
    {
        if (byteCount > _message.Length)
            _message = new byte[byteCount];
        _encoding.GetBytes(message, 0, message.Length, _message, 0);
        roundTripTime = Exchange(_message, byteCount);
        return _encoding.GetString(_reply, 0, byteCount);
    }

    /// <summary>Sends bytes as they are and returns their reply.</summary>
    /// <inheritdoc cref="Exchange(string, int, out TimeSpan)" path="/exception"/>
    public byte[] Exchange(byte[] message, out TimeSpan roundTripTime)
    {
        roundTripTime = Exchange(message, message.Length);
        var reply = new byte[message.Length];
        Buffer.BlockCopy(_reply, 0, reply, 0, reply.Length);
        return reply;
    }

    /// <summary>The detailed result of an exchange.</summary>
    public EchoReply Details(DateTime time, string message, string reply, int byteCount, TimeSpan roundTripTime) => new()
    {
        Time = time,
        Message = message,
        Reply = reply,
        ByteCount = byteCount,
        RoundTripMilliseconds = Milliseconds.From(roundTripTime),
        LocalEndPoint = LocalEndPoint,
        RemoteEndPoint = RemoteEndPoint,
    };

    /// <inheritdoc cref="Details(DateTime, string, string, int, TimeSpan)"/>
    public EchoBytesReply Details(DateTime time, byte[] message, byte[] reply, TimeSpan roundTripTime) => new()
    {
        Time = time,
        MessageHex = Hexadecimal.From(message),
        ReplyHex = Hexadecimal.From(reply),
        ByteCount = message.Length,
        RoundTripMilliseconds = Milliseconds.From(roundTripTime),
        LocalEndPoint = LocalEndPoint,
        RemoteEndPoint = RemoteEndPoint,
    };

    /// <inheritdoc cref="EchoClient.CheckIdle"/>
    public void CheckIdle() => _client.CheckIdle();

    /// <inheritdoc cref="EchoClient.EndSending"/>
    public void EndSending() => _client.EndSending();

    /// <inheritdoc cref="EchoClient.Close"/>
    public void Close() => _client.Close();

    public void Dispose() => _client.Dispose();

    private TimeSpan Exchange(byte[] message, int count)
    {
        if (count >= _reply.Length)
            _reply = new byte[count + 1]; // with room to notice that more came
        try
        {
            return _client.Exchange(message, count, _reply);
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }
    }
}
