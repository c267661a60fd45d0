using System;
using System.Linq;
using System.Management.Automation;
using System.Net;
using System.Net.Sockets;
using Xunit;

namespace EchoSocket.Module.Tests;

/// <summary>The client's errors: a stable id, the right category and target, and a message that says what to do.</summary>
public class SendFailureTests
{
    [Fact]
    public void Nobody_listening_ends_the_pipeline()
    {
        using var engine = new Engine();
        using var unlistened = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        unlistened.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)unlistened.LocalEndPoint!).Port;

        var error = engine.Terminating("'a', 'b' | Send-EchoMessage -Port $args[0]", port);

        Assert.Equal("ConnectionRefused,EchoSocket.Commands.SendEchoMessageCommand", error.FullyQualifiedErrorId);
        Assert.Equal(ErrorCategory.ConnectionError, error.CategoryInfo.Category);
        Assert.Equal($"127.0.0.1:{port}", error.TargetObject);
        Assert.Contains("Start a server there", error.Exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_name_ends_the_pipeline()
    {
        using var engine = new Engine();

        var error = engine.Terminating("Send-EchoMessage hi -ComputerName no-such-host.invalid");

        Assert.Equal("HostNotFound", error.Id());
        Assert.Equal(ErrorCategory.ObjectNotFound, error.CategoryInfo.Category);
        Assert.Equal("no-such-host.invalid:8081", error.TargetObject);
    }

    [Fact]
    public void An_object_whose_server_is_down_does_not_keep_the_others_from_theirs()
    {
        using var engine = new Engine();
        using var server = new BackgroundServer();

        var result = engine.Run("1, $args[0] | ForEach-Object { [pscustomobject]@{ Port = $_ } } | Send-EchoMessage -Message hi", server.Port);

        Assert.Equal("ConnectionRefused", result.Error.Id());
        Assert.Equal("127.0.0.1:1", result.Error.TargetObject);
        Assert.Equal(["HI"], result.Strings);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void An_early_close_says_how_much_came_and_the_next_message_gets_a_new_connection(int replied)
    {
        using var engine = new Engine();
        using var peer = new ScriptedServer(
            client => client.Send(client.ReadExactly(5)[..replied]),
            client =>
            {
                client.Send(client.ReadExactly(5));
                client.ReadEnd();
            });

        var result = engine.Run("'first', 'other' | Send-EchoMessage -Port $args[0]", peer.Port);

        Assert.Equal("ConnectionClosedEarly", result.Error.Id());
        Assert.Equal(ErrorCategory.ConnectionError, result.Error.CategoryInfo.Category);
        Assert.Equal("first", result.Error.TargetObject);
        Assert.Contains($"{replied} of 5 bytes", result.Error.Exception.Message, StringComparison.Ordinal);
        Assert.Equal(["other"], result.Strings);
        peer.Done.Get();
    }

    [Fact]
    public void A_reset_is_told_from_a_close()
    {
        using var engine = new Engine();
        using var peer = new ScriptedServer(client =>
        {
            client.ReadExactly(5);
            client.Reset();
        });

        var result = engine.Run("Send-EchoMessage first -Port $args[0]", peer.Port);

        Assert.Equal("ConnectionReset", result.Error.Id());
        Assert.Equal(ErrorCategory.ConnectionError, result.Error.CategoryInfo.Category);
        peer.Done.Get();
    }

    [Fact]
    public void No_whole_reply_in_time_is_an_error_of_that_message_and_the_pipeline_goes_on()
    {
        using var engine = new Engine();
        using var peer = new ScriptedServer(
            Peers.ReadEndAfter(5),
            client =>
            {
                client.Send(client.ReadExactly(4));
                client.ReadEnd();
            });

        var result = engine.Run("'first', 'next' | Send-EchoMessage -Port $args[0] -OperationTimeoutSeconds 0.2", peer.Port);

        Assert.Equal("OperationTimeout", result.Error.Id());
        Assert.Equal(ErrorCategory.OperationTimeout, result.Error.CategoryInfo.Category);
        Assert.Equal("first", result.Error.TargetObject);
        Assert.Contains("0 of 5 bytes", result.Error.Exception.Message, StringComparison.Ordinal);
        Assert.Equal(["next"], result.Strings);
        peer.Done.Get();
    }

    [Fact]
    public void A_failed_message_stops_a_pipeline_that_asks_for_it()
    {
        using var engine = new Engine();
        using var peer = new ScriptedServer(client => client.ReadExactly(5));

        var error = engine.Terminating("'first', 'next' | Send-EchoMessage -Port $args[0] -ErrorAction Stop", peer.Port);

        Assert.Equal("ConnectionClosedEarly", error.Id());
        peer.Done.Get();
    }

    [Theory]
    [InlineData("-Port 0")]
    [InlineData("-Port 65536")]
    [InlineData("-ConnectionTimeoutSeconds 0")]
    [InlineData("-OperationTimeoutSeconds -1")]
    [InlineData("-OperationTimeoutSeconds ([double]::NaN)")]
    [InlineData("-ComputerName ''")]
    [InlineData("-Encoding $null")]
    public void Bad_input_is_refused_before_anything_is_opened(string parameters)
    {
        using var engine = new Engine();

        var error = engine.Terminating($"Send-EchoMessage hi {parameters}");

        Assert.Contains(error.CategoryInfo.Category, new[] { ErrorCategory.InvalidData, ErrorCategory.InvalidArgument });
        Assert.Contains(parameters.Split(' ')[0][1..], error.Exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_the_encoding_refuses_are_an_error_of_that_message()
    {
        using var engine = new Engine();
        using var peer = new ScriptedServer(client =>
        {
            client.ReadExactly(2);
            client.Send([0xFF, 0xFE]);
            client.Send(client.ReadExactly(2));
            client.ReadEnd();
        });

        var result = engine.Run(
            "[string][char]0xD800, 'hi', 'ok' | Send-EchoMessage -Port $args[0] -Encoding ([Text.UTF8Encoding]::new($false, $true))", peer.Port);

        Assert.Equal(["EncodingFailed", "DecodingFailed"], result.Errors.Select(e => e.Id()));
        Assert.Equal(["ok"], result.Strings);
        peer.Done.Get();
    }
}
