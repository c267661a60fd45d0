namespace EchoSocket.Measuring;

/// <summary>
/// The first bytes of a measured datagram: its number and its socket's, six bits a byte, in the characters from space to
/// underscore. Upper-casing leaves these alone. Thread-safe.
/// </summary>
internal static class DatagramHeader
{
    public const int Size = NumberDigits + SocketDigits;

    private const int NumberDigits = 6;
    private const int SocketDigits = 2;
    private const int BitsPerDigit = 6;
    private const int DigitMask = (1 << BitsPerDigit) - 1;
    private const byte FirstDigit = 0x20;
    private const long NumberMask = (1L << (NumberDigits * BitsPerDigit)) - 1;
    private const int SocketMask = (1 << (SocketDigits * BitsPerDigit)) - 1;

    /// <summary>Writes the lowest 36 bits of the number, and the lowest 12 of the socket's.</summary>
    public static void Write(byte[] datagram, long number, int socket)
    {
        for (var i = 0; i < NumberDigits; i++)
            datagram[i] = (byte)(FirstDigit + ((number >> (i * BitsPerDigit)) & DigitMask));
        for (var i = 0; i < SocketDigits; i++)
            datagram[NumberDigits + i] = (byte)(FirstDigit + ((socket >> (i * BitsPerDigit)) & DigitMask));
    }

    /// <summary>
    /// The number of a datagram that this socket has sent; below 0 if it is none. Of the numbers that end in the bits that came, it
    /// is the last one.
    /// </summary>
    /// <param name="datagram">What came.</param>
    /// <param name="count">Its size.</param>
    /// <param name="socket">The number of the socket.</param>
    /// <param name="next">The number of the next datagram.</param>
    public static long Read(byte[] datagram, int count, int socket, long next)
    {
        if (count < Size)
            return -1;

        var bits = 0L;
        for (var i = Size - 1; i >= 0; i--)
        {
            var digit = datagram[i] - FirstDigit;
            if ((uint)digit > DigitMask)
                return -1;
            bits = (bits << BitsPerDigit) | (uint)digit;
        }

        var last = next - 1;
        return (int)(bits >> (NumberDigits * BitsPerDigit)) == (socket & SocketMask) ? last - ((last - bits) & NumberMask) : -1;
    }
}
