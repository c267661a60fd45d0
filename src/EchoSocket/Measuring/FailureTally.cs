using System.Collections.Generic;
using System.Linq;

namespace EchoSocket.Measuring;

/// <summary>Counts failures by their kind, and keeps the first of each.</summary>
internal sealed class FailureTally
{
    private readonly object _gate = new();
    private readonly Dictionary<string, long> _counts = [];
    private readonly List<EchoException> _first = [];

    /// <summary>The first failure of each kind, in the order in which they came.</summary>
    public IReadOnlyList<EchoException> First
    {
        get
        {
            lock (_gate)
                return [.. _first];
        }
    }

    public void Add(EchoException failure)
    {
        var kind = failure.Error.ToString();
        lock (_gate)
        {
            _counts.TryGetValue(kind, out var before);
            _counts[kind] = before + 1;
            if (before == 0)
                _first.Add(failure);
        }
    }

    public Dictionary<string, long> Counts()
    {
        lock (_gate)
            return _counts.ToDictionary(c => c.Key, c => c.Value);
    }
}
