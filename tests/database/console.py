"""Calls of the console's functions, as PostgREST makes them for a signed-in user."""

import json
from typing import Any
from uuid import UUID

from .server import Connection, Server

GRACE = UUID("96ace000-0000-4000-8000-000000000004")
OLGA = UUID("01ba0000-0000-4000-8000-000000000005")

ITEM_FIELDS = {
    "item", "rank", "text", "predicted_intent", "confidence", "predicted_secondary_intents",
    "runner_up_intent", "runner_up_confidence", "reasons", "times_sent", "waiting_since", "context",
    "votes", "near_duplicates", "seen",
}  # fmt: skip
"""What a reviewer sees of an item."""


def add_account(connection: Connection, user_id: UUID, role: str | None) -> None:
    """Add an account with a role in the console, or give it another role."""
    connection.execute(
        """insert into auth.users (id, raw_app_meta_data)
           values (%s, jsonb_build_object('role', %s::text))
           on conflict (id) do update set raw_app_meta_data = excluded.raw_app_meta_data""",
        [user_id, role],
    )


def claim(connection: Connection, user_id: UUID, role_in_token: str | None = None) -> None:
    """Make the rest of the transaction a request of a signed-in user."""
    claims = {
        "sub": str(user_id),
        "role": "authenticated",
        "app_metadata": {"role": role_in_token},
    }
    connection.execute("select set_config('request.jwt.claims', %s, true)", [json.dumps(claims)])
    connection.execute("set local role authenticated")


class ConsoleUser:
    """A signed-in user. The token says `role_in_token`, whatever the account is now."""

    def __init__(
        self, server: Server, database: str, user_id: UUID, role_in_token: str | None = None
    ) -> None:
        self.id = user_id
        self._server, self._database, self._role_in_token = server, database, role_in_token

    def call(self, function: str, **arguments: Any) -> Any:
        """Call a function in a transaction of its own, and return its result."""
        names = ", ".join(f"{name} => %({name})s" for name in arguments)
        with (
            self._server.connect("authenticator", self._database) as connection,
            connection.transaction(),
        ):
            claim(connection, self.id, self._role_in_token)
            row = connection.execute(
                f"select public.{function}({names})".encode(), arguments
            ).fetchone()
        return row[0] if row else None

    def items(self, **arguments: Any) -> list[dict[str, Any]]:
        """Return the items that wait for this user."""
        items: list[dict[str, Any]] = self.call("console_items", **arguments)
        return items

    def decide(self, item: dict[str, Any], intent: str, **arguments: Any) -> dict[str, Any]:
        """Decide an item as it was when this user saw it."""
        result: dict[str, Any] = self.call(
            "console_decide", item=item["item"], seen=item["seen"], intent=intent, **arguments
        )
        return result
