"""The rights of every actor to tables, views and functions, tested with real statements."""

from typing import cast

import pytest
from psycopg import errors

from .actors import (
    ACTORS,
    ALICE,
    ANONYMOUS,
    CALLERS,
    DASHBOARD,
    EXPORTER,
    MONITOR,
    NO_SUBJECT,
    OTHER_USER,
    REGISTRAR,
    REVIEWER,
    SERVICE,
    USER,
    WRITER,
    Actor,
    connect_as,
)
from .rows import insert
from .server import Server

COLUMN_TO_UPDATE = {
    "correction_events": "notes", "review_queue": "notes", "daily_counts": "messages",
    "labelled_texts": "text", "exported_rows": "key", "settings": "audit_rate",
    "keys": "text_key_secret", "tombstones": "erased_at", "deferred_changes": "notes",
    "dataset_exports": "lines", "erased_rows": "text_key", "incomplete_captures": "log_id",
    "dropped_captures": "dropped_at", "models": "registered_by", "model_events": "actor",
    "champion": "header", "model_disagreements": "notes", "disagreement_draws": "champion",
    "retraining_runs": "outcome", "queue_scores": "margin", "review_skips": "reason",
    "near_duplicate_labels": "ended_at",
    "daily_audits": "messages", "daily_backlogs": "waiting",
    "alerts": "summary", "changed_days": "day", "monitoring": "counted_to",
    "deployments": "package",
    "split": "share", "split_messages": "arm",
}  # fmt: skip

VERBS = ("select", "insert", "update", "delete", "truncate")

STATEMENTS = {
    ("nlu_prompt_logs", "select"): "select id from public.nlu_prompt_logs",
    ("nlu_prompt_logs", "insert"): f"""
        insert into public.nlu_prompt_logs
          (id, user_id, prompt, predicted_intent, confidence, source, model_version)
        values (gen_random_uuid(), '{ALICE}', 'hello', 'greeting', 0.999, 'model', 'forged')""",
    ("nlu_prompt_logs", "update"): "update public.nlu_prompt_logs set was_successful = true",
    ("nlu_prompt_logs", "delete"): "delete from public.nlu_prompt_logs",
    ("nlu_prompt_logs", "truncate"): "truncate public.nlu_prompt_logs cascade",
    ("intent_catalogue", "select"): "select intent from public.intent_catalogue",
    ("intent_catalogue", "insert"): """
        insert into public.intent_catalogue (intent, domain, description)
        values ('payment', 'shop', 'Pay.')""",
    ("intent_catalogue", "update"): "update public.intent_catalogue set domain = 'x'",
    ("intent_catalogue", "delete"): "delete from public.intent_catalogue where intent <> 'help'",
    ("intent_catalogue", "truncate"): "truncate public.intent_catalogue cascade",
}

# Tables that the database's functions maintain.
OTHER_TABLES = (
    "public.correction_events", "public.review_queue", "public.daily_counts",
    "public.labelled_texts", "public.exported_rows", "public.dataset_exports",
    "public.models", "public.model_events", "private.champion",
    "public.daily_audits", "public.daily_backlogs", "public.alerts", "private.changed_days",
    "private.monitoring", "private.deployments", "private.split", "private.split_messages",
    "private.settings", "private.keys", "private.tombstones", "private.deferred_changes",
    "private.erased_rows", "private.incomplete_captures", "private.dropped_captures",
    "public.model_disagreements", "private.disagreement_draws", "private.retraining_runs",
    "private.queue_scores",
    "private.review_skips", "private.near_duplicate_labels",
)  # fmt: skip
for name in OTHER_TABLES:
    table = name.partition(".")[2]
    STATEMENTS |= {
        (table, "select"): f"select 1 from {name}",
        (table, "insert"): (
            f"insert into {name} overriding system value select * from {name} where false"
        ),
        (
            table,
            "update",
        ): f"update {name} set {COLUMN_TO_UPDATE[table]} = {COLUMN_TO_UPDATE[table]}",
        (table, "delete"): f"delete from {name}",
        (table, "truncate"): f"truncate {name}",
    }
