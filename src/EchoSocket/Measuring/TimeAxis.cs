using System;
using System.Collections.Generic;
using System.Globalization;

namespace EchoSocket.Measuring;

/// <summary>
/// An axis of times in nanoseconds: from zero, or logarithmic where they are so far apart that the short ones would
/// otherwise all lie on the ground.
/// </summary>
internal sealed class TimeAxis
{
    private const double WidestLinear = 100;
    private const int MostIntervals = 6;
    private const int MostLogarithmicTicks = 12;

    private static readonly (string Name, double Size)[] Units = [("ns", 1), ("µs", 1e3), ("ms", 1e6), ("s", 1e9)];
    private static readonly double[] RoundDigits = [1, 2, 5];

    private readonly List<(double Time, string Label)> _ticks = [];
    private readonly double _from;
    private readonly double _to;

    /// <summary>Both are at least 1.</summary>
    public TimeAxis(double shortest, double longest)
    {
        IsLogarithmic = longest > WidestLinear * shortest;
        (_from, _to) = IsLogarithmic ? AddLogarithmicTicks(shortest, longest) : AddLinearTicks(longest);
    }

    public bool IsLogarithmic { get; }

    public IReadOnlyList<(double Time, string Label)> Ticks => _ticks;

    /// <summary>A time to three digits.</summary>
    public static string Text(double time)
    {
        var unit = Unit(time);
        var value = time / unit.Size;
        return Text(value, value < 9.995 ? "0.00" : value < 99.95 ? "0.0" : "0", unit.Name);
    }

    /// <summary>Where a time lies: 0 at the axis' beginning, 1 at its end.</summary>
    public double Position(double time) => IsLogarithmic
        ? (Math.Log10(time) - Math.Log10(_from)) / (Math.Log10(_to) - Math.Log10(_from))
        : time / _to;

    private static string Text(double value, string format, string unit) => value.ToString(format, CultureInfo.InvariantCulture) + " " + unit;

    private static (string Name, double Size) Unit(double time) => Array.FindLast(Units, u => u.Size <= time);

    /// <summary>1, 2, 5, 10, 20, 50, ...</summary>
    private static double Round(int number) => RoundDigits[number % 3] * Math.Pow(10, number / 3);

    /// <summary>The number of the first round time above another.</summary>
    private static int FirstAbove(double time)
    {
        var number = 0;
        while (Round(number) <= time)
            number++;
        return number;
    }

    // One unit for all; the end lies beyond the longest time, so that no line runs along the frame.
    private (double From, double To) AddLinearTicks(double longest)
    {
        var step = Round(FirstAbove(longest / MostIntervals));
        var end = (Math.Floor(longest / step) + 1) * step;
        var unit = Unit(end);
        for (var i = 0; i * step <= end; i++)
            _ticks.Add((i * step, Text(i * step / unit.Size, "0.##", unit.Name)));
        return (0, end);
    }

    // Each in its own unit, for they differ too much; powers of ten only where the others would crowd them.
    private (double From, double To) AddLogarithmicTicks(double shortest, double longest)
    {
        var first = FirstAbove(shortest) - 1;
        var last = FirstAbove(longest);
        var all = last - first < MostLogarithmicTicks;
        for (var number = first; number <= last; number++)
        {
            var time = Round(number);
            var unit = Unit(time);
            if (all || number % RoundDigits.Length == 0)
                _ticks.Add((time, Text(time / unit.Size, "0", unit.Name)));
        }

        return (Round(first), Round(last));
    }
}
