using System.Globalization;
using System.Linq;
using System.Xml.Linq;

namespace EchoSocket.Measuring;

/// <summary>The elements of a picture, and the colours of its lines.</summary>
internal static class SvgElements
{
    public const string TextColour = "#333333";
    public const string PaleTextColour = "#6b6b6b";
    public const string FailureColour = "#b3261e";
    public const string GridColour = "#e3e3e3";

    public static readonly XNamespace Namespace = "http://www.w3.org/2000/svg";

    // The palette of Okabe and Ito, which colour-blind people can tell apart, without yellow, which is too pale on white.
    private static readonly string[] Colours = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"];
    private static readonly string[] Dashes = ["none", "7 3", "2 2", "9 3 2 3"];

    public static XElement Element(string name, params (string Name, object Value)[] attributes) =>
        new(Namespace + name, attributes.Select(a => new XAttribute(a.Name, a.Value)));

    public static XElement Text(string text, int x, int y, params (string Name, object Value)[] attributes) =>
        new(Element("text", [("x", x), ("y", y), .. attributes])) { Value = text };

    public static XElement Group(double x, double y, params XElement?[] elements) =>
        new(Namespace + "g", new XAttribute("transform", $"translate({Number(x)},{Number(y)})"), elements);

    /// <summary>The stroke of a line by its number. When all colours are used, they come again with other dashes.</summary>
    public static (string Name, object Value)[] Stroke(int number) =>
    [
        ("stroke", Colour(number)), ("stroke-width", 2),
        ("stroke-dasharray", Dashes[number / Colours.Length % Dashes.Length]),
    ];

    /// <summary>The end of a line: a dot, or a cross if something failed.</summary>
    public static XElement End(int number, double x, double y, bool failed) => failed
        ? Element(
            "path", ("d", $"M{Number(x - 4)},{Number(y - 4)}l8,8m0,-8l-8,8"), ("fill", "none"), ("stroke", Colour(number)), ("stroke-width", 2))
        : Element("circle", ("cx", Number(x)), ("cy", Number(y)), ("r", 3), ("fill", Colour(number)));

    public static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    private static string Colour(int number) => Colours[number % Colours.Length];
}