STATEMENTS["correction_events", "insert"] = """
    insert into public.correction_events (log_id, to_intent, reviewer, channel)
    select id, 'help', 'mallory', 'api' from public.nlu_prompt_logs limit 1"""
STATEMENTS["review_queue", "truncate"] = "truncate public.review_queue cascade"
STATEMENTS["models", "truncate"] = "truncate public.models cascade"
STATEMENTS["model_events", "truncate"] = "truncate public.model_events cascade"
STATEMENTS["model_disagreements", "truncate"] = "truncate public.model_disagreements cascade"
STATEMENTS["exported_rows", "insert"] = f"""
    insert into public.exported_rows (bucket, key, log_ids)
    values ('b', 'k', array['{ALICE}'::uuid])"""

# The number of rows that each statement returns or changes. Actors that are not listed are refused.
ROW_COUNTS: dict[tuple[str, str], dict[Actor, int]] = {
    ("nlu_prompt_logs", "select"): {
        USER: 3, OTHER_USER: 2, REVIEWER: 0, NO_SUBJECT: 0, WRITER: 0,
        EXPORTER: 5, SERVICE: 5, DASHBOARD: 5,
    },
    ("nlu_prompt_logs", "insert"): {WRITER: 1, SERVICE: 1, DASHBOARD: 1},
    ("nlu_prompt_logs", "update"): {SERVICE: 5, DASHBOARD: 5},
    ("intent_catalogue", "select"): {
        USER: 22, OTHER_USER: 22, REVIEWER: 22, NO_SUBJECT: 22, SERVICE: 22, DASHBOARD: 22,
    },
    ("intent_catalogue", "insert"): {DASHBOARD: 1},
    ("intent_catalogue", "update"): {DASHBOARD: 22},
    ("intent_catalogue", "delete"): {DASHBOARD: 21},
    ("correction_events", "select"): {SERVICE: 1, DASHBOARD: 1},
    ("correction_events", "insert"): {SERVICE: 1, DASHBOARD: 1},
    ("review_queue", "select"): {EXPORTER: 1, SERVICE: 1, DASHBOARD: 1},
    ("review_queue", "insert"): {DASHBOARD: 0},
    ("review_queue", "update"): {DASHBOARD: 1},
    ("daily_counts", "select"): {SERVICE: 0, DASHBOARD: 0},
    ("daily_counts", "insert"): {DASHBOARD: 0},
    ("daily_counts", "update"): {DASHBOARD: 0},
    ("daily_counts", "delete"): {DASHBOARD: 0},
    ("daily_counts", "truncate"): {DASHBOARD: -1},
    ("daily_audits", "select"): {SERVICE: 0, DASHBOARD: 0},
    ("daily_backlogs", "select"): {SERVICE: 0, DASHBOARD: 0},
    ("alerts", "select"): {DASHBOARD: 0},
    ("changed_days", "select"): {DASHBOARD: 1},
    ("monitoring", "select"): {DASHBOARD: 1},
    ("deployments", "select"): {DASHBOARD: 0},
    ("daily_audits", "insert"): {DASHBOARD: 0},
    ("daily_audits", "update"): {DASHBOARD: 0},
    ("daily_audits", "delete"): {DASHBOARD: 0},
    ("daily_audits", "truncate"): {DASHBOARD: -1},
    ("daily_backlogs", "insert"): {DASHBOARD: 0},
    ("daily_backlogs", "update"): {DASHBOARD: 0},
    ("daily_backlogs", "delete"): {DASHBOARD: 0},
    ("daily_backlogs", "truncate"): {DASHBOARD: -1},
    ("alerts", "insert"): {DASHBOARD: 0},
    ("alerts", "update"): {DASHBOARD: 0},
    ("alerts", "delete"): {DASHBOARD: 0},
    ("alerts", "truncate"): {DASHBOARD: -1},
    ("changed_days", "insert"): {DASHBOARD: 0},
    ("changed_days", "update"): {DASHBOARD: 1},
    ("changed_days", "delete"): {DASHBOARD: 1},
    ("changed_days", "truncate"): {DASHBOARD: -1},
    ("monitoring", "insert"): {DASHBOARD: 0},
    ("monitoring", "update"): {DASHBOARD: 1},
    ("monitoring", "delete"): {DASHBOARD: 1},
    ("monitoring", "truncate"): {DASHBOARD: -1},
    ("deployments", "insert"): {DASHBOARD: 0},
    ("deployments", "update"): {DASHBOARD: 0},
    ("deployments", "delete"): {DASHBOARD: 0},
    ("deployments", "truncate"): {DASHBOARD: -1},
    ("labelled_texts", "select"): {EXPORTER: 0, SERVICE: 0, DASHBOARD: 0},
    ("labelled_texts", "insert"): {DASHBOARD: 0},
    ("labelled_texts", "update"): {DASHBOARD: 0},
    ("labelled_texts", "delete"): {DASHBOARD: 0},
    ("labelled_texts", "truncate"): {DASHBOARD: -1},
    ("exported_rows", "select"): {SERVICE: 0, DASHBOARD: 0},
    ("exported_rows", "insert"): {DASHBOARD: 0},
    ("exported_rows", "update"): {DASHBOARD: 0},
    ("exported_rows", "delete"): {DASHBOARD: 0},
    ("exported_rows", "truncate"): {DASHBOARD: -1},
    ("dataset_exports", "select"): {SERVICE: 0, DASHBOARD: 0},
    ("dataset_exports", "insert"): {DASHBOARD: 0},
    ("dataset_exports", "update"): {DASHBOARD: 0},
    ("dataset_exports", "delete"): {DASHBOARD: 0},
    ("dataset_exports", "truncate"): {DASHBOARD: -1},
    ("models", "select"): {DASHBOARD: 0},
    ("model_events", "select"): {DASHBOARD: 0},
    ("champion", "select"): {DASHBOARD: 1},
    ("split", "select"): {DASHBOARD: 0},
    ("split_messages", "select"): {DASHBOARD: 0},
    ("split_messages", "delete"): {DASHBOARD: 0},
    ("settings", "select"): {DASHBOARD: 1},
    ("settings", "insert"): {DASHBOARD: 0},
    ("settings", "update"): {DASHBOARD: 1},
    ("settings", "delete"): {DASHBOARD: 1},
    ("settings", "truncate"): {DASHBOARD: -1},
    ("keys", "select"): {DASHBOARD: 1},
    ("keys", "insert"): {DASHBOARD: 0},
    ("keys", "update"): {DASHBOARD: 1},
    ("keys", "delete"): {DASHBOARD: 1},
    ("keys", "truncate"): {DASHBOARD: -1},
    ("tombstones", "select"): {DASHBOARD: 0},
    ("tombstones", "insert"): {DASHBOARD: 0},
    ("tombstones", "update"): {DASHBOARD: 0},
    ("tombstones", "delete"): {DASHBOARD: 0},
    ("tombstones", "truncate"): {DASHBOARD: -1},
    ("deferred_changes", "select"): {DASHBOARD: 0},
    ("deferred_changes", "insert"): {DASHBOARD: 0},
    ("deferred_changes", "update"): {DASHBOARD: 0},
    ("deferred_changes", "delete"): {DASHBOARD: 0},
    ("deferred_changes", "truncate"): {DASHBOARD: -1},
    ("incomplete_captures", "select"): {DASHBOARD: 0},
    ("incomplete_captures", "insert"): {DASHBOARD: 0},
    ("incomplete_captures", "update"): {DASHBOARD: 0},
    ("incomplete_captures", "delete"): {DASHBOARD: 0},
    ("incomplete_captures", "truncate"): {DASHBOARD: -1},
    ("dropped_captures", "select"): {DASHBOARD: 0},
    ("dropped_captures", "insert"): {DASHBOARD: 0},
    ("dropped_captures", "update"): {DASHBOARD: 0},
    ("dropped_captures", "delete"): {DASHBOARD: 0},
    ("dropped_captures", "truncate"): {DASHBOARD: -1},
    ("review_skips", "select"): {DASHBOARD: 0},
    ("review_skips", "insert"): {DASHBOARD: 0},
    ("review_skips", "update"): {DASHBOARD: 0},
    ("review_skips", "delete"): {DASHBOARD: 0},
    ("review_skips", "truncate"): {DASHBOARD: -1},
    ("erased_rows", "select"): {DASHBOARD: 0},
    ("erased_rows", "insert"): {DASHBOARD: 0},
    ("erased_rows", "update"): {DASHBOARD: 0},
    ("erased_rows", "delete"): {DASHBOARD: 0},
    ("erased_rows", "truncate"): {DASHBOARD: -1},
    ("model_disagreements", "select"): {DASHBOARD: 1},
    ("model_disagreements", "insert"): {DASHBOARD: 0},
    ("model_disagreements", "update"): {DASHBOARD: 1},
    **{
        (table, verb): {DASHBOARD: -1 if verb == "truncate" else 0}
        for table in (
            "disagreement_draws", "retraining_runs", "queue_scores", "near_duplicate_labels",
        )
        for verb in VERBS
    },
}  # fmt: skip

