"""Deliberate holes: each is made in a migrated database, and the test that sees it is named."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any
from uuid import UUID

import pytest

from . import test_columns as columns
from . import test_correction_events as events
from . import test_erasure as erasure
from . import test_policies as policies
from . import test_rights as rights
from .cast import (
    ANONYMOUS,
    DASHBOARD,
    EXPORTER,
    NO_SUBJECT,
    OTHER_USER,
    SERVICE,
    USER,
    WRITER,
    Actor,
)
from .rows import insert
from .server import Connection, Server

Test = Callable[[Server, str], None]

_numbers = count(1)


def rights_of(table: str, actor: Actor) -> Test:
    """Name the test that asks an actor about a table."""
    test = rights.test_each_actor_reaches_just_what_is_theirs
    return lambda server, database: test(server, database, table, actor)


def columns_of(verb: str, actor: Actor) -> Test:
    """Name the test that asks an actor about every column."""
    test = columns.test_each_caller_uses_just_the_columns_granted
    return lambda server, database: test(server, database, verb, actor)


def as_owner(test: Callable[..., None], *arguments: Any) -> Test:
    """Name a test that edits a row of Alice's as the tables' owner."""

    def run(server: Server, database: str) -> None:
        with server.connect("postgres", database) as dashboard:
            log_id: UUID = insert(dashboard, prompt="of its own")
            test(dashboard, log_id, *arguments)

    return run


def late_write(server: Server, database: str) -> None:
    """Name the test that erases Alice and lets a late write arrive."""
    with server.connect("postgres", database) as dashboard:
        erasure.test_a_late_write_cannot_bring_a_row_back(dashboard)


LOGS = "public.nlu_prompt_logs"
READ = 'drop policy "A user reads only the prompts they sent" on public.nlu_prompt_logs;'

HOLES: dict[str, tuple[str, Test]] = {
    "row level security off": (
        f"alter table {LOGS} disable row level security",
        rights_of("nlu_prompt_logs", OTHER_USER),
    ),
    "row level security not forced": (
        f"alter table {LOGS} no force row level security",
        policies.test_every_table_has_row_level_security_enabled_and_forced,
    ),
    "using (true)": (
        f'create policy "Open to all users" on {LOGS} for select to authenticated using (true)',
        rights_of("nlu_prompt_logs", OTHER_USER),
    ),
    "a definer view": (
        (
            f"create view public.recent as select prompt from {LOGS};"
            "grant select on public.recent to authenticated"
        ),
        policies.test_every_view_reads_with_the_rights_of_whoever_asks,
    ),
    "a view that forgets to ask with the caller's rights": (
        "alter view public.failed_workflows set (security_invoker = off)",
        policies.test_every_view_reads_with_the_rights_of_whoever_asks,
    ),
    "a user who may insert": (
        (
            f"grant insert on {LOGS} to authenticated;"
            f'create policy "A user adds their own" on {LOGS} for insert to authenticated'
            " with check ((select auth.uid()) = user_id)"
        ),
        rights_of("nlu_prompt_logs", USER),
    ),
    "a user who may update corrections": (
        (
            f"grant update (corrected_intent) on {LOGS} to authenticated;"
            f'create policy "A user corrects their own" on {LOGS} for update to authenticated'
            " using ((select auth.uid()) = user_id)"
        ),
        columns_of("update", USER),
    ),
    "a user who may append corrections": (
        (
            "grant insert (log_id, to_intent, reviewer, channel), select"
            " on public.correction_events to authenticated;"
            'create policy "A user votes too" on public.correction_events for insert'
            " to authenticated with check (true)"
        ),
        rights_of("correction_events", USER),
    ),
    "an unwrapped auth.uid()": (
        READ + f'create policy "A user reads their own" on {LOGS} for select to authenticated'
        " using (auth.uid() = user_id)",
        policies.test_a_policy_asks_once_who_calls,
    ),
    "a policy on user metadata": (
        (
            f'create policy "A reviewer reads all" on {LOGS} for select to authenticated using'
            " ((select auth.jwt()) -> 'user_metadata' ->> 'role' = 'reviewer')"
        ),
        policies.test_no_policy_believes_what_users_say_of_themselves,
    ),
    "a null uid that matches": (
        READ + f'create policy "A user reads their own" on {LOGS} for select to authenticated'
        " using (coalesce((select auth.uid()), user_id) = user_id)",
        rights_of("nlu_prompt_logs", NO_SUBJECT),
    ),
    "a truncate grant": (
        "grant truncate on public.exported_rows to authenticated",
        rights_of("exported_rows", USER),
    ),
    "an owner that can be moved": (
        f"drop trigger before_20_refuse_captured_changes on {LOGS}",
        as_owner(
            events.test_a_captured_column_is_immutable_even_to_the_tables_owner,
            {"user_id": UUID("b0b00000-0000-4000-8000-000000000002")},
        ),
    ),
    "a backend that may move owners": (
        f"grant update (user_id) on {LOGS} to service_role",
        columns_of("update", SERVICE),
    ),
    "a materialised view": (
        (
            f"create materialized view public.copied as select prompt from {LOGS};"
            "grant select on public.copied to anon"
        ),
        rights.test_the_tests_know_every_table_and_view,
    ),
    "an exposed partition": (
        (
            "create table public.old_logs (id uuid, at date) partition by range (at);"
            "create table public.old_logs_2026 partition of public.old_logs"
            " for values from ('2026-01-01') to ('2027-01-01');"
            "grant select on public.old_logs_2026 to authenticated"
        ),
        policies.test_every_table_has_row_level_security_enabled_and_forced,
    ),
    "a foreign delete": (
        (
            "alter table public.correction_events drop constraint corrected_prompt_is_captured,"
            f" add constraint gone foreign key (log_id) references {LOGS} (id) on delete cascade"
        ),
        policies.test_rows_go_with_their_user_and_with_nothing_else,
    ),
    "a backend that may delete": (
        f"grant delete on {LOGS} to service_role",
        rights_of("nlu_prompt_logs", SERVICE),
    ),
    "a dashboard that may delete": (
        f"drop trigger before_90_refuse_delete on {LOGS}",
        rights_of("nlu_prompt_logs", DASHBOARD),
    ),
    "a maintainer that may rewrite what was captured": (
        f"grant update (prompt) on {LOGS} to prompt_maintainer",
        columns.test_not_even_the_databases_own_hand_may_change_what_was_captured,
    ),
    "an exporter that learns whose it is": (
        f"grant select (user_id) on {LOGS} to prompt_exporter",
        columns_of("select", EXPORTER),
    ),
    "a writer that reads all": (
        f'create policy "The writer reads all" on {LOGS} for select to prompt_writer using (true)',
        rights_of("nlu_prompt_logs", WRITER),
    ),
    "a queue open to users": (
        (
            "grant select (text) on public.review_queue to authenticated;"
            'create policy "All see the queue" on public.review_queue for select to authenticated'
            " using (true)"
        ),
        rights_of("review_queue", USER),
    ),
    "history that can be rewritten": (
        "drop trigger before_90_refuse_changes on public.correction_events",
        as_owner(
            events.test_nobody_rewrites_history_not_even_the_tables_owner,
            "update public.correction_events set reviewer = 'bob'",
        ),
    ),
    "a backend that poses as the dashboard": (
        "drop trigger before_10_set_channel on public.correction_events",
        as_owner(events.test_the_backend_cannot_come_through_the_dashboards_door),
    ),
    "keys within reach of the backend": (
        "grant select on private.keys to service_role",
        rights_of("keys", SERVICE),
    ),
    "an erasure that users may call": (
        "grant execute on function public.erase_user(uuid) to authenticated",
        rights.test_each_caller_can_call_just_the_functions_that_are_theirs,
    ),
    "a definer function in the open": (
        (
            "create function public.all_prompts() returns setof text language sql"
            f" security definer as 'select prompt from {LOGS}'"
        ),
        rights.test_what_runs_with_rights_of_its_own_belongs_to_the_maintainer_and_out_of_reach,
    ),
    "a table streamed to clients": (
        f"alter publication supabase_realtime add table {LOGS}",
        policies.test_no_table_is_streamed_to_clients,
    ),
    "tombstones that nobody looks at": (
        (
            "create or replace function private.user_key(user_id uuid) returns bytea"
            " language sql volatile set search_path = '' as 'select extensions.gen_random_bytes(8)'"
        ),
        late_write,
    ),
    "anonymous readers": (
        (
            "grant select on public.intent_catalogue to anon;"
            'create policy "All read intents" on public.intent_catalogue for select to anon'
            " using (true)"
        ),
        rights_of("intent_catalogue", ANONYMOUS),
    ),
}


@pytest.fixture
def holed(server: Server, populated: str) -> Iterator[str]:
    """A copy of the populated database, to make a hole in."""
    name = f"holed_{next(_numbers)}"
    server.copy_database(populated, name)
    yield name
    with server.connect("supabase_admin", "postgres") as admin:
        admin.execute(f"drop database {name} with (force)".encode())


@pytest.mark.parametrize("hole", HOLES)
def test_a_hole_is_seen_by_the_test_that_is_named_for_it(
    server: Server, holed: str, hole: str
) -> None:
    mutation, test = HOLES[hole]
    owner: Connection
    with server.connect("postgres", holed) as owner:
        owner.execute(mutation.encode())
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        test(server, holed)


def test_the_same_tests_see_no_hole_where_there_is_none(server: Server, holed: str) -> None:
    tests = [test for _, test in HOLES.values()]
    # First those that leave the rows as they found them.
    for test in sorted(tests, key=lambda test: test.__qualname__.startswith(("as_owner", "late"))):
        test(server, holed)


def test_there_are_at_least_fifteen() -> None:
    assert len(HOLES) >= 15
