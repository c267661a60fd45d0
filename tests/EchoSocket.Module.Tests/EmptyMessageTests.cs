using System;
using System.Net;
using System.Net.Sockets;
using Xunit;

namespace EchoSocket.Module.Tests;

/// <summary>An empty message never reaches the network, and the error says why.</summary>
public class EmptyMessageTests
{
    [Theory]
    [InlineData("Send-EchoMessage ''")]
    [InlineData("Send-EchoMessage $null")]
    [InlineData("Send-EchoMessage @()")]
    [InlineData("Send-EchoMessage 'a',''")]
    [InlineData("Send-EchoMessage '','a'")]
    [InlineData("Send-EchoMessage 'a',$null,'b'")]
    [InlineData("Send-EchoMessage -Message ([string]::Empty)")]
    [InlineData("Set-StrictMode -Version Latest; $ErrorActionPreference = 'Stop'; Send-EchoMessage ''")]
    public void It_is_refused_before_a_connection_is_opened(string script)
    {
        using var engine = new Engine();
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();

        var error = engine.Terminating($"$PSDefaultParameterValues = @{{ 'Send-EchoMessage:Port' = $args[0] }}; {script}", ((IPEndPoint)listener.LocalEndPoint!).Port);

        Assert.Equal("ParameterArgumentValidationError", error.Id());
        Assert.Contains("puts nothing on the wire", error.Exception.Message, StringComparison.Ordinal);
        Assert.False(listener.Poll(0, SelectMode.SelectRead)); // nobody called
    }

    [Fact]
    public void It_says_which_of_several_is_empty()
    {
        using var engine = new Engine();

        Assert.Contains("Message 2 is empty", engine.Terminating("Send-EchoMessage a,''").Exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("'a','','b'")]
    [InlineData("'a',$null,'b'")]
    [InlineData("'a',@(),'b'")]
    public void In_a_pipeline_the_other_messages_still_go_through(string messages)
    {
        using var engine = new Engine();
        using var server = new BackgroundServer();

        var result = engine.Run($"{messages} | Send-EchoMessage -Port $args[0]", server.Port);

        Assert.Equal(["A", "B"], result.Strings);
        Assert.Equal("ParameterArgumentValidationError", result.Error.Id());
        Assert.Contains("puts nothing on the wire", result.Error.Exception.Message, StringComparison.Ordinal);
        Assert.Equal(2L, server.Connection().Properties["BytesReceived"].Value);
    }

    [Fact]
    public void A_pipeline_of_nothing_but_empty_messages_opens_no_connection()
    {
        using var engine = new Engine();

        // Nobody listens on port 1; had it called, the error would be ConnectionRefused.
        var result = engine.Run("'', '' | Send-EchoMessage -Port 1");

        Assert.Null(result.Ended);
        Assert.Equal(2, result.Errors.Count);
        Assert.All(result.Errors, e => Assert.StartsWith("ParameterArgumentValidationError", e.FullyQualifiedErrorId, StringComparison.Ordinal));
    }

    [Fact]
    public void A_message_that_its_encoding_leaves_nothing_of_is_refused_too()
    {
        using var engine = new Engine();

        var result = engine.Run(
            """
            $nothing = [Text.Encoding]::GetEncoding('us-ascii', [Text.EncoderReplacementFallback]::new(''), [Text.DecoderFallback]::ReplacementFallback)
            Send-EchoMessage ([string][char]0xE9) -Encoding $nothing -Port 1
            """);

        Assert.Equal("EmptyMessage", result.Error.Id());
        Assert.Equal("é", result.Error.TargetObject);
    }
}
