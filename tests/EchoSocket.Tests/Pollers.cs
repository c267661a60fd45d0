using System;
using System.Net;
using System.Net.Sockets;
using EchoSocket.Polling;
using EchoSocket.Transport;
using Xunit;

namespace EchoSocket.Tests;

internal static class Pollers
{
    /// <summary>Creates an epoll poller, or skips the test if this system has none.</summary>
    public static IPoller Epoll()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "epoll is Linux's");
        return new EpollPoller();
    }
}

/// <summary>A poller whose calls a test can intercept, and those of its connections.</summary>
internal class WrappedPoller(IPoller poller) : IPoller
{
    public void Register(Socket listener, int token) => poller.Register(listener, token);

    public virtual ITransport Adopt(Socket socket, int token) => new Tap(this, token, poller.Adopt(socket, token));

    public virtual ITransport? Accept(int listener, out SocketError error) => poller.Accept(listener, out error);

    public virtual ITransport? Adopt(ITransport client, int token, out SocketError error) =>
        poller.Adopt(client, token, out error) is { } adopted ? new Tap(this, token, adopted) : null;

    public void Change(int token, Interest interest) => poller.Change(token, interest);

    public void Unregister(int token) => poller.Unregister(token);

    public virtual int Wait(int milliseconds, int[] ready) => poller.Wait(milliseconds, ready);

    public virtual void Wake() => poller.Wake();

    public void Report(int token) => poller.Report(token);

    public void Dispose() => poller.Dispose();

    protected virtual int Receive(int token, ITransport transport, byte[] buffer, int offset, int count, out SocketError error) =>
        transport.Receive(buffer, offset, count, out error);

    protected virtual int Send(int token, ITransport transport, byte[] buffer, int offset, int count, out SocketError error) =>
        transport.Send(buffer, offset, count, out error);

    private sealed class Tap(WrappedPoller poller, int token, ITransport transport) : ITransport, IPeerState
    {
        public bool HasClosed => transport is IPeerState { HasClosed: true };

        public IPEndPoint RemoteEndPoint => transport.RemoteEndPoint;

        public IPEndPoint? LocalEndPoint => transport.LocalEndPoint;

        public string Problem => transport.Problem;

        public bool WantsToSend => transport.WantsToSend;

        public int Unread => transport.Unread;

        public int Unacknowledged => transport.Unacknowledged;

        public int Receive(byte[] buffer, int offset, int count, out SocketError error) => poller.Receive(token, transport, buffer, offset, count, out error);

        public int Send(byte[] buffer, int offset, int count, out SocketError error) =>
            poller.Send(token, transport, buffer, offset, count, out error);

        public bool Shutdown() => transport.Shutdown();

        public void Close() => transport.Close();

        public void Abort() => transport.Abort();
    }
}