# What triggers refuse to the owner of the tables, and the message.
GUARD_MESSAGES = {
    ("nlu_prompt_logs", "delete"): "cannot be deleted by hand",
    ("nlu_prompt_logs", "truncate"): "cannot be truncated",
    ("intent_catalogue", "truncate"): "cannot be truncated",
    ("correction_events", "update"): "cannot be changed",
    ("correction_events", "delete"): "cannot be changed",
    ("correction_events", "truncate"): "cannot be truncated",
    ("review_queue", "delete"): "by hand",
    ("review_queue", "truncate"): "by hand",
    ("model_disagreements", "delete"): "by hand",
    ("model_disagreements", "truncate"): "by hand",
    **{
        (table, verb): "cannot be changed by hand"
        for table in ("models", "model_events", "champion", "split", "split_messages")
        for verb in VERBS[1:]
    },
}


@pytest.mark.parametrize("actor", ACTORS, ids=str)
@pytest.mark.parametrize("table", dict.fromkeys(table for table, _ in STATEMENTS))
def test_each_actor_can_reach_exactly_the_granted_rows(
    server: Server, populated: str, table: str, actor: Actor
) -> None:
    with connect_as(server, populated, actor) as connection:
        for verb in VERBS:
            count = ROW_COUNTS.get((table, verb), {}).get(actor)
            if count is not None:
                with connection.transaction(force_rollback=True):
                    assert connection.execute(STATEMENTS[table, verb]).rowcount == count, verb
                continue
            with (
                pytest.raises(
                    errors.InsufficientPrivilege, match=expected_message(table, verb, actor)
                ),
                connection.transaction(),
            ):
                connection.execute(STATEMENTS[table, verb])


