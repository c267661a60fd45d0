using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Security.Cryptography.X509Certificates;

namespace EchoSocket;

/// <summary>
/// Takes certificates as objects only. PowerShell itself would take text for a file's path, relative to another folder than its
/// own. Thread-safe.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class CertificateArgumentAttribute : ArgumentTransformationAttribute
{
    /// <summary>"server" or "client", if the parameter is one certificate, with the private key that this side needs.</summary>
    public string? Owner { get; set; }

    /// <summary>Takes SHA-256 thumbprints, too.</summary>
    public bool Thumbprints { get; set; }

    public override object Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        var input = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        IEnumerable<object?> items = LanguagePrimitives.GetEnumerable(input)?.Cast<object?>() ?? [input];
        var values = items.Select(item => ToValue(item is PSObject i ? i.BaseObject : item)).ToArray();
        if (Owner is null)
            return Thumbprints ? values : values.Cast<X509Certificate2>().ToArray();
        if (values.Length != 1)
            throw new ArgumentTransformationMetadataException($"Give one certificate; these are {values.Length}.");

        var certificate = (X509Certificate2)values[0];
        return certificate.HasPrivateKey
            ? certificate
            : throw new ArgumentTransformationMetadataException(
                $"The certificate '{TerminalText.EscapeControls(certificate.Subject)}' has no private key, which a {Owner} needs. Load both, " +
                "with Get-PfxCertificate from a PFX file or, in PowerShell 7, with [Security.Cryptography.X509Certificates.X509Certificate2]::CreateFromPemFile.");
    }

    private object ToValue(object? item) => item switch
    {
        X509Certificate2 certificate => certificate.Handle != IntPtr.Zero
            ? certificate
            : throw new ArgumentTransformationMetadataException("A certificate that was disposed cannot be used. Load it again."),
        string text when Thumbprints => Thumbprint(text),
        _ => throw new ArgumentTransformationMetadataException(
            $"{Describe(item)} is not a certificate{(Thumbprints ? " or a SHA-256 thumbprint" : "")}. Load one, for example with Get-PfxCertificate " +
            @"from a file, or with Get-Item from the drive Cert:\ on Windows."),
    };

    private static string Thumbprint(string text)
    {
        try
        {
            return new EchoServerTls { TrustedClientThumbprints = [text] }.TrustedClientThumbprints[0];
        }
        catch (ArgumentException e)
        {
            throw new ArgumentTransformationMetadataException(
                $"{TerminalText.EscapeControls(e.Message)} (The property Thumbprint of a certificate is its SHA-1 thumbprint; give the certificate itself, for example with Get-PfxCertificate.)", e);
        }
    }

    private static string Describe(object? item) => item switch
    {
        null => "An empty value",
        string text => $"'{TerminalText.EscapeControls(text)}'",
        _ => Columns.Describe(item),
    };
}
