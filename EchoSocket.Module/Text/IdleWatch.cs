using System;
using System.Threading;

namespace EchoSocket;

/// <summary>
/// Watches a connection on a thread of its own while its user types a line. Reports at once if the server disconnects, or
/// sends something that is no reply. For one thread at a time.
/// </summary>
internal sealed class IdleWatch : IDisposable
{
    private const int IntervalMilliseconds = 100;

    private readonly object _gate = new(); // guards the fields, and the client while a line is typed
    private readonly TextClient _client;
    private readonly Action<EchoException> _report;
    private EchoException? _failure;
    private bool _isTyping;
    private bool _isDisposed;

    /// <param name="client">The connection. It must stay open until the watch is disposed of.</param>
    /// <param name="report">Called on the watch's thread, at most once.</param>
    public IdleWatch(TextClient client, Action<EchoException> report)
    {
        _client = client;
        _report = report;
        new Thread(Run) { IsBackground = true, Name = "EchoSocket session" }.Start();
    }

    /// <summary>What was reported.</summary>
    public EchoException? Failure
    {
        get
        {
            lock (_gate)
                return _failure;
        }
    }

    /// <summary>Reads a line, and watches meanwhile.</summary>
    public string? During(Func<string?> readLine)
    {
        lock (_gate)
        {
            _isTyping = true;
            Monitor.Pulse(_gate);
        }

        try
        {
            return readLine();
        }
        finally
        {
            lock (_gate)
                _isTyping = false;
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            Monitor.Pulse(_gate);
        }
    }

    private void Run()
    {
        lock (_gate)
        {
            while (!_isDisposed && _failure is null)
            {
                if (_isTyping)
                    Look();
                Monitor.Wait(_gate, _isTyping ? IntervalMilliseconds : Timeout.Infinite);
            }
        }
    }

    private void Look()
    {
        try
        {
            _client.CheckIdle();
        }
        catch (EchoException e)
        {
            _failure = e;
            Report(e);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // Ctrl+C has closed the connection.
        }
    }

    private void Report(EchoException failure)
    {
        try
        {
            _report(failure);
        }
        catch (Exception)
        {
            // Hosts throw exceptions of their own kinds, and none may leave this thread. The next line shows the failure.
        }
    }
}
