using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Text;

namespace EchoSocket.Commands;

/// <summary>
/// Sends messages over a connection for each server, and hands over the replies in the order of the messages. Not thread-safe.
/// </summary>
/// <param name="inFlight">How many messages may be outstanding.</param>
/// <param name="measure">Round-trip times matter.</param>
/// <param name="replied">Gets each message with its reply, its time and its connection.</param>
/// <param name="failed">Gets the error of a message, or at the end of a connection.</param>
internal sealed class MessageSender(int inFlight, bool measure, Action<OutgoingMessage, object, TimeSpan, TextClient> replied, Action<ErrorRecord> failed) : IDisposable
{
    private readonly Dictionary<(string Host, int Port), TextClient> _clients = [];

    // The last server that a message went to. Only its messages are outstanding.
    private (string Host, int Port) _server;
    private TextClient? _client;

    /// <summary>Sends a message, and waits for its reply or for room.</summary>
    /// <param name="message">The message.</param>
    /// <param name="server">The server.</param>
    /// <param name="connect">Opens a connection to it; null if that failed.</param>
    public void Send(in OutgoingMessage message, (string Host, int Port) server, Func<TextClient?> connect)
    {
        var isAlone = inFlight == 1 || message.ByteCount > EchoPipeline.MaxBytes;
        while (true)
        {
            if (isAlone || server.Port != _server.Port || server.Host != _server.Host)
                Finish();
            if (!Select(server, connect))
                return;

            if (isAlone)
            {
                Exchange(message, _client!);
                return;
            }

            if (_client!.TrySend(message, inFlight, measure))
                return;

            Receive(wait: true);
        }
    }

    /// <summary>Hands over the replies that have come.</summary>
    public void Receive() => Receive(wait: false);

    /// <summary>Waits for all replies that are outstanding.</summary>
    public void Finish()
    {
        while (_client?.Outstanding.Count > 0)
            Receive(wait: true);
    }

    /// <summary>Closes the connections and checks that nothing came after the last replies.</summary>
    public void Close()
    {
        Finish();

        // All servers get FIN before any is waited for, so that the waits overlap.
        foreach (var client in _clients.Values)
            client.EndSending();
        foreach (var client in _clients.Values)
        {
            try
            {
                client.Close();
            }
            catch (EchoException e)
            {
                failed(e.ToErrorRecord(e.EndPoint));
            }
        }
    }

    public void Dispose()
    {
        foreach (var client in _clients.Values)
            client.Dispose();
    }

    private bool Select((string Host, int Port) server, Func<TextClient?> connect)
    {
        if (_client is not null && server == _server)
            return true;

        _client?.StopPipeline(); // there may be many servers
        _server = server;
        if (!_clients.TryGetValue(server, out _client) && (_client = connect()) is not null)
            _clients.Add(server, _client);
        return _client is not null;
    }

    private void Exchange(in OutgoingMessage message, TextClient client)
    {
        object reply;
        TimeSpan roundTripTime;
        try
        {
            reply = client.Exchange(message, out roundTripTime);
        }
        catch (EchoException e)
        {
            Remove();
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

    private void Receive(bool wait)
    {
        while (_client is { } client)
        {
            OutgoingMessage message;
            TimeSpan roundTripTime;
            object reply;
            try
            {
                if (!client.TryReceive(wait, out message, out roundTripTime))
                    return;
            }
            catch (EchoException e)
            {
                Remove();
                Fail(client.Outstanding, e);
                return;
            }

            wait = false;
            try
            {
                reply = client.Reply(message);
            }
            catch (DecoderFallbackException e)
            {
                failed(ErrorRecords.DecodingFailed(e, message.Value));
                continue;
            }

            replied(message, reply, roundTripTime, client);
        }
    }

    // The failure is that of the first message. Whether the others arrived is not known, so they are not sent again.
    private void Fail(Queue<OutgoingMessage> outstanding, EchoException failure)
    {
        failed(failure.ToErrorRecord(outstanding.Dequeue().Value));
        foreach (var message in outstanding)
            failed(ErrorRecords.ReplyLost(failure, message.Value));
    }

    // Late bytes of a failed reply would look like the start of the next one, so the next message gets a new connection.
    private void Remove()
    {
        _client!.Dispose();
        _clients.Remove(_server);
        _client = null;
    }
}
