using System;
using Xunit;

namespace EchoSocket.Tests;

public class EchoMeterOptionsTests
{
    [Fact]
    public void What_is_out_of_range_is_refused()
    {
        var options = new EchoMeterOptions();
        Action[] wrong =
        [
            () => options.Count = 0,
            () => options.Duration = TimeSpan.Zero,
            () => options.MessageSize = 0,
            () => options.MessageSize = EchoMeterOptions.MaxMessageSize + 1,
            () => options.Connections = 0,
            () => options.Connections = EchoMeterOptions.MaxConnections + 1,
            () => options.InFlight = 0,
            () => options.InFlight = EchoMeterOptions.MaxInFlight + 1,
            () => options.Rate = 0,
            () => options.Rate = double.NaN,
            () => options.Rate = EchoMeterOptions.MaxRate * 2,
            () => options.WarmupCount = -1,
        ];
        Assert.All(wrong, set => Assert.Throws<ArgumentOutOfRangeException>(set));
        Assert.Throws<ArgumentNullException>(() => new EchoMeter(null!));
    }

    [Fact]
    public void There_are_1000_messages_unless_a_duration_says_otherwise()
    {
        Assert.Equal((1000L, (TimeSpan?)null), (new EchoMeterOptions().Count, new EchoMeterOptions().Duration));
        Assert.Null(new EchoMeterOptions { Duration = TimeSpan.FromSeconds(1) }.Count);
        Assert.Equal(5, new EchoMeterOptions { Duration = TimeSpan.FromSeconds(1), Count = 5 }.Count);
    }
}
