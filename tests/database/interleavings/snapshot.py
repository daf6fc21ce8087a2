"""A state of all tables that is restored as often as it is needed."""

from tests.database.server import Connection
from tests.database_reset import TABLES

_ALL = (*TABLES, "auth.users")
_COPIES = [(table, f"pg_temp.saved_{number}") for number, table in enumerate(_ALL)]


class Snapshot:
    """The rows of all tables, in temporary ones.

    To create a scenario takes twenty times as long as to restore it. The connection is used for
    nothing else, since triggers do not fire there. Sequences go on.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        connection.execute("set session_replication_role = replica")
        for table, copy in _COPIES:
            connection.execute(f"create temporary table {copy} (like {table})".encode())
        self._define("save", [(copy, table) for table, copy in _COPIES])
        self._define("restore", _COPIES)

    def _define(self, name: str, copies: list[tuple[str, str]]) -> None:
        """Define a function, whose statements are planned once."""
        statements = "".join(
            f"delete from {to}; insert into {to} overriding system value select * from {source};"
            for to, source in copies
        )
        self._connection.execute(
            f"""create function pg_temp.{name}() returns void language plpgsql
                as $$ begin {statements} end $$""".encode()
        )

    def save(self) -> None:
        """Save the rows of all tables."""
        self._connection.execute("select pg_temp.save()")

    def restore(self) -> None:
        """Replace the rows of all tables by those that were saved."""
        self._connection.execute("select pg_temp.restore()")
