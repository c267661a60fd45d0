using System;
using System.Net.Sockets;
using EchoSocket.Common;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>The exceptions made from the operating system's errors.</summary>
public class ErrorsTests
{
    [Theory]
    [InlineData(SocketError.AddressAlreadyInUse, EchoError.AddressInUse)]
    [InlineData(SocketError.AddressNotAvailable, EchoError.AddressNotAvailable)]
    [InlineData(SocketError.AddressFamilyNotSupported, EchoError.AddressNotAvailable)]
    [InlineData(SocketError.AccessDenied, EchoError.AccessDenied)]
    [InlineData(SocketError.NoBufferSpaceAvailable, EchoError.SocketFailure)]
    public void Binding_errors_have_ids_and_name_the_endpoint(SocketError error, EchoError named) => Check(named, Errors.Bind("host:1", new SocketException((int)error)));

    [Theory]
    [InlineData(SocketError.ConnectionRefused, EchoError.ConnectionRefused)]
    [InlineData(SocketError.HostUnreachable, EchoError.HostUnreachable)]
    [InlineData(SocketError.NetworkUnreachable, EchoError.HostUnreachable)]
    [InlineData(SocketError.TimedOut, EchoError.ConnectionTimeout)]
    [InlineData(SocketError.AccessDenied, EchoError.AccessDenied)]
    [InlineData(SocketError.ConnectionReset, EchoError.ConnectionReset)]
    [InlineData(SocketError.TooManyOpenSockets, EchoError.SocketFailure)]
    public void Connecting_errors_have_ids_and_name_the_endpoint(SocketError error, EchoError named) =>
        Check(named, Errors.Connect("host:1", "", new SocketException((int)error), TimeSpan.FromSeconds(1.5)));

    [Theory]
    [InlineData(SocketError.Success, EchoError.ConnectionClosedEarly)]
    [InlineData(SocketError.ConnectionReset, EchoError.ConnectionReset)]
    [InlineData(SocketError.Shutdown, EchoError.ConnectionReset)]
    [InlineData(SocketError.TimedOut, EchoError.OperationTimeout)]
    [InlineData(SocketError.WouldBlock, EchoError.OperationTimeout)]
    [InlineData(SocketError.HostUnreachable, EchoError.HostUnreachable)]
    [InlineData(SocketError.NetworkReset, EchoError.HostUnreachable)]
    [InlineData(SocketError.NoBufferSpaceAvailable, EchoError.SocketFailure)]
    public void Exchange_errors_have_ids_and_say_how_much_of_the_reply_came(SocketError error, EchoError named)
    {
        var failure = Errors.Exchange("host:1", 2, 1000, error, TimeSpan.FromSeconds(1.23456));

        Check(named, failure);
        Assert.Contains("2 of 1,000 bytes", failure.Message, StringComparison.Ordinal);
        if (named == EchoError.OperationTimeout)
            Assert.Contains("within 1.235 s", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SocketError.Success, EchoError.ConnectionClosedEarly)]
    [InlineData(SocketError.ConnectionReset, EchoError.ConnectionReset)]
    [InlineData(SocketError.HostUnreachable, EchoError.HostUnreachable)]
    [InlineData(SocketError.NetworkReset, EchoError.HostUnreachable)]
    [InlineData(SocketError.NoBufferSpaceAvailable, EchoError.SocketFailure)]
    public void Errors_between_messages_have_ids(SocketError error, EchoError named) => Check(named, Errors.Idle("host:1", error, ""));

    [Fact]
    public void Bytes_that_no_echo_would_send_are_ReplyMismatch()
    {
        Check(EchoError.ReplyMismatch, Errors.Mismatch("host:1", 2, 1000, 3, "'x'"));
        Check(EchoError.ReplyMismatch, Errors.Excess("host:1", 3, "'x'"));
        Check(EchoError.ReplyMismatch, Errors.Excess("host:1", 0, "'x'"));
    }

    [Fact]
    public void An_accept_error_is_SocketFailure_and_names_the_endpoint() => Check(EchoError.SocketFailure, Errors.Accept("host:1", new SocketException((int)SocketError.InvalidArgument)));

    [Theory]
    [InlineData(SocketError.TimedOut)]
    [InlineData(SocketError.ConnectionRefused)]
    [InlineData(SocketError.HostUnreachable)]
    [InlineData(SocketError.AccessDenied)]
    public void Connecting_errors_say_which_addresses_were_tried(SocketError error) =>
        Assert.Contains(
            " (tried ::1, 127.0.0.1)",
            Errors.Connect("host:1", " (tried ::1, 127.0.0.1)", new SocketException((int)error), TimeSpan.FromSeconds(1.5)).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Other_errors_say_what_failed_and_how()
    {
        var error = new SocketException((int)SocketError.NoBufferSpaceAvailable);

        Assert.Equal($"Listening on host:1 failed: {error.Message} (NoBufferSpaceAvailable).", Errors.Bind("host:1", error).Message);
        Assert.Equal($"Accepting a client on host:1 failed: {error.Message} (NoBufferSpaceAvailable).", Errors.Accept("host:1", error).Message);
        Assert.Equal(
            $"Connecting to host:1 failed: {error.Message} (NoBufferSpaceAvailable).", Errors.Connect("host:1", "", error, TimeSpan.Zero).Message);
    }

    [Fact]
    public void A_name_that_does_not_resolve_in_time_is_ConnectionTimeout_and_the_message_says_why() =>
        Check(EchoError.ConnectionTimeout, Errors.ResolveTimeout("host", "host:1", "timed out", TimeSpan.FromSeconds(1.5), null));

    private static void Check(EchoError named, EchoException failure)
    {
        Assert.Equal(named, failure.Error);
        Assert.Equal("host:1", failure.EndPoint);
        Assert.Contains("host:1", failure.Message, StringComparison.Ordinal);
        Assert.Matches(named == EchoError.SocketFailure ? @"\.$" : @"\. [A-Z].*\.$", failure.Message); // the last sentence is the advice
    }
}
