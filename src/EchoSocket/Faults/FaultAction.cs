namespace EchoSocket.Faults;

/// <summary>What a connection is to do next.</summary>
internal enum FaultAction
{
    /// <summary>Wait until <see cref="FaultPlan.Due"/>, or until there is another reply.</summary>
    Wait,

    /// <summary>Send the bytes of <see cref="FaultPlan.Current"/>, and tell the plan how many were sent.</summary>
    Send,

    /// <summary>Close with FIN.</summary>
    Close,

    /// <summary>Close with RST.</summary>
    Reset,

    /// <summary>Send FIN, and read on.</summary>
    HalfClose,
}
