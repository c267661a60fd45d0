using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace EchoSocket;

/// <summary>
/// Makes a line of text for each target of a watch: its name, the last round trip, the share of lost probes, and a sparkline.
/// Thread-safe.
/// </summary>
internal sealed class LiveTargets
{
    /// <summary>So many round trips of each target are kept.</summary>
    public const int MaxKept = 250;

    private const int TimeWidth = 8;
    private const int LossWidth = 6;
    private const int MinSparkline = 8;

    private readonly object _gate = new(); // guards the fields below
    private readonly Target[] _targets;
    private long _changes;

    public LiveTargets(IEnumerable<string> names) => _targets = [.. names.Select(n => new Target(TerminalText.Escape(n)))];

    /// <summary>Changes whenever the lines do.</summary>
    public long Changes
    {
        get
        {
            lock (_gate)
                return _changes;
        }
    }

    /// <summary>Adds a probe of a target, which the index of its name tells; null is a loss.</summary>
    public void Add(int target, double? milliseconds)
    {
        lock (_gate)
        {
            _changes++;
            _targets[target].Add(milliseconds);
        }
    }

    /// <summary>
    /// The lines for a screen. If it is too small for all targets, those whose last probe was lost come first, and the last line counts
    /// the others.
    /// </summary>
    /// <param name="width">The longest line.</param>
    /// <param name="height">The most lines.</param>
    /// <param name="unicode">Whether the screen shows Unicode characters.</param>
    public IReadOnlyList<string> Lines(int width, int height, bool unicode)
    {
        lock (_gate)
        {
            if (_targets.Length <= height)
                return Lines(_targets, width, unicode);

            // The order of the others stays: OrderBy is stable.
            var ordered = _targets.OrderBy(t => t.IsLost ? 0 : 1).ToList();
            var others = ordered.Skip(Math.Max(height - 1, 0)).ToList();
            var text = $"{others.Count:N0} more targets, {others.Count(t => t.IsLost):N0} of them without a reply";
            return [.. Lines(ordered.Take(height - 1), width, unicode), Cut(text, width, unicode)];
        }
    }

    private List<string> Lines(IEnumerable<Target> targets, int width, bool unicode)
    {
        var nameWidth = Math.Min(_targets.Max(t => TextWidth(t.Name)), Math.Max(width / 3, MinSparkline));
        var left = width - nameWidth - 1;
        var hasTime = left >= TimeWidth + 1 + MinSparkline;
        left -= hasTime ? TimeWidth + 1 : 0;
        var hasLoss = hasTime && left >= LossWidth + 1 + MinSparkline;
        left -= hasLoss ? LossWidth + 1 : 0;

        string Line(Target target)
        {
            var name = Cut(target.Name, nameWidth, unicode);
            var line = name + new string(' ', nameWidth - TextWidth(name) + 1);
            if (hasTime)
                line += (target.IsLost ? "lost" : StatisticsText.Duration(target.Last, unicode)).PadLeft(TimeWidth) + " ";
            if (hasLoss)
                line += target.LostText.PadLeft(LossWidth) + " ";
            return Cut((line + Sparkline.Draw(target.Newest(Math.Max(left, 0)), unicode)).TrimEnd(), width, unicode);
        }

        return [.. targets.Select(Line)];
    }

    private static string Cut(string text, int width, bool unicode)
    {
        if (TextWidth(text) <= width)
            return text;

        var kept = text;
        while (kept.Length > 0 && TextWidth(kept) > width - 1)
            kept = kept.Substring(0, kept.Length - 1);
        return width > 0 ? kept + (unicode ? "…" : "~") : "";
    }

    // East Asian characters, in the names of computers, are two columns wide.
    private static int TextWidth(string text) => text.Sum(c => c >= '\u1100' && c < '\u2000' || c >= '\u2E80' ? 2 : 1);

    private sealed class Target(string name)
    {
        private readonly Queue<double?> _times = new();
        private long _probes;
        private long _lost;

        public string Name => name;

        public double? Last { get; private set; }

        public bool IsLost => _probes > 0 && Last is null;

        public string LostText =>
            _probes == 0 ? "-" : _lost == _probes ? "100%" : $"{(100.0 * _lost / _probes).ToString("0.0", CultureInfo.CurrentCulture)}%";

        public void Add(double? milliseconds)
        {
            _probes++;
            _lost += milliseconds is null ? 1 : 0;
            Last = milliseconds;
            if (_times.Count == MaxKept)
                _times.Dequeue();
            _times.Enqueue(milliseconds);
        }

        public IReadOnlyCollection<double?> Newest(int count) => [.. _times.Skip(_times.Count - count)];
    }
}
