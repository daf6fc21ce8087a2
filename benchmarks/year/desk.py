"""The dashboard, in which reviewers and the operator edit tables, and the clock of the year."""

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NamedTuple

import psycopg
from psycopg import sql

from benchmarks.year.reviewers import Agreement
from infra.local.stack import Stack

DAYS_OF_A_MONTH = 30
ATTEMPTS = 30
"""How often an edit is tried while another change of texts is under way."""

_WAITING = """
select id, text from public.review_queue
where waiting_since is not null and 'model_disagreement' <> all (reasons)
order by rank, id limit %s
"""
_UNDECIDED = """
select id, text from public.model_disagreements where decided_at is null order by rank, id limit %s
"""
_DECIDED = """
select id, text, reviewer from public.review_queue
where decided_at > now() - interval '20 days' and 'model_disagreement' <> all (reasons)
order by reviewer, md5(id::text)
"""
_AGREEMENTS = """
select one.reviewer, count(*), count(*) filter (where one.intent = other.intent)
from public.reviewer_votes one join public.reviewer_votes other using (text_key)
where one.reviewer <> other.reviewer
  and least(one.corrected_at, other.corrected_at) > now() - make_interval(days => %s)
group by 1
"""
_VOTES = """
select distinct on (text_key) log_id from public.correction_events
where reviewer = %s and corrected_at > now() - make_interval(days => %s) and log_id is not null
"""
_WITHDRAW = "select public.record_correction(%s, null, %s, null, 'api')"
_TIMES = """
select columns.table_schema, columns.table_name, array_agg(columns.column_name::text)
from information_schema.columns columns join information_schema.tables tables
  using (table_schema, table_name)
where columns.table_schema in ('public', 'private') and tables.table_type = 'BASE TABLE'
  and columns.data_type = 'timestamp with time zone' and columns.is_generated = 'NEVER'
group by 1, 2
"""


class DeskItem(NamedTuple):
    """A text to decide; `reviewer` decided it before, or is None."""

    id: int
    text: str
    reviewer: str | None = None


class LedgerEvent(NamedTuple):
    """An event of the model ledger."""

    kind: str
    version: str | None
    actor: str
    decision: str | None


class Desk:
    """Edits the project's tables as people do, with the rights of the owner of the tables."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._owner = psycopg.connect(stack.postgres_dsn, autocommit=True)
        self._seen_event = 0

    def close(self) -> None:
        """Close the connection."""
        self._owner.close()

    def set_catalogue(self, intents: Collection[str]) -> None:
        """Let the catalogue have these intents and no other."""
        self._owner.execute(
            "delete from public.intent_catalogue where intent <> all (%s)", [list(intents)]
        )
        self.add_intents(intents)

    def add_intents(self, intents: Collection[str]) -> None:
        """Add intents to the catalogue."""
        self._owner.cursor().executemany(
            "insert into public.intent_catalogue (intent, domain, description) "
            "values (%s, 'year', 'An intent of the year.') on conflict do nothing",
            [(intent,) for intent in sorted(intents)],
        )

    def waiting(self, limit: int) -> list[DeskItem]:
        """Return the texts that wait in the queue, the most urgent first."""
        return [DeskItem(*row) for row in self._owner.execute(_WAITING, [limit]).fetchall()]

    def disagreements(self, limit: int) -> list[DeskItem]:
        """Return the texts that wait to be decided blind."""
        return [DeskItem(*row) for row in self._owner.execute(_UNDECIDED, [limit]).fetchall()]

    def decided(self) -> list[DeskItem]:
        """Return the texts of the queue that were decided this month, by reviewer."""
        return [DeskItem(*row) for row in self._owner.execute(_DECIDED).fetchall()]

    def decide(self, item: DeskItem, reviewer: str, intent: str) -> None:
        """Decide a text of the queue."""
        self._edit("review_queue", item, reviewer, intent)

    def decide_blind(self, item: DeskItem, reviewer: str, intent: str) -> None:
        """Decide a disagreement."""
        self._edit("model_disagreements", item, reviewer, intent)

    def _edit(self, table: str, item: DeskItem, reviewer: str, intent: str) -> None:
        edit = sql.SQL("update public.{} set corrected_intent = %s, reviewer = %s where id = %s")
        statement = edit.format(sql.Identifier(table))
        _repeat_while_locked(partial(self._owner.execute, statement, [intent, reviewer, item.id]))

    def agreements(self, days: int) -> dict[str, Agreement]:
        """Return how often each reviewer agreed with others, on texts of the last days."""
        rows = self._owner.execute(_AGREEMENTS, [days]).fetchall()
        return {name: Agreement(texts, agreed) for name, texts, agreed in rows}

    def withdraw(self, reviewer: str, days: int) -> int:
        """Withdraw the votes of a reviewer in the last days; return on how many texts.

        The backend does it, since the dashboard shows no decision of a disputed text.
        """
        votes = self._owner.execute(_VOTES, [reviewer, days]).fetchall()
        with psycopg.connect(self._stack.postgres_dsn, autocommit=True) as backend:
            backend.execute("set role service_role")
            for (log_id,) in votes:
                values = [log_id, reviewer]
                _repeat_while_locked(partial(backend.execute, _WITHDRAW, values))
        return len(votes)

    def new_events(self) -> list[LedgerEvent]:
        """Return the events of the model ledger since the last call, oldest first."""
        rows = self._owner.execute(
            "select kind, version, actor, evidence ->> 'decision', id from public.model_events "
            "where id > %s order by id",
            [self._seen_event],
        ).fetchall()
        self._seen_event = max([self._seen_event, *(row[-1] for row in rows)])
        return [LedgerEvent(*row[:-1]) for row in rows]

    def run_nightly_jobs(self) -> None:
        """Run every scheduled job of the database once."""
        now = datetime.now(UTC)
        self._stack.jobs.run_due(now, now + timedelta(days=1))

    def let_a_month_pass(self) -> None:
        """Make every time that the database has recorded a month older."""
        with (
            psycopg.connect(self._stack.postgres_admin_dsn) as admin,
            admin.cursor() as cursor,
        ):
            # The triggers protect captured columns from edits, and stamp changes.
            cursor.execute("set local session_replication_role = replica")
            for schema, table, columns in cursor.execute(_TIMES).fetchall():
                cursor.execute(
                    sql.SQL("update {}.{} set {}").format(
                        sql.Identifier(schema),
                        sql.Identifier(table),
                        sql.SQL(", ").join(
                            sql.SQL("{0} = {0} - make_interval(days => {1})").format(
                                sql.Identifier(column), sql.Literal(DAYS_OF_A_MONTH)
                            )
                            for column in columns
                        ),
                    )
                )


def _repeat_while_locked(edit: Callable[[], object]) -> None:
    """Edit, and try again while another change of texts is under way, as the database asks to."""
    for _ in range(ATTEMPTS - 1):
        try:
            edit()
        except psycopg.errors.LockNotAvailable:
            time.sleep(1)
        else:
            return
    edit()


@contextmanager
def open_desk(stack: Stack) -> Iterator[Desk]:
    """Open the dashboard of a stack for as long as the block lasts."""
    desk = Desk(stack)
    try:
        yield desk
    finally:
        desk.close()
