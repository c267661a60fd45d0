using System;
using EchoSocket.Polling;
using EchoSocket.Transport;

namespace EchoSocket.Serving;

/// <summary>
/// The event loop that also accepts the server's clients, and deals them out: each to the loop that has the fewest. For its own
/// thread, except what is said of <see cref="EventLoop"/>.
/// </summary>
internal sealed class AcceptingLoop : EventLoop
{
    private const int ClientsPerAccept = 32;

    private readonly Acceptor _acceptor;
    private readonly EventLoop[] _others;
    private readonly Func<ITransport, AcceptedClient> _admit;

    /// <param name="server">What all loops share.</param>
    /// <param name="poller">The loop's own, and the acceptor's; the loop disposes it.</param>
    /// <param name="counters">The loop's own.</param>
    /// <param name="acceptor">The loop disposes it.</param>
    /// <param name="listeners">How many listeners the acceptor has.</param>
    /// <param name="others">The loops that only serve.</param>
    public AcceptingLoop(ServerContext server, IPoller poller, LoopCounters counters, Acceptor acceptor, int listeners, EventLoop[] others)
        : base(server, poller, counters, acceptor.ConnectionEnded, listeners)
    {
        _acceptor = acceptor;
        _others = others;
        _admit = client => _acceptor.Admit(client, Counters);
    }

    public override void Dispose()
    {
        _acceptor.Dispose();
        base.Dispose();
    }

    /// <summary>Serves until it is stopped, or until the last client that the limits allow has disconnected. Then stops the other loops.</summary>
    protected override void Serve()
    {
        while (!IsStopping && !(_acceptor.IsDone && Counters.Server.Active == 0))
        {
            UpdateAccepting();
            RunRound(_acceptor.ResumeTime);
        }

        _acceptor.Close();
        foreach (var other in _others)
            other.Stop(); // only now: nothing is handed over any more
    }

    // Accepts one client, and one more for every 32 that this round serves. So new clients do not wait for hundreds of others,
    // nor do the others wait for a flood of new ones.
    protected override void AcceptClients(int listener)
    {
        for (var left = 1 + (ReadyCount / ClientsPerAccept); left > 0 && _acceptor.Accept(listener) is { } client; left--)
        {
            if (_acceptor.Allows(client))
                Deal(client);
        }
    }

    private void Deal(ITransport client)
    {
        var loop = Fewest();
        if (loop != this)
        {
            var admitted = _acceptor.Admit(client, loop.Counters);
            try
            {
                UpdateAccepting(); // first: once the client has a reply, a limit that it reached is in force
            }
            finally
            {
                loop.HandOver(admitted);
            }
        }
        else if (TryServe(client, _admit, out var error))
        {
            UpdateAccepting();
        }
        else
        {
            client.Close();
            _acceptor.Failed(error);
        }
    }

    private void UpdateAccepting() => _acceptor.UpdateAccepting(Counters.Server.Active);

    // The loop that accepts has more to do than the others, so it is the last of equals.
    private EventLoop Fewest()
    {
        EventLoop fewest = this;
        var clients = Counters.Active;
        for (var i = _others.Length - 1; i >= 0; i--)
        {
            if (_others[i].Counters.Active is var others && others <= clients)
                (fewest, clients) = (_others[i], others);
        }

        return fewest;
    }
}
