using System;
using System.Linq;
using Xunit;

namespace EchoSocket.Tests;

public class EchoFaultTests
{
    public static TheoryData<EchoFault, string> Phrases => new()
    {
        { EchoFault.Delay(TimeSpan.FromMilliseconds(50)), "delays each reply by 50 ms" },
        { EchoFault.Delay(TimeSpan.FromSeconds(1.5), TimeSpan.FromMilliseconds(20)), "delays each reply by 1.5 s ± 20 ms" },
        { EchoFault.Throttle(1000), "sends 1,000 bytes a second" },
        { EchoFault.Slice(1), "sends pieces of 1 byte" },
        { EchoFault.Slice(2, TimeSpan.FromMilliseconds(5)), "sends pieces of 2 bytes, one every 5 ms" },
        { EchoFault.Close(), "closes at once" },
        { EchoFault.Reset(100), "resets after 100 bytes" },
        { EchoFault.HalfClose(TimeSpan.FromSeconds(2)), "sends FIN after 2 s, and answers nothing more" },
        { EchoFault.Silence(1), "answers nothing more after 1 byte" },
        { EchoFault.Silence(), "never answers" },
        { EchoFault.Stall(), "never reads or answers" },
        { EchoFault.Corrupt(10), "flips a bit every 10 bytes on average" },
        { EchoFault.Truncate(1), "drops the last byte of each reply" },
        { EchoFault.Duplicate(), "sends each reply twice" },
        { EchoFault.RefuseConnection(), "resets on connecting" },
        { EchoFault.FailHandshake(), "fails the TLS handshake" },
        { EchoFault.StallHandshake(), "never answers the TLS handshake" },
        { EchoFault.WrongCertificate(), "shows a wrong certificate" },
    };

    [Theory]
    [MemberData(nameof(Phrases))]
    public void A_fault_says_what_it_does(EchoFault fault, string phrase) => Assert.Equal(phrase, fault.ToString());

    [Theory]
    [MemberData(nameof(Outside))]
    public void A_value_outside_its_range_is_refused_by_name(Func<EchoFault> make, string name) =>
        Assert.Equal(name, Assert.Throws<ArgumentOutOfRangeException>(make).ParamName);

    public static TheoryData<Func<EchoFault>, string> Outside => new()
    {
        { () => EchoFault.Delay(TimeSpan.FromTicks(-1)), "time" },
        { () => EchoFault.Delay(TimeSpan.MaxValue), "time" },
        { () => EchoFault.Delay(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2)), "jitter" },
        { () => EchoFault.Delay(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(-1)), "jitter" },
        { () => EchoFault.Throttle(0), "bytesPerSecond" },
        { () => EchoFault.Slice(0), "bytes" },
        { () => EchoFault.Slice(1, TimeSpan.FromTicks(-1)), "delay" },
        { () => EchoFault.Close(-1), "afterBytes" },
        { () => EchoFault.Stall(TimeSpan.FromTicks(-1)), "after" },
        { () => EchoFault.Corrupt(0), "everyBytes" },
        { () => EchoFault.Truncate(0), "bytes" },
        { () => EchoFault.Duplicate().WithProbability(1.01), "probability" },
        { () => EchoFault.Duplicate().WithProbability(double.NaN), "probability" },
        { () => EchoFault.Duplicate().ForConnections(1, 0), "connections" },
    };

    [Fact]
    public void A_fault_never_changes()
    {
        var fault = EchoFault.Reset(5);
        var rare = fault.WithProbability(0.5).ForConnections(1, 3);

        Assert.Equal((1.0, 0), (fault.Probability, fault.OnConnections.Count));
        Assert.Equal((0.5, 5L), (rare.Probability, rare.AfterBytes));
        Assert.Equal([1, 3], rare.OnConnections);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(EchoServerOptions.MaxKeepReceived + 1)]
    public void A_number_of_bytes_to_keep_outside_its_range_is_refused(int bytes) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new EchoServerOptions { KeepReceived = bytes });

    [Fact]
    public void A_list_of_faults_is_bounded()
    {
        var longest = new EchoServerOptions { Faults = [.. Enumerable.Repeat(EchoFault.Close(), EchoServerOptions.MaxFaults)] }.Faults;
        Assert.Throws<ArgumentException>(() => new EchoServerOptions { Faults = [.. longest, EchoFault.Close()] });
    }
}
