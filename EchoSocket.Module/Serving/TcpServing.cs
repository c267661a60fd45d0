using System.Collections.Generic;
using System.Net;

namespace EchoSocket;

/// <summary>Serves TCP clients, one or many. Thread-safe.</summary>
internal sealed class TcpServing(EchoServer server, bool keepListening) : IServing
{
    public EchoServer Server => server;

    public IReadOnlyList<IPEndPoint> LocalEndPoints => server.LocalEndPoints;

    public void Serve(IServerOutput output, bool verbose)
    {
        var observer = new ServerObserver(output, verbose);
        if (keepListening)
            server.ServeMany(observer);
        else
            server.ServeOne(observer);
    }

    public void Stop() => server.Stop();
}