def expected_message(table: str, verb: str, actor: Actor) -> str:
    """Return a pattern for the message of the error."""
    if actor is DASHBOARD:
        return GUARD_MESSAGES[table, verb]
    return f"permission denied for (table {table}|schema private)"


def test_a_user_can_read_all_columns_of_their_own_rows(server: Server, populated: str) -> None:
    with connect_as(server, populated, USER) as connection:
        senders = connection.execute("select distinct user_id from public.nlu_prompt_logs")
        assert senders.fetchall() == [(ALICE,)]
        assert len(connection.execute("select * from public.nlu_prompt_logs").fetchall()) == 3


def test_a_user_cannot_read_another_users_row_by_its_id(server: Server, populated: str) -> None:
    with connect_as(server, populated, DASHBOARD) as connection:
        row = connection.execute(
            "select id from public.nlu_prompt_logs where user_id = %s limit 1", [ALICE]
        ).fetchone()
    assert row is not None
    with connect_as(server, populated, OTHER_USER) as connection:
        rows = connection.execute("select from public.nlu_prompt_logs where id = %s", [row[0]])
        assert rows.rowcount == 0


def test_the_writer_sees_an_id_only_in_the_transaction_of_its_capture(
    server: Server, populated: str
) -> None:
    with connect_as(server, populated, WRITER) as connection:
        log_id = insert(connection)
        visible = connection.execute("select id from public.nlu_prompt_logs").fetchall()
        assert visible == [(log_id,)]


