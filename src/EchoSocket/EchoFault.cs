using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace EchoSocket;

/// <summary>
/// One way in which a server misbehaves on purpose, for <see cref="EchoServerOptions.Faults"/>. Immutable.
/// </summary>
/// <remarks>
/// <para>Delay, Throttle, Slice, Corrupt, Truncate and Duplicate change the replies. They form a chain in the order given: each one works on
/// what the one before it hands on. The first one gets replies: what one read brought from the client, transformed. A client that sends
/// one message and waits for its reply so gets one reply a message. After a Slice or Throttle each piece counts as a reply.</para>
/// <para>Close, Reset, HalfClose, Silence and Stall act on the connection: after so many bytes of replies were handed to
/// the operating system, whatever the others made of them, or after a time since the connection was accepted. Over TLS they act once
/// the handshake is complete.</para>
/// </remarks>
public sealed class EchoFault
{
    private EchoFault(EchoFaultKind kind) => Kind = kind;

    /// <summary>What the server does.</summary>
    public EchoFaultKind Kind { get; }

    /// <summary>Delay: how long each reply is held back. Slice: the time from one piece to the next.</summary>
    public TimeSpan DelayTime { get; private set; }

    /// <summary>Delay: by how much the time is varied at most, up or down.</summary>
    public TimeSpan Jitter { get; private set; }

    /// <summary>
    /// Throttle: bytes a second. Slice: the size of a piece. Corrupt: the average distance of flipped bits, in bytes. Truncate: how
    /// many bytes of each reply are dropped. Otherwise 0.
    /// </summary>
    public int ByteCount { get; private set; }

    /// <summary>The fault acts after exactly so many bytes of replies; null if it does not wait for bytes.</summary>
    public long? AfterBytes { get; private set; }

    /// <summary>The fault acts when the connection is so old; null if it does not wait for a time.</summary>
    public TimeSpan? AfterTime { get; private set; }

    /// <summary>The probability that the fault applies to a connection. Default 1.</summary>
    public double Probability { get; private set; } = 1;

    /// <summary>The connections that the fault may apply to, counted from 1 in the order of their accept. Default empty: all.</summary>
    public IReadOnlyList<long> OnConnections { get; private set; } = [];

    /// <summary>True for a fault that only a server with TLS can have.</summary>
    public bool NeedsTls => Kind is EchoFaultKind.FailHandshake or EchoFaultKind.StallHandshake or EchoFaultKind.WrongCertificate;

    /// <summary>
    /// Holds each reply back for this time, varied evenly by up to <paramref name="jitter"/> in both directions. The order of replies is kept.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The time is not 0 to 24.20:31:23.647, or the jitter is not 0 to the time.</exception>
    public static EchoFault Delay(TimeSpan time, TimeSpan jitter = default) => new(EchoFaultKind.Delay)
    {
        DelayTime = Time(time, nameof(time)),
        Jitter = jitter >= TimeSpan.Zero && jitter <= time ? jitter : throw Range(nameof(jitter), jitter, $"A jitter is 0 to the delay, {time}."),
    };

    /// <summary>Limits the replies to so many bytes a second.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The rate is below 1.</exception>
    public static EchoFault Throttle(int bytesPerSecond) => new(EchoFaultKind.Throttle) { ByteCount = Positive(bytesPerSecond, nameof(bytesPerSecond)) };

    /// <summary>Sends each reply in pieces of at most so many bytes, each this time after the one before.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The size is below 1, or the time is not 0 to 24.20:31:23.647.</exception>
    public static EchoFault Slice(int bytes, TimeSpan delay = default) =>
        new(EchoFaultKind.Slice) { ByteCount = Positive(bytes, nameof(bytes)), DelayTime = Time(delay, nameof(delay)) };

    /// <summary>Closes with FIN after so many bytes of replies. 0: at once, on connecting.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    public static EchoFault Close(long afterBytes = 0) => After(EchoFaultKind.Close, afterBytes);

    /// <summary>Closes with FIN after this time.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The time is not 0 to 24.20:31:23.647.</exception>
    public static EchoFault Close(TimeSpan after) => After(EchoFaultKind.Close, after);

    /// <summary>Closes with RST after so many bytes of replies. 0: at once, on connecting.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    public static EchoFault Reset(long afterBytes = 0) => After(EchoFaultKind.Reset, afterBytes);

    /// <summary>Closes with RST after this time.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The time is not 0 to 24.20:31:23.647.</exception>
    public static EchoFault Reset(TimeSpan after) => After(EchoFaultKind.Reset, after);

    /// <summary>Sends FIN after so many bytes of replies, then reads on and answers nothing more. 0: at once, on connecting.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    public static EchoFault HalfClose(long afterBytes = 0) => After(EchoFaultKind.HalfClose, afterBytes);

    /// <summary>Sends FIN after this time, then reads on and answers nothing more.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The time is not 0 to 24.20:31:23.647.</exception>
    public static EchoFault HalfClose(TimeSpan after) => After(EchoFaultKind.HalfClose, after);

    /// <summary>Reads on and answers nothing more, after so many bytes of replies. 0: at once, on connecting.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    public static EchoFault Silence(long afterBytes = 0) => After(EchoFaultKind.Silence, afterBytes);

    /// <summary>Reads on and answers nothing more, after this time.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The time is not 0 to 24.20:31:23.647.</exception>
    public static EchoFault Silence(TimeSpan after) => After(EchoFaultKind.Silence, after);

    /// <summary>Reads and sends nothing more, after so many bytes of replies. 0: at once, on connecting.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    public static EchoFault Stall(long afterBytes = 0) => After(EchoFaultKind.Stall, afterBytes);

