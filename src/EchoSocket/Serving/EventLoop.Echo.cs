using System;
using System.Net.Sockets;
using EchoSocket.Common;
using EchoSocket.Polling;

namespace EchoSocket.Serving;

// What is done for one client that is ready, and how its connection ends.
internal sealed partial class EventLoop
{
    private void Serve(ServedConnection client)
    {
        if (_idleTicks > 0)
            _activity.Touch(client, _now);

        if (client.Unsent is not null)
            SendRest(client);
        else
            ReceiveOnce(client);
    }

    // True if there may be more to read.
    private bool ReceiveOnce(ServedConnection client)
    {
        var count = _poller.Receive(client.Token, _buffer, out var error);
        if (count == 0)
        {
            if (error != SocketError.WouldBlock)
                End(client, error);
            return false;
        }

        client.BytesReceived += count;
        _counters.Received(count);
        _observer?.Received(client.Remote, _buffer, count);
        try
        {
            _transform?.Invoke(_buffer, count);
        }
        catch (Exception e)
        {
            End(client, EndReason.Faulted, e.Message);
            return false;
        }

        var sent = _poller.Send(client.Token, _buffer, 0, count, out error);
        Count(client, sent);
        if (error != SocketError.Success)
        {
            End(client, error);
            return false;
        }

        if (sent == count)
            return true;

        Keep(client, sent, count - sent);
        return false;
    }

    // The rest of a reply that there was no room for.
    private void Keep(ServedConnection client, int offset, int count)
    {
        client.Unsent = _spare?.Length >= count ? _spare : new byte[count];
        _spare = null;
        Buffer.BlockCopy(_buffer, offset, client.Unsent, 0, count);
        client.Sent = 0;
        client.Length = count;
        _poller.Change(client.Token, Interest.Writing);
    }

    private void SendRest(ServedConnection client)
    {
        var sent = _poller.Send(client.Token, client.Unsent!, client.Sent, client.Length - client.Sent, out var error);
        Count(client, sent);
        client.Sent += sent;
        if (error != SocketError.Success)
        {
            End(client, error);
        }
        else if (client.Sent == client.Length)
        {
            _spare = client.Unsent; // large replies to a quick reader come this way again and again
            client.Unsent = null;
            _poller.Change(client.Token, Interest.Reading);
        }
    }

    private void Count(ServedConnection client, int sent)
    {
        client.BytesSent += sent;
        _counters.Sent(sent);
    }

    private void End(ServedConnection client, SocketError error) => End(
        client,
        error == SocketError.Success ? EndReason.PeerClosed : SocketErrors.IsReset(error) ? EndReason.PeerReset : EndReason.Faulted,
        error == SocketError.Success || SocketErrors.IsReset(error) ? "" : SocketErrors.Describe(error));

    private void End(ServedConnection client, EndReason reason, string detail)
    {
        // Only now does it ask for the local endpoint, since that costs.
        var result = _observer is null
            ? null
            : client.Result(_local ?? _poller.LocalEndPoint(client.Token)?.ToString() ?? "", reason, detail);
        Close(client, orderly: reason is not (EndReason.PeerClosed or EndReason.PeerReset));
        if (result is not null)
            _observer!.Ended(client.Remote, result);
    }

    private void Close(ServedConnection client, bool orderly)
    {
        _clients[client.Token] = null;
        _freeTokens.Push(client.Token);
        _activity.Remove(client);
        _active--;
        _counters.Ended();
        if (orderly && _poller.Shutdown(client.Token))
            ReadAway(client);
        _poller.Close(client.Token);
        _acceptor.HandleFreed();
    }
}
