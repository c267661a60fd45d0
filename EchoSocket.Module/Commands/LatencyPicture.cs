using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Management.Automation;

namespace EchoSocket.Commands;

/// <summary>The picture of <c>-AsSvg</c>. Its path is tried out before anything is measured. Not thread-safe.</summary>
internal sealed class LatencyPicture
{
    private const string Advice = "Give -AsSvg the path of a file that you may write, in a folder that exists.";

    private readonly List<MeterResult> _results = [];
    private readonly string _file;

    /// <exception cref="ArgumentException">The file can't be written.</exception>
    public LatencyPicture(string path, PathIntrinsics paths)
    {
        try
        {
            _file = paths.GetUnresolvedProviderPathFromPSPath(path, out var provider, out _);
            var problem = provider.Name != "FileSystem" ? "It is not a path of the file system."
                : Directory.Exists(_file) ? "It is a folder."
                : !Directory.Exists(Path.GetDirectoryName(_file)) ? "Its folder does not exist."
                : null;
            if (problem is not null)
                throw new ArgumentException(problem);
            TryOpen(_file);
        }
        catch (Exception e) when (e is ArgumentException or IOException or UnauthorizedAccessException or NotSupportedException or SessionStateException)
        {
            throw new ArgumentException($"The picture can't be written to '{path.Replace("\0", @"\0")}'. {e.Message} {Advice}", e);
        }
    }

    public void Add(MeterResult result) => _results.Add(result);

    /// <summary>Writes the results since the last call. Without a reply among them an older picture is left alone.</summary>
    /// <exception cref="IOException">The file can't be written any more.</exception>
    public void Save()
    {
        MeterResult[] results = [.. _results];
        _results.Clear();
        if (results.All(r => r.Received == 0))
            return;

        try
        {
            File.WriteAllText(_file, LatencyPlot.Svg(results));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"The picture '{_file}' was not written. {e.Message} {Advice}", e);
        }
    }

    // Opening a file does not change it, and one that this creates is deleted again.
    private static void TryOpen(string file)
    {
        var isNew = !File.Exists(file);
        new FileStream(file, FileMode.OpenOrCreate, FileAccess.Write).Dispose();
        if (isNew)
            File.Delete(file);
    }
}
