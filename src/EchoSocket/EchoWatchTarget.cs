namespace EchoSocket;

/// <summary>A server to watch. For one thread at a time; it must not change while a watch runs.</summary>
public sealed class EchoWatchTarget : EchoClientOptions
{
    /// <summary>
    /// Probes over UDP. <see cref="EchoClientOptions.Tls"/> and <see cref="EchoClientOptions.KeepAliveTime"/> are for TCP only. Default
    /// false.
    /// </summary>
    public bool Udp { get; set; }
}
