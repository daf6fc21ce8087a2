"""How a test leaves a database without rows: the tables' own triggers would refuse it."""

EMPTY = """
set session_replication_role = replica;
truncate public.nlu_prompt_logs, public.correction_events, public.review_queue,
  public.daily_counts, public.labelled_texts, public.exported_rows, public.dataset_exports,
  private.tombstones, private.deferred_changes, private.erased_rows, private.settings restart identity;
insert into private.settings default values;
set session_replication_role = origin;
"""
