using System.Diagnostics;
using System.Net.Sockets;

namespace EchoSocket.Serving;

// How the loop ends when it was stopped.
internal sealed partial class EventLoop
{
    // What had come before the stop is answered, and each client sees FIN. Until it closes in turn, what it still sends is
    // read away: a close with something unread would be a reset, and would take the last replies with it.
    private void Finish()
    {
        var end = Stopwatch.GetTimestamp() + _stopGrace;
        for (var token = FirstClientToken; token < _tokens && Stopwatch.GetTimestamp() < end; token++)
        {
            if (_clients[token] is { } client)
                Finish(client);
        }

        while (_active > 0 && Stopwatch.GetTimestamp() < end)
        {
            _readyCount = _poller.Wait(20, _ready);
            for (var i = 0; i < _readyCount; i++)
            {
                if (_ready[i] == WakeToken)
                    _wake.Drain();
                else if (_clients[_ready[i]] is { } client)
                    Finish(client);
            }
        }

        for (var token = FirstClientToken; token < _tokens; token++)
        {
            if (_clients[token] is { } client)
                End(client, EndReason.Stopped, client.Unsent is null ? "" : "The client did not read its last reply in time.");
        }
    }

    private void Finish(ServedConnection client)
    {
        if (client.Leaving)
        {
            if (ReadAway(client))
                End(client, EndReason.Stopped, "");
            return;
        }

        if (client.Unsent is not null)
            SendRest(client);
        for (var reads = 0; reads < 4 && client.Unsent is null && ReceiveOnce(client); reads++)
        {
        }

        if (_clients[client.Token] == client && client.Unsent is null)
            Leave(client);
    }

    private void Leave(ServedConnection client)
    {
        client.Leaving = true;
        if (!_poller.Shutdown(client.Token))
            End(client, EndReason.Stopped, "");
    }

    // Reads away what a client still sends after our FIN: a close with something unread would be a reset (RFC 9293, section
    // 3.6.1), and would take the last replies with it. A client that sends without end gets the reset it asks for. True
    // where it has ended, too.
    private bool ReadAway(ServedConnection client)
    {
        for (var reads = 0; reads < 16; reads++)
        {
            if (_poller.Receive(client.Token, _buffer, out var error) == 0)
                return error != SocketError.WouldBlock;
        }

        return false;
    }
}
