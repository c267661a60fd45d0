using System;

namespace EchoSocket.Serving;

/// <summary>
/// When connections are to be continued although nothing happens on their sockets: at most one time for each token, in a binary heap. It
/// allocates nothing once it is large enough. For the loop's thread.
/// </summary>
internal sealed class Timers
{
    private int[] _heap = new int[16]; // tokens
    private long[] _due = new long[16]; // by token
    private int[] _places = new int[16]; // by token: its place in the heap, from 1; 0 if it is not there
    private int _count;

    /// <summary>The earliest time, in stopwatch ticks; <see cref="long.MaxValue"/> if there is none.</summary>
    public long Due { get; private set; } = long.MaxValue;

    /// <summary>Sets the token's time, in place of an earlier one. <see cref="long.MaxValue"/> removes it.</summary>
    public void Set(int token, long due)
    {
        if (due == long.MaxValue)
        {
            Remove(token);
            return;
        }

        Grow(token);
        _due[token] = due;
        if (_places[token] == 0)
        {
            _places[token] = ++_count;
            _heap[_count - 1] = token;
        }

        Move(_places[token] - 1, token);
        Due = _due[_heap[0]];
    }

    public void Remove(int token)
    {
        if (token >= _places.Length || _places[token] == 0)
            return;

        var place = _places[token] - 1;
        _places[token] = 0;
        var last = _heap[--_count];
        if (place < _count)
            Move(place, last);
        Due = _count > 0 ? _due[_heap[0]] : long.MaxValue;
    }

    /// <summary>Removes a token whose time has come by now; false if there is none.</summary>
    public bool TryTake(long now, out int token)
    {
        token = _count > 0 ? _heap[0] : 0;
        if (Due > now || _count == 0)
            return false;

        Remove(token);
        return true;
    }

    // Puts the token in this place, or as far up or down from it as its time demands.
    private void Move(int place, int token)
    {
        for (int parent; place > 0 && _due[_heap[parent = (place - 1) / 2]] > _due[token]; place = parent)
            Put(place, _heap[parent]);
        for (int child; (child = (2 * place) + 1) < _count; place = child)
        {
            if (child + 1 < _count && _due[_heap[child + 1]] < _due[_heap[child]])
                child++;
            if (_due[_heap[child]] >= _due[token])
                break;
            Put(place, _heap[child]);
        }

        Put(place, token);
    }

    private void Put(int place, int token)
    {
        _heap[place] = token;
        _places[token] = place + 1;
    }

    private void Grow(int token)
    {
        if (token >= _due.Length)
        {
            var size = Math.Max(token + 1, _due.Length * 2);
            Array.Resize(ref _due, size);
            Array.Resize(ref _places, size);
        }

        if (_count == _heap.Length)
            Array.Resize(ref _heap, _count * 2);
    }
}
