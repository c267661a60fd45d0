using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using System.Threading;
using EchoSocket.Transport;

namespace EchoSocket.Serving;

/// <summary>
/// Serves a server's clients with one event loop or several. The first, which accepts, runs on the thread that calls
/// <see cref="Run"/>, and each other one on a thread of its own. <see cref="Use"/> and <see cref="Stop"/> may be called from any thread.
/// </summary>
internal sealed class EventLoops : IDisposable
{
    private readonly List<EventLoop> _others = [];
    private readonly AcceptingLoop _first;
    private readonly Acceptor _acceptor;
    private readonly string _threadName;
    private ExceptionDispatchInfo? _failure; // Interlocked

    public EventLoops(
        Socket[] listeners, EchoServerOptions options, TlsServer? tls, EchoFault[] faults, int seed, AcceptLimits limits, int count,
        ServerCounters counters, IEchoObserver? observer)
    {
        var server = new ServerContext(listeners, options, tls, seed, count, observer);
        _threadName = $"Echo {((IPEndPoint)listeners[0].LocalEndPoint!).Port}/";
        var poller = options.Poller();
        try
        {
            _acceptor = new Acceptor(listeners, EventLoop.FirstListenerToken, limits, options.AllowFrom, poller, counters, server.Observer) { Faults = faults };
            for (var i = 1; i < count; i++)
                _others.Add(new EventLoop(server, options.Poller(), counters.Loops[i], _acceptor.ConnectionEndedElsewhere));
            _first = new AcceptingLoop(server, poller, counters.Loops[0], _acceptor, listeners.Length, [.. _others]);
        }
        catch
        {
            poller.Dispose(); // there are no handles for another one
            _others.ForEach(loop => loop.Dispose());
            throw;
        }
    }

    /// <summary>New connections have these faults.</summary>
    public void Use(EchoFault[] faults) => _acceptor.Faults = faults;

    /// <summary>Ends <see cref="Run"/> gracefully.</summary>
    public void Stop()
    {
        _others.ForEach(loop => loop.AnnounceStop());
        _first.Stop(); // it stops the others as soon as it accepts no more
    }

    /// <summary>
    /// Serves until it is stopped, or until the last client that the limits allow has disconnected. If a loop fails, all end at once,
    /// and its exception is thrown.
    /// </summary>
    public void Run()
    {
        var threads = new List<Thread>();
        try
        {
            foreach (var loop in _others)
            {
                var thread = new Thread(() => RunGuarded(loop)) { IsBackground = true, Name = _threadName + (threads.Count + 2) };
                thread.Start();
                threads.Add(thread);
            }

            RunGuarded(_first);
        }
        catch (Exception e)
        {
            Fail(e); // a thread could not be started
        }

        threads.ForEach(thread => thread.Join());
        _failure?.Throw();
    }

    public void Dispose()
    {
        _first.Dispose();
        _others.ForEach(loop => loop.Dispose());
    }

    private void RunGuarded(EventLoop loop)
    {
        try
        {
            loop.Run();
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }

    private void Fail(Exception e)
    {
        Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(e), null);
        _first.Abort();
        _others.ForEach(loop => loop.Abort());
    }
}
