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
_NAMES = ", ".join(TABLES)

# A truncation creates each file anew, which takes ten times as long as the deletion of few rows.
DELETE_ALL_ROWS = f"""
set session_replication_role = replica;
do $$ begin
  loop
    begin
      lock table {_NAMES};
      exit;
    exception when deadlock_detected then
      null;  -- a scheduled job of a stack uses the tables in another order
    end;
  end loop;
  if (select sum(pg_relation_size(name)) from unnest('{{{_NAMES}}}'::regclass[]) as name) > 1e6 then
    truncate {_NAMES} restart identity;
  else
    {" ".join(f"delete from {table};" for table in TABLES)}
    perform setval(seqrelid, seqstart, false)
    from pg_sequence join pg_depend on objid = seqrelid
    where refobjid = any ('{{{_NAMES}}}'::regclass[])
      and pg_sequence_last_value(seqrelid) is not null;
  end if;
  insert into private.settings default values;
  insert into private.champion default values;
  insert into private.monitoring default values;
end $$;
set session_replication_role = origin;
"""
"""Also restarts the identities."""

NOTHING_AT_RANDOM = """
update private.settings set audit_rate = 0, min_queue_items = 0, second_opinion_rate = 0"""
"""Keeps random messages out of the review queue, for tests of what else is in it."""
