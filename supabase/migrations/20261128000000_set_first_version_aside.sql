-- Refuses a project in which the next migrations would fail, and moves a table of the first version, if
-- there is one, out of the way and out of reach of the API. The last migration adopts its rows.

do $$
declare
  place text;
  needed record;
  taken text;
  dependents text;
begin
  -- Schemas that the next migration needs. It would fail within its statements, without a remedy.
  if to_regnamespace('extensions') is null then
    raise exception 'Prompt Capture needs the schema extensions, which this database lacks.'
      using hint = 'Create it as the role that migrates: create schema extensions. Then migrate again.';
  end if;

  select nspname into place
  from pg_catalog.pg_extension
  join pg_catalog.pg_namespace n on n.oid = extnamespace
  where extname = 'pgcrypto' and nspname <> 'extensions';
  if place is not null then
    raise exception 'The extension pgcrypto is in the schema %. Prompt Capture needs it in the schema extensions.', place
      using hint = format('Move it: alter extension pgcrypto set schema extensions. Functions and defaults of yours that call it as %I.gen_random_bytes and the like must then name the schema extensions. Then migrate again.', place);
  end if;

  select nspname, pg_get_userbyid(nspowner) as owner into needed
  from (
    values ('extensions', 'usage with grant option'), ('private', 'usage with grant option'),
      ('private', 'create with grant option')
  ) as rights (nspname, privilege)
  join pg_catalog.pg_namespace using (nspname)
  where not has_schema_privilege(oid, privilege)
  limit 1;
  if needed is not null then
    raise exception 'The schema % belongs to %, and % may not create and grant what Prompt Capture needs in it.',
      needed.nspname, needed.owner, current_user
      using hint = format('Run this as a role that may: alter schema %I owner to %I. Then migrate again.', needed.nspname, current_user);
  end if;

  -- Pre-release versions had 26 migrations, whose objects have other names.
  if to_regclass('public.intent_catalogue') is not null and exists (
    select from pg_catalog.pg_attribute
    where attrelid = to_regclass('public.nlu_prompt_logs') and attname = 'model_version'
  ) then
    raise exception 'This database has the migrations of a pre-release version of Prompt Capture, which cannot be upgraded.'
      using hint = 'Back it up, remove the pre-release version, and migrate again: see docs/how-to/take-over-an-existing-table.md.';
  end if;

  -- Before anything is moved: a project whose names are taken keeps its first version.
  select string_agg(name, ', ' order by name) into taken
  from unnest(array[
    'private.settings', 'private.keys', 'public.intent_catalogue', 'public.correction_events',
    'public.review_queue', 'private.incomplete_captures', 'private.deferred_changes',
    'private.dropped_captures', 'public.labelled_texts', 'private.tombstones', 'public.completed_audits',
    'public.exported_rows', 'public.dataset_exports', 'private.erased_rows', 'public.exportable_prompts',
    'public.labelled_prompts', 'public.failed_workflows', 'public.intent_health',
    'public.confidence_distribution', 'public.corrections_by_reviewer', 'public.reviewer_votes',
    'public.disputed_texts', 'public.reviewer_agreement', 'public.live_accuracy', 'public.models',
    'public.model_events', 'private.champion', 'public.model_states', 'public.model_disagreements',
    'private.disagreement_draws', 'private.retraining_runs', 'private.queue_scores', 'public.daily_counts',
    'public.daily_audits', 'public.daily_backlogs', 'private.changed_days', 'private.monitoring',
    'public.daily_totals', 'public.alerts', 'private.review_skips', 'private.split', 'private.split_messages',
    'private.deployments', 'private.near_duplicate_labels'
  ]) as ours (name)
  where to_regclass(name) is not null;
  if taken is not null then
    raise exception 'These tables or views exist already: %.', taken
      using hint = 'Rename or drop them, then migrate again.';
  end if;

  -- PostgREST calls a function by its name, so one with other parameters is in the way, too.
  select string_agg(distinct proname::text, ', ') into taken
  from pg_catalog.pg_proc
  where pronamespace = 'public'::regnamespace and proname = any (array[
    'acknowledge_alert', 'claim_retraining', 'console_accuracy', 'console_decide', 'console_items',
    'console_models', 'console_progress', 'console_role', 'console_skip', 'console_undo', 'console_verdict',
    'continue_erasure', 'count_new_labels', 'count_user_data', 'discard_deferred_changes',
    'draw_disagreements', 'find_latest_correction', 'find_recorded_captures', 'finish_retraining',
    'has_erasures_since', 'health', 'latest_retraining', 'list_alerts', 'list_erased_lines',
    'list_model_events', 'list_models', 'list_uncleaned_objects', 'list_unfinished_erasures',
    'mark_alerts_as_sent', 'mute_alert', 'open_export', 'promote_model', 'quarantine_model',
    'read_audit_results', 'read_captured_texts', 'read_decided_disagreements', 'read_decided_texts',
    'read_disagreement_texts', 'read_draw_progress', 'read_erased_rows', 'read_export', 'read_monitoring',
    'read_split', 'read_waiting_texts', 'record_alerts', 'record_correction', 'record_dataset',
    'record_outcome', 'record_queue_scores', 'record_review', 'record_verdict', 'register_model',
    'register_rows', 'roll_back_model', 'save_retraining_progress', 'serving_event', 'serving_model',
    'split_model', 'stop_split', 'unregister_senders'
  ]);
  if taken is not null then
    raise exception 'These functions of the schema public exist already: %.', taken
      using hint = 'Rename or drop them, then migrate again.';
  end if;

  if to_regclass('public.nlu_prompt_logs') is null then
    return;
  end if;

  select string_agg(distinct dependent, ', ') into dependents
  from (
    select r.ev_class::regclass::text
    from pg_catalog.pg_depend d
    join pg_catalog.pg_rewrite r on r.oid = d.objid and d.classid = 'pg_rewrite'::regclass
    where d.refobjid = 'public.nlu_prompt_logs'::regclass and r.ev_class <> d.refobjid
    union all
    select conrelid::regclass::text
    from pg_catalog.pg_constraint
    where confrelid = 'public.nlu_prompt_logs'::regclass and conrelid <> confrelid
  ) as dependencies (dependent);
  if dependents is not null then
    raise exception 'The first version of public.nlu_prompt_logs cannot be adopted yet: % depend on it.', dependents
      using hint = 'Drop these views or foreign keys, migrate, then create them again on the new table.';
  end if;

  create schema prompt_capture_first_version;
  alter table public.nlu_prompt_logs set schema prompt_capture_first_version;
end
$$;
