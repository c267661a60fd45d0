using System;
using System.Management.Automation.Host;

namespace EchoSocket;

/// <summary>Knows whether a person reads what a host shows. Thread-safe.</summary>
internal static class Terminal
{
    /// <summary>False where nothing is shown, and where what is shown goes to a file, to another program or into a job.</summary>
    public static bool IsRead(PSHost? host) => host?.UI is not null && host.Name switch
    {
        "ConsoleHost" => !Console.IsOutputRedirected,
        "ServerRemoteHost" or "Default Host" => false,
        _ => true,
    };
}
