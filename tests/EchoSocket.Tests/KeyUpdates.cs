using System;
using System.IO;
using System.Net.Security;
using System.Reflection;
using System.Runtime.InteropServices;
using Xunit;

namespace EchoSocket.Tests;

/// <summary>Makes TLS 1.3 KeyUpdate records, which .NET itself never sends.</summary>
internal static class KeyUpdates
{
    private const int NotRequested = 0; // SSL_KEY_UPDATE_NOT_REQUESTED: the peer need not update its own key

    private static readonly FieldInfo Context = typeof(SslStream).GetField("_securityContext", BindingFlags.Instance | BindingFlags.NonPublic)!;

    /// <summary>The encrypted records, to be sent on the socket in place of what the stream would send next.</summary>
    public static byte[] Make(SslStream stream, int count)
    {
        Assert.SkipUnless(NativeLibrary.TryLoad("libssl.so.3", out _), "OpenSSL 3 is not installed");
        var ssl = ((SafeHandle)Context.GetValue(stream)!).DangerousGetHandle();
        var output = SSL_get_wbio(ssl);
        var records = new MemoryStream();
        var buffer = new byte[1024];
        for (var i = 0; i < count; i++)
        {
            Assert.Equal(1, SSL_key_update(ssl, NotRequested));
            Assert.Equal(1, SSL_do_handshake(ssl));
            for (int part; (part = BIO_read(output, buffer, buffer.Length)) > 0;)
                records.Write(buffer, 0, part);
        }

        return records.ToArray();
    }

    [DllImport("libssl.so.3")]
    private static extern int SSL_key_update(IntPtr ssl, int type);

    [DllImport("libssl.so.3")]
    private static extern int SSL_do_handshake(IntPtr ssl);

    [DllImport("libssl.so.3")]
    private static extern IntPtr SSL_get_wbio(IntPtr ssl);

    [DllImport("libcrypto.so.3")]
    private static extern int BIO_read(IntPtr bio, byte[] buffer, int length);
}
