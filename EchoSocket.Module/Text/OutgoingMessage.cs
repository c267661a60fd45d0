using System;
using System.Text;

namespace EchoSocket;

/// <summary>A message of text or of bytes, its size, and when it was handed over for sending. Its reply is of the same kind.</summary>
internal readonly struct OutgoingMessage(object value, int byteCount, DateTime time)
{
    /// <summary>A string, or an array of bytes.</summary>
    public object Value { get; } = value;

    public int ByteCount { get; } = byteCount;

    /// <summary>The bytes to send. For text the buffer is used, and replaced if it is too small.</summary>
    public byte[] Encode(Encoding encoding, ref byte[] buffer)
    {
        if (Value is byte[] bytes)
            return bytes;

        if (ByteCount > buffer.Length)
            buffer = new byte[ByteCount];
        var text = (string)Value;
        encoding.GetBytes(text, 0, text.Length, buffer, 0);
        return buffer;
    }

    /// <summary>The reply, of which the buffer begins with the bytes.</summary>
    /// <exception cref="DecoderFallbackException">The encoding can't decode the reply.</exception>
    public object Decode(Encoding encoding, byte[] buffer)
    {
        if (Value is string)
            return encoding.GetString(buffer, 0, ByteCount);

        var reply = new byte[ByteCount];
        Buffer.BlockCopy(buffer, 0, reply, 0, reply.Length);
        return reply;
    }

    /// <summary>The detailed result.</summary>
    public object Details(object reply, TimeSpan roundTripTime, TlsDetails? tls, string localEndPoint, string remoteEndPoint) => Value is byte[] bytes
        ? new EchoBytesReply(tls)
        {
            Time = time,
            MessageHex = Hexadecimal.From(bytes),
            ReplyHex = Hexadecimal.From((byte[])reply),
            ByteCount = ByteCount,
            RoundTripMilliseconds = Milliseconds.From(roundTripTime),
            LocalEndPoint = localEndPoint,
            RemoteEndPoint = remoteEndPoint,
        }
        : new EchoReply(tls)
        {
            Time = time,
            Message = (string)Value,
            Reply = (string)reply,
            ByteCount = ByteCount,
            RoundTripMilliseconds = Milliseconds.From(roundTripTime),
            LocalEndPoint = localEndPoint,
            RemoteEndPoint = remoteEndPoint,
        };
}
