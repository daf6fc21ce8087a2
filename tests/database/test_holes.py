"""Deliberate security holes: each is opened in a migrated database, and a named test detects it."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any
from uuid import UUID

import pytest

from . import test_columns as columns
from . import test_console as console
from . import test_correction_events as events
from . import test_erasure as erasure
from . import test_models as models
from . import test_policies as policies
from . import test_reach as reach
from . import test_rights as rights
from . import test_secondary_intents as secondary
from .actors import (
    ANONYMOUS,
    DASHBOARD,
    EXPORTER,
    NO_SUBJECT,
    OTHER_USER,
    REGISTRAR,
    SERVICE,
    USER,
    WRITER,
    Actor,
)
from .rows import insert
from .server import Connection, Server

Test = Callable[[Server, str], None]

_numbers = count(1)


def check_table_rights(table: str, actor: Actor) -> Test:
    """Return the test of an actor's rights to a table."""
    test = rights.test_each_actor_can_reach_exactly_the_granted_rows
    return lambda server, database: test(server, database, table, actor)


def check_column_rights(verb: str, actor: Actor) -> Test:
    """Return the test of an actor's rights to every column."""
    test = columns.test_each_caller_can_use_exactly_the_granted_columns
    return lambda server, database: test(server, database, verb, actor)


def check_as_owner(test: Callable[..., None], *arguments: Any) -> Test:
    """Return a test that edits a row as the owner of the tables."""

    def run(server: Server, database: str) -> None:
        with server.connect("postgres", database) as dashboard:
            log_id: UUID = insert(dashboard, prompt="a text for this test")
            test(dashboard, log_id, *arguments)

    return run


def check_erased_user_stays_erased(server: Server, database: str) -> None:
    """Run the test that erases Alice and then writes her row again."""
    with server.connect("postgres", database) as dashboard:
        erasure.test_a_row_of_an_erased_user_cannot_be_written_again(dashboard)


def check_maintainer_changes_names_alone(server: Server, database: str) -> None:
    """Run the test of what the maintainer can change in the registry."""
    with server.connect("postgres", database) as dashboard:
        models.test_the_maintainer_can_change_nothing_but_names(dashboard)


LOGS = "public.nlu_prompt_logs"
DROP_READ_POLICY = (
    'drop policy "A user reads only the prompts they sent" on public.nlu_prompt_logs;'
)

