using System;
using System.Linq;
using System.Management.Automation;
using Xunit;

namespace EchoSocket.Module.Tests;

/// <summary>The client's errors: a stable id, the right category and target, and a message that says what to do.</summary>
public class SendFailureTests
{
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
    public void A_reset_and_a_close_are_different_errors()
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
    public void No_whole_reply_in_time_is_an_error_of_that_message_and_the_pipeline_continues()
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
            "[string][char]0xD800, 'hi', 'ok' | Send-EchoMessage -Port $args[0] -AnyReply -Encoding ([Text.UTF8Encoding]::new($false, $true))",
            peer.Port);

        Assert.Equal(["EncodingFailed", "DecodingFailed"], result.Errors.Select(e => e.Id()));
        Assert.Equal(["ok"], result.Strings);
        peer.Done.Get();
    }
}
