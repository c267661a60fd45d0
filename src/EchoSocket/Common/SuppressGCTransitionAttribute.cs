namespace System.Runtime.InteropServices;

/// <summary>
/// .NET 5 and newer know this attribute by its name: a native function that carries it is called as directly as from C.
/// netstandard2.0 has no such class. Only for functions that cannot wait, since garbage is not collected meanwhile.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SuppressGCTransitionAttribute : Attribute
{
}
