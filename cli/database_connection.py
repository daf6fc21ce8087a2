"""The database that DATABASE_URL names."""

import psycopg
from pydantic import SecretStr


def connect_to_read(url: SecretStr) -> psycopg.Connection:
    """Connect for queries alone.

    Raise `psycopg.Error`. Never print its text: it may hold credentials.
    """
    try:
        connection = psycopg.connect(url.get_secret_value(), connect_timeout=5)
    except UnicodeError:  # a part of the host's name is empty or too long
        raise psycopg.OperationalError from None
    connection.read_only = True
    return connection
