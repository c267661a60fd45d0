using System;
using System.Linq;
using System.Management.Automation;
using System.Net;
using System.Net.Sockets;
using Xunit;

namespace EchoSocket.Module.Tests;

/// <summary>Send-EchoMessage and Test-EchoServer over UDP.</summary>
public class UdpTests
{
    [Fact]
    public void Messages_of_the_pipeline_come_back_in_order()
    {
        using var engine = new Engine();
        using var server = new DatagramServer();

        var result = engine.Run("'a', 'b', 'c' | Send-EchoMessage -Udp -Port $args[0] -Verbose", server.Port);

        Assert.Equal(["A", "B", "C"], result.Strings);
        Assert.Equal($"Sending to 127.0.0.1:{server.Port} over UDP.", Assert.Single(result.Verbose));
        Assert.Empty(result.Errors);
    }

    [Fact]
    public void Bytes_come_back_as_bytes()
    {
        using var engine = new Engine();
        using var server = new DatagramServer();

        var result = engine.Run(
            "Send-EchoMessage -InputBytes ([byte[]] (0, 255, 97)) -Udp -Port $args[0]; , [byte[]] (97, 98) | Send-EchoMessage -Udp -Port $args[0] -Detailed", server.Port);

        Assert.Equal([0, 255, 65], (byte[])result.Output[0].BaseObject);
        var reply = result.Output[1];
        Assert.Equal(("6162", "4142", 2), (Get(reply, "MessageHex"), Get(reply, "ReplyHex"), Get(reply, "ByteCount")));
    }

    [Fact]
    public void Detailed_replies_name_the_port_of_each_message()
    {
        using var engine = new Engine();
        using var server = new DatagramServer();

        var replies = engine.Run("'a', 'b' | Send-EchoMessage -Udp -Port $args[0] -Detailed", server.Port).Output;

        var locals = replies.Select(r => (string)Get(r, "LocalEndPoint")).ToArray();
        Assert.Equal(server.Received.Select(r => r.From.ToString()), locals);
        Assert.NotEqual(locals[0], locals[1]);
        Assert.All(replies, r => Assert.Equal((server.EndPoint.ToString(), 1, ""), (Get(r, "RemoteEndPoint"), Get(r, "ByteCount"), Get(r, "TlsProtocol"))));
        Assert.All(replies, r => Assert.True((double)Get(r, "RoundTripMilliseconds") > 0));
    }

    [Fact]
    public void A_lost_reply_is_an_error_of_its_message_and_the_next_goes_on()
    {
        using var engine = new Engine();
        using var server = new DatagramServer(DatagramServer.Lose, DatagramServer.Echo);

        var result = engine.Run("'first', 'next' | Send-EchoMessage -Udp -Port $args[0] -OperationTimeoutSeconds 0.2", server.Port);

        Assert.Equal("OperationTimeout", result.Error.Id());
        Assert.Equal(ErrorCategory.OperationTimeout, result.Error.CategoryInfo.Category);
        Assert.Equal("first", result.Error.TargetObject);
        Assert.Contains("within 0.2 s: the message or its reply is lost", result.Error.Exception.Message, StringComparison.Ordinal);
        Assert.Equal(["NEXT"], result.Strings);
    }

    [Fact]
    public void A_refused_message_and_one_that_is_too_large_are_errors_of_their_messages()
    {
        using var engine = new Engine();
        using var server = new DatagramServer(DatagramServer.Echo);

        var result = engine.Run("'a', ('x' * 65508), 'b', 'c' | Send-EchoMessage -Udp -Port $args[0] -OperationTimeoutSeconds 0.2", server.Port);

        Assert.Equal(["A"], result.Strings);
        Assert.Equal(["MessageTooLarge", "OperationTimeout", "OperationTimeout"], result.Errors.Select(e => e.Id()));
        Assert.Equal(ErrorCategory.LimitsExceeded, result.Errors[0].CategoryInfo.Category);
        Assert.Equal(65508, ((string)result.Errors[0].TargetObject).Length);

        server.Dispose();
        var refused = engine.Run("'a', 'b' | Send-EchoMessage -Udp -Port $args[0]", server.Port);
        Assert.Equal(["ConnectionRefused", "ConnectionRefused"], refused.Errors.Select(e => e.Id()));
        Assert.Equal(["a", "b"], refused.Errors.Select(e => (string)e.TargetObject));
    }

