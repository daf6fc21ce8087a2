"""Resets the database after a test; disables triggers, because they reject such a deletion."""

TABLES = (
    "public.nlu_prompt_logs", "public.correction_events", "public.review_queue",
    "public.daily_counts", "public.daily_audits", "public.daily_backlogs", "private.changed_days",
    "public.alerts", "private.monitoring", "private.deployments", "public.labelled_texts",
    "public.exported_rows", "public.dataset_exports", "private.tombstones",
    "private.deferred_changes", "private.dropped_captures", "private.incomplete_captures",
    "private.erased_rows", "private.settings", "private.review_skips",
    "private.near_duplicate_labels", "public.models", "public.model_events", "private.champion",
    "private.split", "private.split_messages", "public.model_disagreements",
    "private.disagreement_draws", "private.retraining_runs", "private.queue_scores",
)  # fmt: skip
_ONE_ROW = """
insert into private.settings default values;
insert into private.champion default values;
insert into private.monitoring default values;
"""


def _without_triggers(statements: str) -> str:
    return f"""
set session_replication_role = replica;
{statements}
{_ONE_ROW}
set session_replication_role = origin;
"""


DELETE_ALL_ROWS = _without_triggers(f"truncate {', '.join(TABLES)} restart identity;")

DELETE_FEW_ROWS = _without_triggers("".join(f"delete from {table};" for table in TABLES))
"""The same, many times as fast where there are few rows. Identities go on."""

NOTHING_AT_RANDOM = """
update private.settings set audit_rate = 0, min_queue_items = 0, second_opinion_rate = 0"""
"""Keeps random messages out of the review queue, for tests of what else is in it."""
