using System;
using System.Management.Automation;

namespace EchoSocket.Commands;

/// <summary>The interactive client: reads lines from the host, sends them, shows the replies.</summary>
[Cmdlet(VerbsCommon.Enter, "EchoSession")]
[OutputType(typeof(void))]
public sealed class EnterEchoSessionCommand : EchoClientCommand
{
    private const string Prompt = ">>>: ";

    protected override void ProcessRecord()
    {
        try
        {
            using var client = Connect();
            while (ReadLine() is { } line)
                Host.UI.WriteLine(client.Exchange(line, Encoding.GetByteCount(line), out _));
        }
        catch (EchoException e)
        {
            ThrowTerminatingError(e.ToErrorRecord(e.EndPoint));
        }
    }

    // The next line that has something to send; null where the session ends.
    private string? ReadLine()
    {
        while (!Stopping)
        {
            Host.UI.Write(Prompt);
            var line = Host.UI.ReadLine();
            if (line is null || string.Equals(line.Trim(), "exit", StringComparison.OrdinalIgnoreCase))
                return null;
            if (line.Length > 0 && Encoding.GetByteCount(line) > 0)
                return line;
        }

        return null;
    }
}