    [Fact]
    public void A_message_above_the_path_MTU_warns_once()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Socket.OSSupportsIPv6, "needs an interface with a small MTU");
        using var engine = new Engine();
        using var server = new DatagramServer(IPAddress.IPv6Loopback, 0);

        var result = engine.Run("'a', ('x' * 65500), ('y' * 65500) | Send-EchoMessage -Udp -ComputerName ::1 -Port $args[0] 3>&1 | ForEach-Object { \"$_\" }", server.Port);

        Assert.Equal(4, result.Output.Count);
        var warning = Assert.Single(result.Strings, s => s.Contains("path MTU", StringComparison.Ordinal));
        Assert.Contains("is 65,536 bytes (IPV6_MTU of the socket)", warning, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-InFlight 2", "InFlight")]
    [InlineData("-UseTls", "UseTls")]
    [InlineData("-TlsHostName x", "TlsHostName", "ParameterRequired")]
    [InlineData("-SkipCertificateCheck", "SkipCertificateCheck", "ParameterRequired")]
    [InlineData("-CheckRevocation", "CheckRevocation", "ParameterRequired")]
    [InlineData("-KeepAliveSeconds 5", "KeepAliveSeconds")]
    public void What_is_for_TCP_only_is_refused_before_anything_is_sent(string parameters, string name, string rowId = "ParameterConflict")
    {
        using var engine = new Engine();
        using var server = new DatagramServer();

        foreach (var command in name == "InFlight" ? ["Send-EchoMessage hi"] : new[] { "Send-EchoMessage hi", "Test-EchoServer" })
        {
            var error = engine.Terminating($"{command} -Udp -Port $args[0] {parameters}", server.Port);
            Assert.Equal(("ParameterConflict", name), (error.Id(), error.TargetObject));
            Assert.Contains($"-{name} is for TCP, and -Udp asks for UDP", error.Exception.Message, StringComparison.Ordinal);

            var forRow = command.Replace("hi", "-Message hi", StringComparison.Ordinal);
            var row = engine.Run($"try {{ [pscustomobject]@{{ ComputerName = '127.0.0.1'; Port = $args[0]; Udp = 'True' }} | {forRow} {parameters} 2>&1 }} catch {{ $_ }}", server.Port);
            Assert.Equal(rowId, ((ErrorRecord)Assert.Single(row.Output).BaseObject).Id());
        }

        Assert.Empty(server.Received);
    }

    [Fact]
    public void Input_objects_say_by_their_property_Udp_how_to_reach_their_server()
    {
        using var engine = new Engine();
        using var server = new DatagramServer();
        using var tcp = new BackgroundServer();
        const string Rows = """
            $rows = @(
                [pscustomobject]@{ ComputerName = '127.0.0.1'; Port = $args[0]; Message = 'udp'; Udp = 'True' }
                [pscustomobject]@{ ComputerName = '127.0.0.1'; Port = $args[1]; Message = 'tcp'; Udp = $false }
                [pscustomobject]@{ ComputerName = '127.0.0.1'; Port = $args[1]; Message = 'plain' }
                [pscustomobject]@{ ComputerName = '127.0.0.1'; Port = $args[0]; Message = 'again'; Udp = 1 }
                [pscustomobject]@{ ComputerName = '127.0.0.1'; Port = $args[0]; Message = 'both'; Udp = $true; UseTls = $true }
                [pscustomobject]@{ ComputerName = '127.0.0.1'; Port = $args[0]; Message = 'odd'; Udp = 'maybe' }
            )
            """;

        var sent = engine.Run(Rows + "; $rows[0, 1, 3, 4, 5] | Send-EchoMessage", server.Port, tcp.Port);
        Assert.Equal(["UDP", "TCP", "AGAIN"], sent.Strings);
        Assert.Equal(["ParameterConflict", "ParameterArgumentTransformationError"], sent.Errors.Select(e => e.Id()));
        Assert.Equal(2, server.Received.Length);

        var tested = engine.Run(Rows + "; $rows[0, 4, 5] | Test-EchoServer -Detailed", server.Port, tcp.Port);
        var report = Assert.Single(tested.Output);
        Assert.Equal((true, true, ""), (Get(report, "Success"), Get(report, "Udp"), Get(report, "Reason")));
        Assert.Equal(["ParameterConflict", "ParameterArgumentTransformationError"], tested.Errors.Select(e => e.Id()));

        var overridden = engine.Run(Rows + "; $rows[2].Port = $args[0]; $rows[2] | Send-EchoMessage -Udp", server.Port, tcp.Port);
        Assert.Equal(["PLAIN"], overridden.Strings);
    }

    [Fact]
    public void A_server_job_brings_it_along_as_an_argument_and_through_the_pipeline()
    {
        using var engine = new Engine();
        engine.Run("$global:job = Start-EchoServer -Udp -AsJob -Port 0");

        var result = engine.Run(
            "'a', 'b' | Send-EchoMessage -ComputerName $job; $job | Send-EchoMessage -Message c; (Test-EchoServer $job -Detailed).Udp; ($job | Test-EchoServer -Detailed).Udp; $job.StopJob(); $job.MessagesReceived");

        Assert.Empty(result.Errors);
        Assert.Equal(["A", "B", "C", true, true, 5L], result.Output.Select(o => o.BaseObject));
    }

    [Theory]
    [InlineData("Enter-EchoSession $job")]
    [InlineData("$job | Enter-EchoSession")]
    public void A_session_with_its_job_is_refused(string command)
    {
        using var engine = new Engine();
        engine.Run("$global:job = Start-EchoServer -Udp -AsJob -Port 0");

        var error = engine.Terminating(command);
        engine.Run("$job.StopJob()");

        Assert.Equal("ParameterConflict", error.Id());
        Assert.Contains("is to be reached over UDP, and a session is over TCP. Use Send-EchoMessage", error.Exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_name_ends_the_pipeline_unless_an_object_has_it()
    {
        using var engine = new Engine();

        Assert.Equal("HostNotFound", engine.Terminating("'a', 'b' | Send-EchoMessage -Udp -ComputerName no-such-host.invalid").Id());
        var rows = engine.Run("1..2 | ForEach-Object { [pscustomobject]@{ ComputerName = 'no-such-host.invalid'; Port = 7; Udp = $true; Message = 'a' } } | Send-EchoMessage");
        Assert.Equal(["HostNotFound", "HostNotFound"], rows.Errors.Select(e => e.Id()));
    }

    [Fact]
    public void An_empty_message_is_refused_as_over_TCP()
    {
        using var engine = new Engine();
        using var server = new DatagramServer();

        Assert.Equal("ParameterArgumentValidationError", engine.Terminating("Send-EchoMessage '' -Udp -Port $args[0]", server.Port).Id());
        Assert.Empty(server.Received);
    }

    [Theory]
    [InlineData("Send-EchoMessage hi -Udp -Port $args[0] -OperationTimeoutSeconds 600")]
    [InlineData("Test-EchoServer -Udp -Port $args[0] -TimeoutSeconds 600")]
    public void Stopping_a_client_that_waits_for_a_reply_is_prompt(string script)
    {
        using var engine = new Engine();
        using var server = new DatagramServer(DatagramServer.Lose);
        using var running = engine.Begin(script, server.Port);
        server.Done.Get();

        running.Stop();

        Assert.IsType<PipelineStoppedException>(running.End(Bounded.Promptly).Ended);
    }

    [Fact]
    public void A_pipeline_that_ends_early_ends_the_client()
    {
        using var engine = new Engine();
        using var server = new DatagramServer();

        var result = engine.Run("foreach ($once in 1) { 'a', 'b' | Send-EchoMessage -Udp -Port $args[0] | ForEach-Object { $_; break } }", server.Port);

        Assert.Equal(["A"], result.Strings);
        Assert.Single(server.Received);
    }

    [Fact]
    public void A_report_has_no_stage_Connect()
    {
        using var engine = new Engine();
        using var server = new DatagramServer();

        var report = engine.Run("Test-EchoServer 127.0.0.1 $args[0] -Udp -Detailed", server.Port).Output.Single();
        server.Dispose();
        var refused = engine.Run("Test-EchoServer 127.0.0.1 $args[0] -Udp; Test-EchoServer 127.0.0.1 $args[0] -Udp -Detailed", server.Port).Output;

        Assert.Null(Get(report, "ConnectMilliseconds"));
        Assert.Equal(0.0, Get(report, "ResolveMilliseconds"));
        Assert.True((double)Get(report, "EchoMilliseconds") > 0);
        Assert.Equal(false, refused[0].BaseObject);
        Assert.Equal(("Echo", "refused", true), (Get(refused[1], "FailedStage"), Get(refused[1], "Reason"), Get(refused[1], "Udp")));
    }

    private static object Get(PSObject result, string property) => result.Properties[property].Value;
}
