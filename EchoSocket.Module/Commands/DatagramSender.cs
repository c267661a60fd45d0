using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Text;

namespace EchoSocket.Commands;

/// <summary>
/// Sends messages over UDP, one at a time, and hands over each reply. A message that fails does not end the others. Not thread-safe.
/// </summary>
/// <param name="encoding">The encoding of text.</param>
/// <param name="replied">Gets each message with its reply, its time and its client.</param>
/// <param name="failed">Gets the error of a message.</param>
/// <param name="opened">Gets each client once.</param>
/// <param name="warned">Gets the first warning of each server.</param>
internal sealed class DatagramSender(
    Encoding encoding, Action<OutgoingMessage, object, TimeSpan, EchoUdpClient> replied, Action<ErrorRecord> failed, Action<EchoUdpClient> opened,
    Action<string> warned) : IDisposable
{
    private const int MaxMessageSize = 64 * 1024; // of every family

    private readonly Dictionary<(string Host, int Port), EchoUdpClient> _clients = [];
    private readonly HashSet<EchoUdpClient> _warned = [];
    private readonly byte[] _reply = new byte[MaxMessageSize];
    private byte[] _message = new byte[4096];

    /// <summary>Sends a message, and waits for its reply.</summary>
    /// <param name="message">The message.</param>
    /// <param name="server">The server.</param>
    /// <param name="open">Opens a client for it; null if that failed.</param>
    /// <exception cref="PipelineStoppedException">The client's token was cancelled.</exception>
    public void Send(in OutgoingMessage message, (string Host, int Port) server, Func<EchoUdpClient?> open)
    {
        if (!_clients.TryGetValue(server, out var client))
        {
            if ((client = open()) is null)
                return;
            _clients.Add(server, client);
            opened(client);
        }

        object reply;
        TimeSpan roundTripTime;
        try
        {
            roundTripTime = client.Exchange(message.Encode(encoding, ref _message), message.ByteCount, _reply);
            Warn(client);
            reply = message.Decode(encoding, _reply);
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }
        catch (EchoException e)
        {
            Warn(client);
            failed(e.ToErrorRecord(message.Value));
            return;
        }
        catch (DecoderFallbackException e)
        {
            failed(ErrorRecords.DecodingFailed(e, message.Value));
            return;
        }

        replied(message, reply, roundTripTime, client);
    }

    public void Dispose()
    {
        foreach (var client in _clients.Values)
            client.Dispose();
    }

    private void Warn(EchoUdpClient client)
    {
        if (client.Warning is { } warning && _warned.Add(client))
            warned(warning);
    }
}
