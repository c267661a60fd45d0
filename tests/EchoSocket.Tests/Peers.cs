using System;
using System.Net;
using System.Threading;

namespace EchoSocket.Tests;

/// <summary>The core's own servers and clients.</summary>
internal static partial class Peers
{
    public static EchoServer Listen(EchoTransform transform = EchoTransform.Upper) =>
        EchoServer.Listen(new EchoServerOptions { Port = 0, Transform = transform });

    public static EchoClient Client(
        IPEndPoint server, double operationTimeout = 20, bool anyReply = false, TimeSpan? closeGrace = null,
        EchoClientTls? tls = null, CancellationToken cancellation = default) =>
        EchoClient.Connect(
            new EchoClientOptions
            {
                Host = server.Address.ToString(),
                Port = server.Port,
                OperationTimeout = TimeSpan.FromSeconds(operationTimeout),
                AnyReply = anyReply,
                Tls = tls,
                CloseGrace = closeGrace ?? new EchoClientOptions().CloseGrace,
            },
            cancellation);
}
