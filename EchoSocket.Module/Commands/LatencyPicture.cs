using System;
using System.Collections.Generic;
using System.IO;
using System.Management.Automation;

namespace EchoSocket.Commands;

/// <summary>The picture of <c>-SvgPath</c>. Its path is checked before anything is measured. Not thread-safe.</summary>
internal sealed class LatencyPicture
{
    private const string Advice = "Give -SvgPath the path of a file that you may write, in a folder that exists.";

    private readonly List<MeterResult> _results = [];
    private readonly string _path;
    private readonly string? _title;
    private readonly bool _overwrite;

    /// <summary>Checks the path, and changes nothing.</summary>
    /// <exception cref="ArgumentException">There can't be a file with this path.</exception>
    public LatencyPicture(string path, string? title, bool overwrite, PathIntrinsics paths)
    {
        (_path, _title, _overwrite) = (path, title, overwrite);
        File = Try(() =>
        {
            var file = paths.GetUnresolvedProviderPathFromPSPath(path, out var provider, out _);
            var problem = provider.Name != "FileSystem" ? "It is not a path of the file system."
                : Directory.Exists(file) ? "It is a folder."
                : !Directory.Exists(Path.GetDirectoryName(file)) ? "Its folder does not exist."
                : null;
            return problem is null ? file : throw new ArgumentException(problem);
        });
    }

    /// <summary>
    /// The picture of a command; null if the user does not want it to be written. Ends the command if it can't be written, or must
    /// not be overwritten.
    /// </summary>
    public static LatencyPicture? Open(PSCmdlet cmdlet, string path, string? title, bool overwrite)
    {
        try
        {
            var picture = new LatencyPicture(path, title, overwrite, cmdlet.SessionState.Path);
            var exists = System.IO.File.Exists(picture.File);
            if (exists && !overwrite)
            {
                cmdlet.ThrowTerminatingError(new ErrorRecord(
                    new IOException($"The file '{picture.File}' exists already. Omit -NoClobber to overwrite it, or give -SvgPath another path."),
                    "SvgExists", ErrorCategory.ResourceExists, path));
            }

            if (!cmdlet.ShouldProcess(picture.File, exists ? "Overwrite the picture" : "Write the picture"))
                return null;

            picture.TryOpen();
            return picture;
        }
        catch (ArgumentException e)
        {
            cmdlet.ThrowTerminatingError(new ErrorRecord(e, "SvgPathNotValid", ErrorCategory.InvalidArgument, path));
            throw; // never reached
        }
    }

    /// <summary>The whole path.</summary>
    public string File { get; }

    /// <summary>Opens the file to see that it can be written. That does not change it, and one that this creates is deleted again.</summary>
    /// <exception cref="ArgumentException">The file can't be written.</exception>
    public void TryOpen() => Try(() =>
    {
        var isNew = !System.IO.File.Exists(File);
        new FileStream(File, FileMode.OpenOrCreate, FileAccess.Write).Dispose();
        if (isNew)
            System.IO.File.Delete(File);
        return File;
    });

    public void Add(MeterResult result) => _results.Add(result);

    /// <summary>Writes the results since the last call. If there are none, an older picture stays.</summary>
    /// <exception cref="IOException">The file can't be written any more.</exception>
    public void Save()
    {
        MeterResult[] results = [.. _results];
        _results.Clear();
        if (results.Length == 0)
            return;

        try
        {
            using var file = new StreamWriter(new FileStream(File, _overwrite ? FileMode.Create : FileMode.CreateNew, FileAccess.Write));
            file.Write(LatencyPlot.Svg(results, _title));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"The picture '{File}' was not written. {e.Message} {Advice}", e);
        }
    }

    private string Try(Func<string> access)
    {
        try
        {
            return access();
        }
        catch (Exception e) when (e is ArgumentException or IOException or UnauthorizedAccessException or NotSupportedException or SessionStateException)
        {
            throw new ArgumentException($"The picture can't be written to '{_path.Replace("\0", @"\0")}'. {e.Message} {Advice}", e);
        }
    }
}
