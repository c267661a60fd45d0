namespace EchoSocket.Faults;

/// <summary>
/// The random numbers of one fault on one connection: splitmix64, written out because the sequence of System.Random differs between
/// versions of .NET. They follow from the seed, the connection's number and the fault's place in the list alone, so what one fault
/// draws does not change another's.
/// </summary>
internal sealed class FaultRandom(int seed, long connection, int fault)
{
    private const ulong Step = 0x9E3779B97F4A7C15;

    private ulong _state = Mix(Mix(Mix((uint)seed) + (ulong)connection) + (ulong)fault);

    /// <summary>Evenly from 0 to less than the limit.</summary>
    public long Below(long limit)
    {
        var range = (ulong)limit;
        var rejected = (0 - range) % range; // without these, each result is equally frequent
        ulong value;
        do
            value = Next();
        while (value < rejected);
        return (long)(value % range);
    }

    /// <summary>True with this probability.</summary>
    public bool IsTrue(double probability) => (Next() >> 11) * (1.0 / (1UL << 53)) < probability;

    private ulong Next()
    {
        _state += Step;
        return Scramble(_state);
    }

    private static ulong Mix(ulong value) => Scramble(value + Step);

    private static ulong Scramble(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
