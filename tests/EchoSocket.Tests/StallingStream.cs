using System;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;

namespace EchoSocket.Tests;

/// <summary>Sends so many TLS records, and drops the others.</summary>
internal sealed class StallingStream(Socket socket, int records) : NetworkStream(socket, ownsSocket: true)
{
    private int _left = records;

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var size = 0;
        while (size < buffer.Length && _left-- > 0)
            size += 5 + (buffer.Span[size + 3] << 8) + buffer.Span[size + 4];
        await base.WriteAsync(buffer[..size], cancellationToken);
    }
}
