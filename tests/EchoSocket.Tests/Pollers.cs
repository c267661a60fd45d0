using System;
using System.Net;
using System.Net.Sockets;
using EchoSocket.Polling;
using Xunit;

namespace EchoSocket.Tests;

internal static class Pollers
{
    /// <summary>Skips the test where there is none.</summary>
    public static IPoller Epoll()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "epoll is Linux's");
        return new EpollPoller();
    }
}

/// <summary>A poller that a test listens in on.</summary>
internal class WrappedPoller(IPoller poller) : IPoller
{
    public virtual void Add(Socket socket, int token) => poller.Add(socket, token);

    public void Change(int token, Interest interest) => poller.Change(token, interest);

    public void Remove(int token) => poller.Remove(token);

    public virtual IPEndPoint? Accept(int listener, int token, out SocketError error) => poller.Accept(listener, token, out error);

    public virtual int Wait(int milliseconds, int[] ready) => poller.Wait(milliseconds, ready);

    public virtual int Receive(int token, byte[] buffer, out SocketError error) => poller.Receive(token, buffer, out error);

    public virtual int Send(int token, byte[] buffer, int offset, int count, out SocketError error) =>
        poller.Send(token, buffer, offset, count, out error);

    public IPEndPoint? LocalEndPoint(int token) => poller.LocalEndPoint(token);

    public bool Shutdown(int token) => poller.Shutdown(token);

    public void Close(int token) => poller.Close(token);

    public void Dispose() => poller.Dispose();
}