    /// <summary>Reads and sends nothing more, after this time.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The time is not 0 to 24.20:31:23.647.</exception>
    public static EchoFault Stall(TimeSpan after) => After(EchoFaultKind.Stall, after);

    /// <summary>Flips one bit in every so many bytes of the replies, on average: the distance varies evenly from 1 to twice the average less 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The average is below 1.</exception>
    public static EchoFault Corrupt(int everyBytes) => new(EchoFaultKind.Corrupt) { ByteCount = Positive(everyBytes, nameof(everyBytes)) };

    /// <summary>Drops the last bytes of each reply.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is below 1.</exception>
    public static EchoFault Truncate(int bytes) => new(EchoFaultKind.Truncate) { ByteCount = Positive(bytes, nameof(bytes)) };

    /// <summary>Sends each reply twice.</summary>
    public static EchoFault Duplicate() => new(EchoFaultKind.Duplicate);

    /// <summary>Closes with RST as soon as the connection is accepted, before anything is read and before a TLS handshake.</summary>
    public static EchoFault RefuseConnection() => new(EchoFaultKind.RefuseConnection);

    /// <summary>With TLS: answers the client's first message with the fatal alert handshake_failure, and closes with FIN.</summary>
    public static EchoFault FailHandshake() => new(EchoFaultKind.FailHandshake);

    /// <summary>With TLS: never reads or answers the client's first message.</summary>
    public static EchoFault StallHandshake() => new(EchoFaultKind.StallHandshake);

    /// <summary>With TLS: shows a self-signed certificate for the name <c>wrong.invalid</c>.</summary>
    public static EchoFault WrongCertificate() => new(EchoFaultKind.WrongCertificate);

    /// <summary>The same fault for a part of the connections, chosen at random.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The probability is not 0 to 1.</exception>
    public EchoFault WithProbability(double probability)
    {
        var copy = (EchoFault)MemberwiseClone();
        copy.Probability = probability is >= 0 and <= 1
            ? probability
            : throw Range(nameof(probability), probability, "A probability is 0 to 1.");
        return copy;
    }

    /// <summary>The same fault for these connections only, counted from 1; none means all.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A number is below 1.</exception>
    public EchoFault ForConnections(params long[] connections)
    {
        if (connections is null)
            throw new ArgumentNullException(nameof(connections));

        var copy = (EchoFault)MemberwiseClone();
        copy.OnConnections = connections.All(number => number >= 1)
            ? Array.AsReadOnly([.. connections])
            : throw Range(nameof(connections), connections.First(number => number < 1), "Connections are counted from 1.");
        return copy;
    }

    /// <summary>What the fault does, as a phrase: "resets after 100 bytes".</summary>
    public override string ToString() => Kind switch
    {
        EchoFaultKind.Delay => $"delays each reply by {Text(DelayTime)}{(Jitter > TimeSpan.Zero ? $" ± {Text(Jitter)}" : "")}",
        EchoFaultKind.Throttle => $"sends {Text(ByteCount)} a second",
        EchoFaultKind.Slice => $"sends pieces of {Text(ByteCount)}{(DelayTime > TimeSpan.Zero ? $", one every {Text(DelayTime)}" : "")}",
        EchoFaultKind.Close => "closes" + When,
        EchoFaultKind.Reset => "resets" + When,
        EchoFaultKind.HalfClose => $"sends FIN{When}, and answers nothing more",
        EchoFaultKind.Silence => AfterBytes == 0 ? "never answers" : "answers nothing more" + When,
        EchoFaultKind.Stall => AfterBytes == 0 ? "never reads or answers" : "reads and sends nothing more" + When,
        EchoFaultKind.Corrupt => $"flips a bit every {Text(ByteCount)} on average",
        EchoFaultKind.Truncate => $"drops the last {(ByteCount == 1 ? "byte" : Text(ByteCount))} of each reply",
        EchoFaultKind.Duplicate => "sends each reply twice",
        EchoFaultKind.RefuseConnection => "resets on connecting",
        EchoFaultKind.FailHandshake => "fails the TLS handshake",
        EchoFaultKind.StallHandshake => "never answers the TLS handshake",
        _ => "shows a wrong certificate",
    };

    private string When => AfterTime is { } time ? " after " + Text(time) : AfterBytes > 0 ? " after " + Text(AfterBytes.Value) : " at once";

    private static EchoFault After(EchoFaultKind kind, long bytes) => new(kind)
    {
        AfterBytes = bytes >= 0 ? bytes : throw Range("afterBytes", bytes, "A number of bytes is 0 or more."),
    };

    private static EchoFault After(EchoFaultKind kind, TimeSpan time) => new(kind) { AfterTime = Time(time, "after") };

    private static int Positive(int value, string name) => value >= 1 ? value : throw Range(name, value, "The value is 1 or more.");

    private static TimeSpan Time(TimeSpan value, string name) =>
        value >= TimeSpan.Zero && value <= EchoClientOptions.MaximumTimeout
            ? value
            : throw Range(name, value, $"A time is 0 to {EchoClientOptions.MaximumTimeout}.");

    private static ArgumentOutOfRangeException Range(string name, object value, string rule) => new(name, value, rule);

    private static string Text(long bytes) => string.Format(CultureInfo.InvariantCulture, bytes == 1 ? "{0:N0} byte" : "{0:N0} bytes", bytes);

    private static string Text(TimeSpan time) => time < TimeSpan.FromSeconds(1)
        ? time.TotalMilliseconds.ToString("0.###", CultureInfo.InvariantCulture) + " ms"
        : time.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture) + " s";
}
