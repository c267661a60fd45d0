using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Tasks;
using EchoSocket.Polling;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace EchoSocket.Benchmarks;

/// <summary>The servers to compare. Each listens on a free port, prints it, and serves until its process ends.</summary>
internal static class Servers
{
    public const string Ours = "EchoSocket";
    public const string C = "C epoll";
    public const string AsyncSockets = "async Socket";
    public const string Kestrel = "Kestrel";

    public const string Portable = "EchoSocket, Socket.Select";

    public const string Bare = "bare";
    public const string Core = "core";
    public const string Cmdlets = "cmdlets";

    public static readonly string[] Compared = [Ours, AsyncSockets, Kestrel];

    /// <summary>The servers that this program itself can run.</summary>
    public static readonly Dictionary<string, Action<Action<int>>> Own = new()
    {
        [Bare] = BareSockets.Serve,
        [Core] = Benchmarks.Core.Serve,
        [Portable] = ServePortable,
        [IdleConnections.Server] = IdleConnections.Serve,
        [Delays.Server] = Delays.Serve,
        [UdpComparison.Async] = UdpComparison.ServeAsync,
        [AsyncSockets] = listening => ServeAsync(listening).GetAwaiter().GetResult(),
        [Kestrel] = listening => ServeKestrel(listening, 0, null),
        [TlsServers.Ours] = TlsServers.ServeOurs,
        [TlsServers.Kestrel] = listening => ServeKestrel(listening, TlsServers.Port, TlsServers.Certificate()),
    };

    // Chooses the port first: -Verbose would show it, but would also describe every read.
    private const string OneClientAfterTheOther = """
        $free = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0)
        $free.Start()
        $port = $free.LocalEndpoint.Port
        $free.Stop()
        $manifest = (Get-Module EchoSocket).Path
        $null = Start-ThreadJob { Import-Module $using:manifest; while ($true) { $null = Start-EchoServer -Port $using:port } }
        $port
        """;

    /// <summary>The cmdlet's servers run in PowerShell, as their users run them.</summary>
    public static ProcessStartInfo StartInfo(string name) => name switch
    {
        Ours => WithThreads(1),
        UdpComparison.Ours => ServerProcess.InPowerShell("(Start-EchoServer -Udp -AsJob -Port 0).Port"),
        Cmdlets => ServerProcess.InPowerShell(OneClientAfterTheOther),
        _ => ServerProcess.Own(name),
    };

    /// <summary>Ours, with this many threads.</summary>
    public static ProcessStartInfo WithThreads(int count) =>
        ServerProcess.InPowerShell($"(Start-EchoServer -KeepListening -ThreadCount {count} -AsJob -Port 0 -Backlog 4096).Port");

    /// <summary>Compiles a program of <c>peers</c>. Returns null if there is no epoll, no compiler, or no such library.</summary>
    public static string? BuildC(string name, params string[] libraries)
    {
        if (!OperatingSystem.IsLinux())
            return null;

        var program = Path.Combine(Path.GetTempPath(), $"{name}-{Environment.ProcessId}");
        var source = Path.Combine(Module.Root, "tests", "EchoSocket.Benchmarks", "peers", $"{name}.c");
        try
        {
            using var cc = Process.Start("cc", ["-O3", "-march=native", "-o", program, source, .. libraries]);
            cc.WaitForExit();
            return cc.ExitCode == 0 ? program : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private static void ServePortable(Action<int> listening)
    {
        using var server = EchoServer.Listen(new EchoServerOptions { Port = 0, Backlog = 4096, Poller = () => new SelectPoller() });
        listening(server.LocalEndPoint.Port);
        server.ServeMany();
    }

    private static async Task ServeAsync(Action<int> listening)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(4096);
        listening(((IPEndPoint)listener.LocalEndPoint!).Port);
        while (true)
            _ = EchoAsync(await listener.AcceptAsync());
    }

    private static async Task EchoAsync(Socket socket)
    {
        using (socket)
        {
            socket.NoDelay = true;
            var buffer = new byte[16 * 1024];
            try
            {
                while (await socket.ReceiveAsync(buffer) is > 0 and var count)
                {
                    Ascii.ToUpperInPlace(buffer.AsSpan(0, count));
                    for (var sent = 0; sent < count;)
                        sent += await socket.SendAsync(buffer.AsMemory(sent, count - sent));
                }
            }
            catch (SocketException)
            {
                // the client reset
            }
        }
    }

    private static void ServeKestrel(Action<int> listening, int port, X509Certificate2? certificate)
    {
        using var host = new HostBuilder()
            .ConfigureWebHost(web => web
                .UseKestrel(options => options.Listen(IPAddress.Loopback, port, listen =>
                {
                    if (certificate is not null)
                        listen.UseHttps(certificate);
                    listen.UseConnectionHandler<KestrelEcho>();
                }))
                .Configure(_ => { }))
            .Build();
        host.Start();
        var address = host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!;
        foreach (var url in address.Addresses)
            listening(new Uri(url).Port);
        host.WaitForShutdown();
    }

    private sealed class KestrelEcho : ConnectionHandler
    {
        public override async Task OnConnectedAsync(ConnectionContext connection)
        {
            while (true)
            {
                var read = await connection.Transport.Input.ReadAsync();
                foreach (var segment in read.Buffer)
                {
                    var output = connection.Transport.Output.GetMemory(segment.Length);
                    segment.CopyTo(output);
                    Ascii.ToUpperInPlace(output.Span[..segment.Length]);
                    connection.Transport.Output.Advance(segment.Length);
                }

                connection.Transport.Input.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                    return;
                await connection.Transport.Output.FlushAsync();
            }
        }
    }

    private static class Ascii
    {
        public static void ToUpperInPlace(Span<byte> bytes) => System.Text.Ascii.ToUpperInPlace(bytes, out _);
    }
}
