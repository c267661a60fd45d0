using Xunit;

namespace EchoSocket.Module.Tests;

public class WatchTextTests
{
    [Fact]
    public void A_share_that_is_not_all_or_nothing_does_not_read_so()
    {
        using var engine = new Engine();

        var texts = engine.Run("0.0, 0.001, 0.2, 50, 99.94, 99.97, 99.9884, 99.99999, 100.0, $null | ForEach-Object { [EchoSocket.WatchText]::Percent($_) }").Strings;

        Assert.Equal(["0.0 %", "0.001 %", "0.2 %", "50.0 %", "99.9 %", "99.97 %", "99.9884 %", "more than 99.9999 %", "100.0 %", "-"], texts);
    }
}