CALLABLE = {
    "private.count_user_data(uuid)": {SERVICE}, "public.count_user_data(uuid)": {SERVICE},
    "private.continue_erasure(uuid)": {SERVICE}, "public.continue_erasure(uuid)": {SERVICE},
    "private.find_recorded_captures(jsonb)": {WRITER, SERVICE},
    "public.find_recorded_captures(jsonb)": {WRITER, SERVICE},
    "private.discard_deferred_changes(uuid[])": {WRITER, SERVICE},
    "public.discard_deferred_changes(uuid[])": {WRITER, SERVICE},
    "private.lock_log_ids(uuid[])": {SERVICE}, "private.lock_texts(bytea[])": {SERVICE},
    "private.lock_edits_shared()": {SERVICE}, "private.end_idle_transaction()": {SERVICE},
    "private.is_user_id(text)": {SERVICE}, "private.fold_name(text)": {SERVICE},
    "private.compose_text(text,text)": {SERVICE},
    "private.find_decision(bytea)": {SERVICE}, "private.latest_events(bytea)": {SERVICE},
    "private.announce_one_row(boolean)": {SERVICE},
    "private.visible_text(text)": {SERVICE},
    "private.reviewer_name(text)": {SERVICE}, "private.refuse_erased_reviewer(text)": {SERVICE},
    "private.apply_waiting_changes(uuid)": {SERVICE},
    "private.defer_change(private.deferred_changes)": {SERVICE},
    "public.record_outcome(uuid,boolean,text,text)": {SERVICE},
    "public.record_correction(uuid,text,text,text,text,text[])": {SERVICE},
    "public.record_review(uuid,text,text,text,text,text[],text[],bigint)": {SERVICE},
    "private.find_latest_correction()": {SERVICE}, "public.find_latest_correction()": {SERVICE},
    "private.audits_complete_before()": {SERVICE},
    "private.list_unfinished_erasures()": {SERVICE},
    "public.list_unfinished_erasures()": {SERVICE},
    "private.anonymous_reviewers()": {SERVICE}, "private.outcome_label(boolean)": {SERVICE},
    "private.serving_model()": {WRITER, SERVICE, REGISTRAR},
    "public.serving_model()": {WRITER, SERVICE, REGISTRAR},
    "private.console_role()": set(),
}  # fmt: skip
SIGNED_IN = {USER, OTHER_USER, REVIEWER, NO_SUBJECT}
"""Whoever signed in may call the console's functions, which look the role of the account up."""

