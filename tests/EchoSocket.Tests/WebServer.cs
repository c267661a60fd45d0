using System;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace EchoSocket.Tests;

/// <summary>A web server for what certificates refer to. It answers every request with the same bytes, or not at all.</summary>
internal sealed class WebServer : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _end = new();
    private readonly string _path = Guid.NewGuid().ToString("N"); // the system caches what it downloads
    private readonly Task _serving;
    private int _requests;

    public WebServer()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        _serving = Serve();
    }

    public string Address => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndPoint!).Port}/{_path}";

    /// <summary>The answer; null for none.</summary>
    public byte[]? Content { get; set; }

    public int Requests => Volatile.Read(ref _requests);

    public void Dispose()
    {
        _end.Cancel();
        _listener.Dispose();
        _serving.Get();
        _end.Dispose();
    }

    private async Task Serve()
    {
        try
        {
            while (true)
                _ = Answer(await _listener.AcceptAsync(_end.Token));
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task Answer(Socket client)
    {
        using (client)
        {
            Interlocked.Increment(ref _requests);
            try
            {
                await client.ReceiveAsync(new byte[4096], _end.Token);
                if (Content is not { } content)
                    await Task.Delay(Timeout.Infinite, _end.Token);
                else
                    await client.SendAsync((byte[])[.. Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {content.Length}\r\nConnection: close\r\n\r\n"), .. content]);
                client.Shutdown(SocketShutdown.Send);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException)
            {
            }
        }
    }
}
