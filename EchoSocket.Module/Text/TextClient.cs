using System;
using System.Collections.Generic;
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
    private EchoPipeline? _pipeline;

    private TextClient(EchoClient client, Encoding encoding)
    {
        _client = client;
        _encoding = encoding;
    }

    /// <summary>The endpoint as the caller wrote it.</summary>
    public string EndPoint => _client.EndPoint;

    public string LocalEndPoint => _client.LocalEndPoint;

    public string RemoteEndPoint => _client.RemoteEndPoint;

    /// <inheritdoc cref="EchoClient.Tls"/>
    public TlsDetails? Tls => _client.Tls;

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

    /// <summary>The messages that were sent with <see cref="TrySend"/>, and whose replies have not been taken, in order.</summary>
    public Queue<OutgoingMessage> Outstanding { get; } = new();

    /// <summary>Sends a message and returns its reply.</summary>
    /// <exception cref="EchoException">The reply did not arrive in full, or is no echo.</exception>
    /// <exception cref="DecoderFallbackException">The encoding can't decode the reply.</exception>
    /// <exception cref="PipelineStoppedException">The connection's token was cancelled.</exception>
    public object Exchange(in OutgoingMessage message, out TimeSpan roundTripTime)
    {
        var bytes = message.Encode(_encoding, ref _message);
        FitReply(message.ByteCount);
        try
        {
            roundTripTime = _client.Exchange(bytes, message.ByteCount, _reply);
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }

        return message.Decode(_encoding, _reply);
    }

    /// <summary>
    /// Sends a message soon, with up to so many in flight. Returns false if there is no room, or after a failure: take a reply first.
    /// </summary>
    public bool TrySend(in OutgoingMessage message, int inFlight, bool measure)
    {
        _pipeline ??= _client.StartPipeline(inFlight, measure);
        if (!_pipeline.TrySend(message.Encode(_encoding, ref _message), message.ByteCount))
            return false;

        Outstanding.Enqueue(message);
        return true;
    }

    /// <summary>Frees what <see cref="TrySend"/> needs. Call it while nothing is outstanding.</summary>
    public void StopPipeline()
    {
        _client.StopPipeline();
        _pipeline = null;
    }

    /// <summary>
    /// Takes the next reply, which <see cref="Reply"/> returns. Returns false if it has not come yet, or, with
    /// <paramref name="wait"/>, if nothing is outstanding. If it throws, no further reply will come.
    /// </summary>
    /// <exception cref="EchoException">The reply to the first message outstanding did not arrive in full, or is no echo.</exception>
    /// <exception cref="PipelineStoppedException">The connection's token was cancelled.</exception>
    public bool TryReceive(bool wait, out OutgoingMessage message, out TimeSpan roundTripTime)
    {
        (message, roundTripTime) = (default, default);
        if (Outstanding.Count == 0)
            return false;

        FitReply(Outstanding.Peek().ByteCount);
        try
        {
            if (!_pipeline!.TryReceive(_reply, wait, out _, out roundTripTime))
                return false;
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }

        message = Outstanding.Dequeue();
        return true;
    }

    /// <summary>The reply to this message, which was taken last.</summary>
    /// <exception cref="DecoderFallbackException">The encoding can't decode the reply.</exception>
    public object Reply(in OutgoingMessage message) => message.Decode(_encoding, _reply);

    /// <inheritdoc cref="EchoClient.CheckIdle"/>
    public void CheckIdle() => _client.CheckIdle();

    /// <inheritdoc cref="EchoClient.EndSending"/>
    public void EndSending() => _client.EndSending();

    /// <inheritdoc cref="EchoClient.Close"/>
    public void Close() => _client.Close();

    public void Dispose() => _client.Dispose();

    // With room to notice that more came.
    private void FitReply(int count)
    {
        if (count >= _reply.Length)
            _reply = new byte[count + 1];
    }
}
