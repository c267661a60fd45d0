namespace EchoSocket.Serving;

/// <summary>The connections in the order of their last activity, as an intrusive linked list.</summary>
internal sealed class ActivityOrder
{
    private ServedConnection? _latest;

    public ServedConnection? Earliest { get; private set; }

    public void Add(ServedConnection connection)
    {
        connection.Earlier = _latest;
        if (_latest is null)
            Earliest = connection;
        else
            _latest.Later = connection;
        _latest = connection;
    }

    public void Remove(ServedConnection connection)
    {
        if (connection.Earlier is null)
            Earliest = connection.Later;
        else
            connection.Earlier.Later = connection.Later;

        if (connection.Later is null)
            _latest = connection.Earlier;
        else
            connection.Later.Earlier = connection.Earlier;

        connection.Earlier = connection.Later = null;
    }

    public void Touch(ServedConnection connection, long now)
    {
        connection.LastActivity = now;
        if (connection == _latest)
            return;

        Remove(connection);
        Add(connection);
    }
}
