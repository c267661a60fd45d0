using System;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Net.Sockets;
using Xunit;

namespace EchoSocket.Module.Tests;

/// <summary>
/// The classroom pair of scripts interoperates with the cmdlets, in both directions: in Python if it is installed, and always
/// as plain sockets that do the same.
/// </summary>
public class ClassroomPairTests
{
    private const string Server = """
        import socket
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(('127.0.0.1', 0))
        listener.listen(5)
        print(listener.getsockname()[1], flush=True)
        connection, _ = listener.accept()
        while True:
            try:
                data = connection.recv(1024)
            except ConnectionResetError:
                break
            if not data:
                break
            print(data.decode(), flush=True)
            connection.send(data.upper())
        connection.close()
        listener.close()
        """;

    private const string Client = """
        import socket, sys
        connection = socket.socket()
        connection.connect(('127.0.0.1', int(sys.argv[1])))
        while True:
            try:
                message = input('>>>:').strip()
            except EOFError:
                break
            if not message:
                continue
            connection.send(message.encode('utf-8'))
            print(connection.recv(1024).decode('utf-8'))
        connection.close()
        """;

    [Fact]
    public void Our_client_works_with_the_python_server()
    {
        using var python = Python(Server);
        var port = int.Parse(python.StandardOutput.ReadLine()!, CultureInfo.InvariantCulture);
        using var engine = new Engine();

        Assert.Equal(["HELLO", "HéLLO 你好 ß"], engine.Run("'hello', 'héllo 你好 ß' | Send-EchoMessage -Port $args[0]", port).Strings);

        Assert.Equal("hello\nhéllo 你好 ß\n", ReadToEnd(python)); // and the server saw the FIN and returned
    }

    [Fact]
    public void The_python_client_works_with_our_server()
    {
        using var server = new BackgroundServer();
        using var python = Python(Client, $"{server.Port}");
        foreach (var line in new[] { "hello", "", "héllo 你好 ß" })
            python.StandardInput.WriteLine(line);
        python.StandardInput.Close();

        Assert.Equal(">>>:HELLO\n>>>:>>>:HéLLO 你好 ß\n>>>:", ReadToEnd(python));
        Assert.Equal("PeerClosed", $"{server.Connection().Properties["EndReason"].Value}");
    }

    [Fact]
    public void Our_server_returns_when_the_python_client_is_killed()
    {
        using var server = new BackgroundServer();
        using var python = Python(Client, $"{server.Port}");
        python.StandardInput.WriteLine("hello");
        server.Running.Until(r => r.Verbose.Any(v => v.Contains(" sent ", StringComparison.Ordinal)));

        python.Kill();

        Assert.Matches("^Peer(Closed|Reset)$", $"{server.Connection().Properties["EndReason"].Value}");
    }

    [Fact]
    public void Our_client_works_with_a_server_that_reads_1024_bytes_at_a_time()
    {
        using var engine = new Engine();
        using var peer = new ScriptedServer(client =>
        {
            var buffer = new byte[1024];
            while (client.Receive(buffer) is > 0 and var count)
                client.Send([.. buffer.Take(count).Select(b => b is >= (byte)'a' and <= (byte)'z' ? (byte)(b - 32) : b)]);
        });

        var result = engine.Run("('abc' * 5000) | Send-EchoMessage -Port $args[0]", peer.Port);

        Assert.Equal([string.Concat(Enumerable.Repeat("ABC", 5000))], result.Strings);
        peer.Done.Get();
    }

    [Fact]
    public void A_client_that_reads_a_whole_reply_at_once_works_with_our_server()
    {
        using var server = new BackgroundServer();
        using var client = Peers.Call(server.Port);
        var buffer = new byte[1024];
        foreach (var message in new[] { "one", "two" })
        {
            client.Send(System.Text.Encoding.UTF8.GetBytes(message));
            Assert.Equal(message.ToUpperInvariant(), System.Text.Encoding.UTF8.GetString(buffer, 0, client.Receive(buffer)));
        }

        client.Shutdown(SocketShutdown.Both);
        server.Connection();
    }

    private static Process Python(string script, params string[] arguments)
    {
        var start = new ProcessStartInfo("python3", ["-c", script, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            StandardInputEncoding = new System.Text.UTF8Encoding(false),
            StandardOutputEncoding = System.Text.Encoding.UTF8,
            Environment = { ["PYTHONIOENCODING"] = "utf-8" },
        };
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            Assert.Skip("no python3 here");
            throw;
        }
    }

    private static string ReadToEnd(Process process)
    {
        var text = process.StandardOutput.ReadToEndAsync().Get();
        process.WaitForExitAsync().Get();
        return text.ReplaceLineEndings("\n");
    }
}
