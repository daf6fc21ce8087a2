"""The locks at which an operation is held, each taken by a third connection."""

from dataclasses import dataclass

from tests.database.server import Connection

from .scene import Scene


@dataclass(frozen=True)
class Hold:
    """A lock that a third connection takes. `attribute` of the scene is its parameter, if any."""

    name: str
    statement: str
    attribute: str = ""

    def take(self, connection: Connection, scene: Scene) -> None:
        """Take the lock in the connection's open transaction."""
        values = [getattr(scene, self.attribute)] if self.attribute else None
        connection.execute(self.statement.encode(), values)


def _text_lock(lock_class: int) -> str:
    return f"select pg_advisory_xact_lock({lock_class}, hashtext(encode(%s::bytea, 'hex')))"


HOLDS = (
    Hold("person", "select pg_advisory_xact_lock(1, hashtext(%s::text) & 255)", "alice"),
    Hold(
        "log ids of Alice",
        "select pg_advisory_xact_lock(2, hashtext(id::text) & 255) from unnest(%s::uuid[]) as id",
        "alices",
    ),
    Hold(
        "expected log id", "select pg_advisory_xact_lock(2, hashtext(%s::text) & 255)", "expected"
    ),
    Hold("edits", "select pg_advisory_xact_lock(3, 0)"),
    Hold("shared text", _text_lock(4), "shared_key"),
    Hold("own text", _text_lock(4), "own_key"),
    Hold(
        "new queue item",
        "select pg_advisory_xact_lock(5, hashtext(encode(%s::bytea, 'hex')) & 1023)",
        "shared_key",
    ),
    Hold("export registry", "select pg_advisory_xact_lock(6, 0)"),
    Hold("model registry", "select pg_advisory_xact_lock(8, 0)"),
    Hold("account", "select from auth.users where id = %s for update", "alice"),
    Hold("rows", "select from public.nlu_prompt_logs where id = any (%s) for update", "alices"),
    Hold(
        "queue item", "select from public.review_queue where text_key = %s for update", "shared_key"
    ),
    Hold("pooled text", _text_lock(4), "pooled_key"),
    Hold(
        "disagreement",
        "select from public.model_disagreements where text_key = %s for update",
        "pooled_key",
    ),
    Hold(
        "first alert",
        """select from public.alerts where id = (
             select min(id) from public.alerts where subject = %s
           ) for update""",
        "mark",
    ),
    Hold("progress of the counts", "select from private.monitoring for update"),
    Hold(
        "events",
        "select from public.correction_events where text_key = %s for update",
        "shared_key",
    ),
)
