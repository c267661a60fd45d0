using System;
using System.Management.Automation;
using System.Management.Automation.Host;

namespace EchoSocket.Shell;

/// <summary>The console's size, which the formatter needs; single keys and cells of the screen are not offered.</summary>
internal sealed class ShellRawUI : PSHostRawUserInterface
{
    private const int WidthWithoutTerminal = 120;

    public static int Width => Console.IsOutputRedirected || Console.WindowWidth <= 0 ? WidthWithoutTerminal : Console.WindowWidth;

    public override Size BufferSize
    {
        get => new(Width, 3000);
        set => throw Unsupported();
    }

    public override Size WindowSize
    {
        get => new(Width, Console.IsOutputRedirected ? 25 : Math.Max(1, Console.WindowHeight));
        set => throw Unsupported();
    }

    public override Size MaxWindowSize => WindowSize;

    public override Size MaxPhysicalWindowSize => WindowSize;

    public override Coordinates WindowPosition { get; set; }

    public override Coordinates CursorPosition { get; set; }

    public override int CursorSize { get; set; }

    public override ConsoleColor ForegroundColor { get; set; } = ConsoleColor.Gray;

    public override ConsoleColor BackgroundColor { get; set; } = ConsoleColor.Black;

    public override string WindowTitle { get; set; } = "EchoSocket";

    public override bool KeyAvailable => false;

    public override KeyInfo ReadKey(ReadKeyOptions options) => throw Unsupported();

    public override void FlushInputBuffer()
    {
    }

    public override void SetBufferContents(Coordinates origin, BufferCell[,] contents)
    {
    }

    public override void SetBufferContents(Rectangle rectangle, BufferCell fill)
    {
    }

    public override BufferCell[,] GetBufferContents(Rectangle rectangle) => throw Unsupported();

    public override void ScrollBufferContents(Rectangle source, Coordinates destination, Rectangle clip, BufferCell fill) => throw Unsupported();

    private static PSNotSupportedException Unsupported() => new("This shell does not do that to its console.");
}
