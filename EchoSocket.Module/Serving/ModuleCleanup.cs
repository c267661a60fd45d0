using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace EchoSocket;

/// <summary>Stops the session's server jobs when the module is removed.</summary>
public sealed class ModuleCleanup : IModuleAssemblyCleanup
{
    public void OnRemove(PSModuleInfo psModuleInfo) => EchoServerJob.StopAll(Runspace.DefaultRunspace);
}