HOLES: dict[str, tuple[str, Test]] = {
    "row level security off": (
        f"alter table {LOGS} disable row level security",
        check_table_rights("nlu_prompt_logs", OTHER_USER),
    ),
    "row level security not forced": (
        f"alter table {LOGS} no force row level security",
        policies.test_every_table_has_row_level_security_enabled_and_forced,
    ),
    "a policy with using (true)": (
        f'create policy "Open to all users" on {LOGS} for select to authenticated using (true)',
        check_table_rights("nlu_prompt_logs", OTHER_USER),
    ),
    "a new view without security_invoker": (
        (
            f"create view public.recent as select prompt from {LOGS};"
            "grant select on public.recent to authenticated"
        ),
        policies.test_every_view_is_a_security_invoker_view,
    ),
    "security_invoker turned off": (
        "alter view public.failed_workflows set (security_invoker = off)",
        policies.test_every_view_is_a_security_invoker_view,
    ),
    "a user who can insert": (
        (
            f"grant insert on {LOGS} to authenticated;"
            f'create policy "A user adds their own" on {LOGS} for insert to authenticated'
            " with check ((select auth.uid()) = user_id)"
        ),
        check_table_rights("nlu_prompt_logs", USER),
    ),
    "a user who can update corrections": (
        (
            f"grant update (corrected_intent) on {LOGS} to authenticated;"
            f'create policy "A user corrects their own" on {LOGS} for update to authenticated'
            " using ((select auth.uid()) = user_id)"
        ),
        check_column_rights("update", USER),
    ),
    "a user who can update the secondary intents of corrections": (
        (
            f"grant update (corrected_secondary_intents) on {LOGS} to authenticated;"
            f'create policy "A user corrects their own" on {LOGS} for update to authenticated'
            " using ((select auth.uid()) = user_id)"
        ),
        check_column_rights("update", USER),
    ),
    "an intent of the catalogue that can be deleted while corrections name it": (
        "drop trigger before_10_refuse_used on public.intent_catalogue",
        check_as_owner(
            secondary.test_an_intent_that_a_correction_names_as_secondary_stays_in_the_catalogue,
            "delete from public.intent_catalogue where intent = 'search'",
        ),
    ),
    "a user who can append corrections": (
        (
            "grant insert (log_id, to_intent, reviewer, channel), select"
            " on public.correction_events to authenticated;"
            'create policy "A user votes too" on public.correction_events for insert'
            " to authenticated with check (true)"
        ),
        check_table_rights("correction_events", USER),
    ),
    "auth.uid() called per row": (
        DROP_READ_POLICY
        + f'create policy "A user reads their own" on {LOGS} for select to authenticated'
        " using (auth.uid() = user_id)",
        policies.test_policies_call_auth_functions_once_per_query,
    ),
    "a policy that uses user metadata": (
        (
            f'create policy "A reviewer reads all" on {LOGS} for select to authenticated using'
            " ((select auth.jwt()) -> 'user_metadata' ->> 'role' = 'reviewer')"
        ),
        policies.test_no_policy_uses_user_metadata,
    ),
    "a policy that matches a null user id": (
        DROP_READ_POLICY
        + f'create policy "A user reads their own" on {LOGS} for select to authenticated'
        " using (coalesce((select auth.uid()), user_id) = user_id)",
        check_table_rights("nlu_prompt_logs", NO_SUBJECT),
    ),
    "a user who can truncate": (
        "grant truncate on public.exported_rows to authenticated",
        check_table_rights("exported_rows", USER),
    ),
    "captured columns that can be changed": (
        f"drop trigger before_20_refuse_captured_changes on {LOGS}",
        check_as_owner(
            events.test_captured_columns_are_immutable_even_to_the_owner_of_the_table,
            {"user_id": UUID("b0b00000-0000-4000-8000-000000000002")},
        ),
    ),
    "a backend that can change the user id": (
        f"grant update (user_id) on {LOGS} to service_role",
        check_column_rights("update", SERVICE),
    ),
    "a materialized view": (
        (
            f"create materialized view public.copied as select prompt from {LOGS};"
            "grant select on public.copied to anon"
        ),
        rights.test_every_table_and_view_is_tested,
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
    "a second cascading delete": (
        (
            "alter table public.correction_events drop constraint corrected_prompt_is_captured,"
            " add constraint cascading_delete foreign key (log_id)"
            f" references {LOGS} (id) on delete cascade"
        ),
        policies.test_rows_are_deleted_only_with_their_user,
    ),
    "a backend that can delete": (
        f"grant delete on {LOGS} to service_role",
        check_table_rights("nlu_prompt_logs", SERVICE),
    ),
    "a dashboard that can delete": (
        f"drop trigger before_90_refuse_delete on {LOGS}",
        check_table_rights("nlu_prompt_logs", DASHBOARD),
    ),
    "a maintainer that can change captured columns": (
        f"grant update (prompt) on {LOGS} to prompt_maintainer",
        columns.test_the_maintainer_cannot_change_captured_columns,
    ),
    "an exporter that can read the user id": (
        f"grant select (user_id) on {LOGS} to prompt_exporter",
        check_column_rights("select", EXPORTER),
    ),
    "an exporter that can read who sent a retained text": (
        "grant select (user_keys) on public.labelled_texts to prompt_exporter",
        columns.test_each_role_can_use_exactly_the_granted_columns_of_other_tables,
    ),
    "an exporter that can read whose rows an object holds": (
        (
            "grant select (user_keys) on public.exported_rows to prompt_exporter;"
            'create policy "The exporter reads pages" on public.exported_rows for select'
            " to prompt_exporter using (true)"
        ),
        columns.test_each_role_can_use_exactly_the_granted_columns_of_other_tables,
    ),
    "a backend that can change the daily cap": (
        "grant update (daily_cap) on private.settings to service_role",
        columns.test_each_role_can_use_exactly_the_granted_columns_of_other_tables,
    ),
    "a writer that can read all rows": (
        f'create policy "The writer reads all" on {LOGS} for select to prompt_writer using (true)',
        check_table_rights("nlu_prompt_logs", WRITER),
    ),
    "a review queue that users can read": (
        (
            "grant select (text) on public.review_queue to authenticated;"
            'create policy "All see the queue" on public.review_queue for select to authenticated'
            " using (true)"
        ),
        check_table_rights("review_queue", USER),
    ),
    "a history that can be changed": (
        "drop trigger before_90_refuse_changes on public.correction_events",
        check_as_owner(
            events.test_the_history_is_immutable_even_to_the_owner_of_the_table,
            "update public.correction_events set reviewer = 'bob'",
        ),
    ),
    "a backend that can use the channel dashboard": (
        "drop trigger before_10_set_channel on public.correction_events",
        check_as_owner(events.test_the_backend_cannot_use_the_channel_dashboard),
    ),
    "a backend that can read the keys": (
        "grant select on private.keys to service_role",
        check_table_rights("keys", SERVICE),
    ),
    "a user who can call the erasure": (
        "grant execute on function public.continue_erasure(uuid) to authenticated",
        rights.test_each_caller_can_call_exactly_the_granted_functions,
    ),
    "a public security definer function": (
        (
            "create function public.all_prompts() returns setof text language sql"
            f" security definer as 'select prompt from {LOGS}'"
        ),
        rights.test_security_definer_functions_are_private_and_owned_by_the_maintainer,
    ),
    "a table published to clients": (
        f"alter publication supabase_realtime add table {LOGS}",
        policies.test_no_table_is_published_to_clients,
    ),
    "tombstones that never match": (
        (
            "create or replace function private.user_key(user_id uuid) returns bytea"
            " language sql volatile set search_path = '' as 'select extensions.gen_random_bytes(8)'"
        ),
        check_erased_user_stays_erased,
    ),
    "a backend that can promote models": (
        (
            "grant execute on function public.promote_model(text, text, text, jsonb, boolean)"
            " to service_role"
        ),
        rights.test_each_caller_can_call_exactly_the_granted_functions,
    ),
    "a backend that can read who disagrees": (
        "grant select on private.disagreement_draws to service_role",
        check_table_rights("disagreement_draws", SERVICE),
    ),
    "a registrar that can read the pool itself": (
        (
            "grant select on public.model_disagreements to model_registrar;"
            'create policy "The registrar reads" on public.model_disagreements for select'
            " to model_registrar using (true)"
        ),
        check_table_rights("model_disagreements", REGISTRAR),
    ),
    "a dashboard that can remove evidence": (
        "drop trigger before_90_refuse_changes on public.model_disagreements",
        check_table_rights("model_disagreements", DASHBOARD),
    ),
    "a registrar that can write to the ledger itself": (
        (
            "grant insert, select on public.model_events to model_registrar;"
            'create policy "The registrar appends" on public.model_events for insert'
            " to model_registrar with check (true)"
        ),
        check_table_rights("model_events", REGISTRAR),
    ),
    "a dashboard that can change the ledger": (
        "drop trigger before_90_refuse_changes on public.model_events",
        check_table_rights("model_events", DASHBOARD),
    ),
    "a dashboard that can change a model": (
        "drop trigger before_90_refuse_changes on public.models",
        check_table_rights("models", DASHBOARD),
    ),
    "a dashboard that can change what serves": (
        "drop trigger before_90_refuse_changes on private.champion",
        check_table_rights("champion", DASHBOARD),
    ),
    "a dashboard that can change the split": (
        "drop trigger before_90_refuse_changes on private.split",
        check_table_rights("split", DASHBOARD),
    ),
    "a dashboard that can change the arm of a message": (
        "drop trigger before_90_refuse_changes on private.split_messages",
        check_table_rights("split_messages", DASHBOARD),
    ),
    "a writer that can read the key of the split": (
        (
            "grant select on private.split to prompt_writer;"
            'create policy "The writer reads the split" on private.split for select'
            " to prompt_writer using (true)"
        ),
        check_table_rights("split", WRITER),
    ),
    "a user who can read the arms": (
        (
            "grant usage on schema private to authenticated;"
            "grant select on private.split_messages to authenticated;"
            'create policy "A user reads arms" on private.split_messages for select'
            " to authenticated using (true)"
        ),
        check_table_rights("split_messages", USER),
    ),
    "a user who can read which texts are near-duplicates": (
        (
            "grant usage on schema private to authenticated;"
            "grant select on private.near_duplicate_labels to authenticated;"
            'create policy "A user reads labels" on private.near_duplicate_labels for select'
            " to authenticated using (true)"
        ),
        check_table_rights("near_duplicate_labels", USER),
    ),
    "a maintainer that can change the ledger": (
        "grant update (version) on public.model_events to prompt_maintainer",
        check_maintainer_changes_names_alone,
    ),
    "a writer that can read the models": (
        (
            "grant select on public.models to prompt_writer;"
            'create policy "The writer reads models" on public.models for select to prompt_writer'
            " using (true)"
        ),
        check_table_rights("models", WRITER),
    ),
    "default privileges that open every new table": (
        "alter default privileges in schema public grant select on tables to anon",
        reach.test_no_default_privilege_is_added,
    ),
    "a column of texts that is sampled": (
        "alter table public.labelled_texts alter column text set statistics 100",
        policies.test_no_column_of_texts_or_names_is_sampled,
    ),
    "users who can use every sequence": (
        "grant usage, select on all sequences in schema public to authenticated",
        reach.test_no_role_of_the_api_has_a_right_to_a_sequence,
    ),
    "users who can use the private schema": (
        "grant usage on schema private to authenticated",
        reach.test_roles_use_only_the_schemas_they_need_and_create_nothing,
    ),
    "a new schema that users can reach": (
        (
            "create schema reports; grant usage on schema reports to authenticated;"
            f"create view reports.recent as select prompt from {LOGS};"
            "grant select on reports.recent to authenticated"
        ),
        reach.test_no_relation_outside_our_schemas_becomes_reachable,
    ),
    "a view of the public schema that users can read": (
        (
            f"create view public.recent with (security_invoker = on) as select prompt from {LOGS};"
            "grant select on public.recent to authenticated"
        ),
        reach.test_no_relation_outside_our_schemas_becomes_reachable,
    ),
    "a security definer function in a new schema": (
        (
            "create schema reports; grant usage on schema reports to authenticated;"
            "create function reports.all_prompts() returns setof text language sql"
            f" security definer set search_path = '' as 'select prompt from {LOGS}'"
        ),
        reach.test_no_function_outside_the_granted_ones_becomes_reachable,
    ),
    "a console that believes the role in a token": (
        (
            "create or replace function private.console_caller(out user_id uuid, out role text)"
            " language sql stable security definer set search_path = '' as $$ select auth.uid(),"
            " auth.jwt() -> 'app_metadata' ->> 'role' $$"
        ),
        console.test_a_token_that_names_a_role_gives_nothing,
    ),
    "a console that everybody may use": (
        (
            "create or replace function private.require_console_role(variadic allowed text[])"
            " returns text language sql stable set search_path = ''"
            " as $$ select (private.console_caller()).user_id::text $$"
        ),
        console.test_a_token_that_names_a_role_gives_nothing,
    ),
    "a verdict that everybody may read in the console": (
        (
            "create or replace function public.console_verdict(verdict bigint) returns jsonb"
            " language sql stable security definer set search_path = '' as $$ select"
            " to_jsonb(events) from public.model_events events where events.id = verdict $$"
        ),
        console.test_a_token_that_names_a_role_gives_nothing,
    ),
    "an anonymous caller who can use the console": (
        "grant execute on function public.console_progress() to anon",
        rights.test_each_caller_can_call_exactly_the_granted_functions,
    ),
    "an anonymous caller who can read": (
        (
            "grant select on public.intent_catalogue to anon;"
            'create policy "All read intents" on public.intent_catalogue for select to anon'
            " using (true)"
        ),
        check_table_rights("intent_catalogue", ANONYMOUS),
    ),
}


@pytest.fixture
def mutated(server: Server, populated: str) -> Iterator[str]:
    """A copy of the populated database, in which a hole is opened."""
    name = f"mutated_{next(_numbers)}"
    server.copy_database(populated, name)
    yield name
    with server.connect("supabase_admin", "postgres") as admin:
        admin.execute(f"drop database {name} with (force)".encode())


@pytest.mark.parametrize("hole", HOLES)
def test_each_hole_is_detected_by_its_test(server: Server, mutated: str, hole: str) -> None:
    mutation, test = HOLES[hole]
    dashboard: Connection
    with server.connect("postgres", mutated) as dashboard:
        dashboard.execute(mutation.encode())
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        test(server, mutated)


def test_the_same_tests_pass_without_a_hole(server: Server, mutated: str) -> None:
    tests = [test for _, test in HOLES.values()]
    writing = ("check_as_owner", "check_erased_user")
    # Tests that change rows run last.
    for test in sorted(tests, key=lambda test: test.__qualname__.startswith(writing)):
        test(server, mutated)


def test_at_least_fifteen_holes_are_tested() -> None:
    assert len(HOLES) >= 15
