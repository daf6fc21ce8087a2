"""The dashboard's table editor: the SQL that it sends, and the service that runs the SQL."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from infra.local.paths import npm_package
from infra.local.processes import ChildProcess, free_port

from .server import Server

# The SQL that the editor builds for an edited row and for a page of a table.
UPDATE = """
with new_values as (
  select * from json_populate_record(null::public.{table}, $json${values}$json$::json)
)
update public.{table} set {assignments} where {key} returning *;
"""
PAGE = "select * from public.{table} order by {order} limit 100 offset 0;"


class TableEditor:
    """A client that reads and edits tables as the dashboard does."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=30)

    def describe_table(self, name: str) -> dict[str, Any]:
        """Return a table's metadata: its columns, keys and relationships (drop-downs)."""
        tables = self._http.get("/tables", params={"included_schemas": "public"}).json()
        (table,) = [table for table in tables if table["name"] == name]
        return dict(table)

    def open_table(self, name: str) -> list[dict[str, Any]]:
        """Return the first page of a table, in the order of its primary key."""
        keys = self.describe_table(name)["primary_keys"]
        order = ", ".join(f"{key['name']} asc nulls last" for key in keys)
        response = self.query(PAGE.format(table=name, order=order))
        assert response.is_success, response.text
        return list(response.json())

    def edit(self, name: str, row: dict[str, Any], **changes: Any) -> httpx.Response:
        """Save changed cells of a row, which is identified by its primary key."""
        keys = [key["name"] for key in self.describe_table(name)["primary_keys"]]
        assignments = [f"{column} = (select {column} from new_values)" for column in changes]
        return self.query(
            UPDATE.format(
                table=name,
                values=json.dumps(changes),
                assignments=", ".join(assignments),
                key=" and ".join(f"{key} = '{row[key]}'" for key in keys),
            )
        )

    def query(self, sql: str) -> httpx.Response:
        """Run SQL, as the table editor and the SQL editor do."""
        return self._http.post("/query", json={"query": sql})

    def close(self) -> None:
        """Close the client."""
        self._http.close()


@contextmanager
def run_table_editor(server: Server, database: str, folder: Path) -> Iterator[TableEditor]:
    """Run the dashboard's metadata service on a database, as role `postgres`."""
    address = urlsplit(server.url("postgres", database))
    port = free_port()
    package = npm_package("@supabase/postgres-meta")
    process = ChildProcess(
        "postgres-meta",
        ["node", package / "dist/server/server.js"],
        {
            "PATH": os.environ["PATH"],
            "PG_META_HOST": "127.0.0.1",
            "PG_META_PORT": str(port),
            "PG_META_DB_HOST": str(address.hostname),
            "PG_META_DB_PORT": str(address.port),
            "PG_META_DB_NAME": database,
            "PG_META_DB_USER": "postgres",
            "PG_META_DB_PASSWORD": str(address.password),
        },
        folder,
    )
    editor = TableEditor(f"http://127.0.0.1:{port}")
    try:
        process.wait_until(lambda: _is_healthy(f"http://127.0.0.1:{port}/health"), 60)
        yield editor
    finally:
        editor.close()
        process.stop()


def _is_healthy(url: str) -> bool:
    try:
        return httpx.get(url).is_success
    except httpx.TransportError:
        return False