ENTRY_POINTS = {
    "console_role": SIGNED_IN, "console_items": SIGNED_IN, "console_decide": SIGNED_IN,
    "console_undo": SIGNED_IN, "console_skip": SIGNED_IN, "console_progress": SIGNED_IN,
    "console_accuracy": SIGNED_IN, "console_models": SIGNED_IN, "read_console_role": SIGNED_IN,
    "list_console_items": SIGNED_IN, "decide_console_item": SIGNED_IN,
    "undo_console_decision": SIGNED_IN, "skip_console_item": SIGNED_IN,
    "read_console_progress": SIGNED_IN, "read_console_accuracy": SIGNED_IN,
    "read_console_models": SIGNED_IN, "console_verdict": SIGNED_IN,
    "read_console_verdict": SIGNED_IN,
    "open_export": {EXPORTER, SERVICE}, "read_export": {EXPORTER, SERVICE},
    "read_erased_rows": {EXPORTER, SERVICE}, "read_audit_results": {EXPORTER, SERVICE},
    "register_rows": {EXPORTER, SERVICE}, "has_erasures_since": {EXPORTER, SERVICE},
    "record_dataset": {EXPORTER, SERVICE}, "list_uncleaned_objects": {EXPORTER, SERVICE},
    "list_erased_lines": {EXPORTER, SERVICE}, "unregister_senders": {EXPORTER, SERVICE},
    "register_model": {REGISTRAR}, "promote_model": {REGISTRAR}, "roll_back_model": {REGISTRAR},
    "quarantine_model": {REGISTRAR}, "list_models": {REGISTRAR}, "list_model_events": {REGISTRAR},
    "serving_event": {REGISTRAR}, "split_model": {REGISTRAR}, "stop_split": {REGISTRAR},
    "read_split": {REGISTRAR},
    "read_captured_texts": {REGISTRAR}, "draw_disagreements": {REGISTRAR},
    "read_draw_progress": {REGISTRAR}, "read_decided_disagreements": {REGISTRAR},
    "read_decided_texts": {REGISTRAR}, "count_new_labels": {REGISTRAR},
    "record_verdict": {REGISTRAR}, "claim_retraining": {REGISTRAR},
    "save_retraining_progress": {REGISTRAR}, "finish_retraining": {REGISTRAR},
    "latest_retraining": {REGISTRAR}, "read_waiting_texts": {REGISTRAR},
    "record_queue_scores": {REGISTRAR}, "read_disagreement_texts": {EXPORTER, SERVICE},
    **{
        function: {USER, OTHER_USER, REVIEWER, NO_SUBJECT, MONITOR, SERVICE}
        for function in ("health", "list_alerts", "acknowledge_alert", "mute_alert")
    },
    **{
        function: {MONITOR, SERVICE}
        for function in ("read_monitoring", "record_alerts", "mark_alerts_as_sent")
    },
}  # fmt: skip


def test_each_caller_can_call_exactly_the_granted_functions(server: Server, populated: str) -> None:
    with server.connect("postgres", populated) as connection:
        functions = connection.execute(
            """select oid::regprocedure::text from pg_proc
               where pronamespace in ('public'::regnamespace, 'private'::regnamespace)"""
        ).fetchall()
        for (function,) in functions:
            allowed = {
                actor
                for actor in CALLERS
                if connection.execute(
                    "select has_function_privilege(%s, %s, 'execute')", [actor.role, function]
                ).fetchone() == (True,)
            }  # fmt: skip
            name = str(function) if "." in str(function).split("(")[0] else f"public.{function}"
            unqualified = name.partition(".")[2].partition("(")[0]
            assert allowed == CALLABLE.get(name, ENTRY_POINTS.get(unqualified, set())), function


EXPORTED_VIEWS = ("exportable_prompts",)
VIEWS = (
    *EXPORTED_VIEWS, "labelled_prompts", "failed_workflows", "intent_health",
    "confidence_distribution", "corrections_by_reviewer", "reviewer_votes", "disputed_texts",
    "reviewer_agreement", "completed_audits", "live_accuracy", "daily_totals",
    "model_states",
)  # fmt: skip


@pytest.mark.parametrize("actor", ACTORS, ids=str)
@pytest.mark.parametrize("view", VIEWS)
def test_the_backend_can_read_all_views_but_one_and_the_exporter_one(
    server: Server, populated: str, view: str, actor: Actor
) -> None:
    readers = {DASHBOARD} if view == "model_states" else {SERVICE, DASHBOARD}
    readers |= {EXPORTER} if view in EXPORTED_VIEWS else set()
    with connect_as(server, populated, actor) as connection:
        if actor in readers:
            connection.execute(f"select * from public.{view}")
        else:
            with pytest.raises(
                errors.InsufficientPrivilege, match=f"permission denied for view {view}"
            ):
                connection.execute(f"select from public.{view}")


