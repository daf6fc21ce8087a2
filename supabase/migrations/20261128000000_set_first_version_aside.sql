-- Moves a table of the first version, if there is one, out of the way and out of reach of the API. The
-- last migration adopts its rows.

do $$
declare
  taken text;
  dependents text;
begin
  -- Pre-release versions had 26 migrations, whose objects have other names.
  if to_regclass('public.intent_catalogue') is not null and exists (
    select from pg_catalog.pg_attribute
    where attrelid = to_regclass('public.nlu_prompt_logs') and attname = 'model_version'
  ) then
    raise exception 'This database has the migrations of a pre-release version of Prompt Capture, which cannot be upgraded.'
      using hint = 'Back it up, remove the pre-release version, and migrate again: see docs/how-to/take-over-an-existing-table.md.';
  end if;

  select string_agg(name, ', ' order by name) into taken
  from unnest(array[
    'public.intent_catalogue', 'public.correction_events', 'public.review_queue', 'public.daily_counts',
    'public.labelled_texts', 'public.exported_rows', 'public.dataset_exports',
    'public.exportable_prompts', 'public.labelled_prompts',
    'public.failed_workflows', 'public.intent_health', 'public.confidence_distribution',
    'public.corrections_by_reviewer', 'public.reviewer_votes', 'public.disputed_texts',
    'public.reviewer_agreement', 'public.completed_audits', 'public.live_accuracy',
    'public.daily_totals',
    'private.settings', 'private.keys', 'private.deferred_changes', 'private.tombstones',
    'private.erased_rows'
  ]) as ours (name)
  where to_regclass(name) is not null;
  if taken is not null then
    raise exception 'These tables or views exist already: %.', taken
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
