using System;
using System.Collections;
using System.Linq;
using System.Net.Sockets;
using System.Threading;
using Xunit;

namespace EchoSocket.Module.Tests;

/// <summary>Test- and Measure-EchoServer report each way in which a server can fail to echo, and in time.</summary>
public class FailureKindTests
{
    public static readonly TheoryData<string, string, string> Kinds = new()
    {
        { "nobody", "Connect: refused", "ConnectionRefused" },
        { "drops", "Connect: timed out", "ConnectionTimeout" },
        { "silent", "Echo: timed out; 0 of 64 bytes came", "OperationTimeout" },
        { "closes", "Echo: closed early; 0 of 64 bytes came. If the server uses TLS, give the option UseTls.", "ConnectionClosedEarly" },
        { "resets", "Echo: reset; 0 of 64 bytes came. If the server uses TLS, give the option UseTls.", "ConnectionReset" },
        { "garbage", "Echo: answered something else; the first wrong byte is at offset 0 of 64; it sent \"garbage\\r\\n\"", "ReplyMismatch" },
        { "late", "Echo: timed out; 0 of 64 bytes came", "OperationTimeout" },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Each_kind_of_failure_has_its_own_result(string kind, string problem, string error)
    {
        using var full = kind == "drops" ? FullBacklog.Create() : null;
        using var peer = kind == "drops" ? null : kind == "nobody" ? new ScriptedServer() : new ScriptedServer(Serve(kind), Serve(kind));
        var port = full?.EndPoint.Port ?? peer!.Port;
        if (kind == "nobody")
            peer!.Dispose();
        using var engine = new Engine();

        var result = engine.Run(
            """
            Test-EchoServer -Port $args[0] -Detailed -TimeoutSeconds $args[1]
            Measure-EchoServer -Port $args[0] -MessageSize 64 -ConnectionTimeoutSeconds $args[1] -OperationTimeoutSeconds $args[1]
            """,
            port, kind is "drops" or "silent" or "late" ? 0.5 : 20);

        var report = result.Output[0];
        Assert.Equal(problem, $"{report.Properties["FailedStage"].Value}: {report.Properties["Reason"].Value}");
        Assert.Equal(false, report.Properties["Success"].Value);
        var statistics = result.Output[1];
        Assert.Equal([error], ((IDictionary)statistics.Properties["Errors"].Value).Keys.Cast<string>());
        Assert.Equal(0L, statistics.Properties["Received"].Value);
        Assert.Equal(error, result.Error.Id());
    }

    private static Action<Socket> Serve(string kind) => client =>
    {
        if (kind == "closes")
            client.Shutdown(SocketShutdown.Send);
        var message = client.ReadExactly(64);
        switch (kind)
        {
            case "resets":
                client.Reset();
                return;
            case "garbage":
                client.Send("garbage\r\n"u8);
                break;
            case "late":
                using (var never = new ManualResetEvent(false))
                    never.WaitOne(1000);
                client.Send(message);
                break;
        }

        try
        {
            while (client.Receive(message) > 0)
            {
            }
        }
        catch (SocketException)
        {
            // the client closed first
        }
    };
}