def test_every_table_and_view_is_tested(server: Server, populated: str) -> None:
    with server.connect("postgres", populated) as connection:
        relations = connection.execute(
            """select relname, relkind from pg_class
               where relnamespace in ('public'::regnamespace, 'private'::regnamespace)
                 and relkind not in ('i', 'S')"""
        ).fetchall()
    assert {name for name, kind in relations if kind == "r"} == {table for table, _ in STATEMENTS}
    assert {name for name, kind in relations if kind != "r"} == set(VIEWS)


@pytest.mark.parametrize("actor", CALLERS, ids=str)
@pytest.mark.parametrize(
    "function",
    [
        "stamp_correction",
        "prepare_capture",
        "delete_expired_rows",
        "apply_correction",
        "report_serving_model",
        "lock_model_registry",
    ],
)
def test_no_caller_can_call_internal_functions(
    server: Server, populated: str, function: str, actor: Actor
) -> None:
    with (
        connect_as(server, populated, actor) as connection,
        pytest.raises(errors.InsufficientPrivilege, match="permission denied for"),
    ):
        connection.execute(f"select private.{function}()")


@pytest.mark.parametrize("actor", CALLERS, ids=str)
def test_no_caller_can_create_a_table(server: Server, populated: str, actor: Actor) -> None:
    with (
        connect_as(server, populated, actor) as connection,
        pytest.raises(errors.InsufficientPrivilege, match="permission denied for schema public"),
    ):
        connection.execute("create table public.new_table ()")


@pytest.mark.parametrize(
    "actor", [ANONYMOUS, USER, WRITER, EXPORTER, REGISTRAR, MONITOR, SERVICE], ids=str
)
@pytest.mark.parametrize(
    "role", ["postgres", "supabase_admin", "supabase_auth_admin", "prompt_maintainer"]
)
def test_no_role_of_the_api_is_a_member_of_a_privileged_role(
    server: Server, populated: str, actor: Actor, role: str
) -> None:
    with server.connect("postgres", populated) as connection:
        row = connection.execute("select pg_has_role(%s, %s, 'member')", [actor.role, role])
        assert row.fetchone() == (False,)


def test_the_owner_of_the_tables_cannot_act_as_the_maintainer(
    server: Server, populated: str
) -> None:
    with server.connect("postgres", populated) as connection:
        for privilege in ("usage", "set"):
            row = connection.execute(
                "select pg_has_role('postgres', 'prompt_maintainer', %s)", [privilege]
            )
            assert row.fetchone() == (False,)
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute("set role prompt_maintainer")


def test_security_definer_functions_are_private_and_owned_by_the_maintainer(
    server: Server, populated: str
) -> None:
    """Three of them read accounts or who calls, which the maintainer cannot."""
    with server.connect("postgres", populated) as connection:
        definers = connection.execute(
            """select pronamespace::regnamespace::text, proowner::regrole::text, proconfig
               from pg_proc where prosecdef
                 and proname not in (
                   'lock_sender', 'is_marked_as_deleted', 'console_caller'
                 )
                 and pronamespace in ('public'::regnamespace, 'private'::regnamespace)"""
        ).fetchall()
    assert len(definers) > 10
    assert {(schema, owner) for schema, owner, _ in definers} == {("private", "prompt_maintainer")}
    settings = [set(cast("list[str]", config)) for *_, config in definers]
    assert all('search_path=""' in each for each in settings)
    planner = {setting for each in settings for setting in each} - {'search_path=""'}
    assert planner <= {
        "enable_bitmapscan=off", "enable_seqscan=off", "plan_cache_mode=force_custom_plan",
        "plan_cache_mode=force_generic_plan",
    }  # fmt: skip


def test_the_dashboard_cannot_add_a_queue_item(server: Server, populated: str) -> None:
    with (
        connect_as(server, populated, DASHBOARD) as connection,
        pytest.raises(errors.InsufficientPrivilege, match="by hand"),
    ):
        connection.execute(
            """insert into public.review_queue (rank, text, predicted_intent, confidence, reasons,
                 times_sent, user_count, text_key)
               values (1, 'x', 'help', 0, '{}', 1, 1, '')"""
        )
