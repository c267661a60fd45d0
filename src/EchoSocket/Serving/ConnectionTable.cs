using System;
using System.Collections.Generic;

namespace EchoSocket.Serving;

/// <summary>The connections being served, by token. The token of a closed connection is reused, so tokens stay small.</summary>
internal sealed class ConnectionTable
{
    private readonly int _firstToken;
    private readonly Stack<int> _freeTokens = new();
    private ServedConnection?[] _connections = new ServedConnection?[16];
    private int _nextToken;

    public ConnectionTable(int firstToken) => _firstToken = _nextToken = firstToken;

    public int Count { get; private set; }

    /// <summary>The connection with this token; null if there is none.</summary>
    public ServedConnection? this[int token] => _connections[token];

    /// <summary>Takes a token for <see cref="Add"/>, or for <see cref="ReturnToken"/>.</summary>
    public int TakeToken()
    {
        if (_freeTokens.Count > 0)
            return _freeTokens.Pop();

        if (_nextToken == _connections.Length)
            Array.Resize(ref _connections, _nextToken * 2);
        return _nextToken++;
    }

    public void ReturnToken(int token) => _freeTokens.Push(token);

    public void Add(ServedConnection connection)
    {
        _connections[connection.Token] = connection;
        Count++;
    }

    public void Remove(ServedConnection connection)
    {
        _connections[connection.Token] = null;
        Count--;
        ReturnToken(connection.Token);
    }

    /// <summary>All connections. One may be removed during the enumeration.</summary>
    public IEnumerable<ServedConnection> All()
    {
        for (var token = _firstToken; token < _nextToken; token++)
        {
            if (_connections[token] is { } connection)
                yield return connection;
        }
    }
}
