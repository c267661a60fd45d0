namespace System.Runtime.InteropServices;

/// <summary>
/// .NET 5 and newer recognize this attribute by its name, and call a native function that carries it as directly as C does.
/// It is declared here because netstandard2.0 has no such class. Only for functions that do not block: no garbage can be
/// collected during the call.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SuppressGCTransitionAttribute : Attribute
{
}
