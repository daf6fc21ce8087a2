-- Health: counts of messages and audits by day, and the figures of the Health page.
--
-- A capture pays nothing for the counts. Every change of a row has a change number, so a job finds the days of the
-- rows that changed, and counts these days again. Deletions and corrections, which leave no such trace, append the
-- day to `private.changed_days`; nothing waits for another there. What retention deletes stays counted.

create table public.daily_counts (
  day date not null,
  predicted_intent text not null,
  model_version text not null,
  source text not null,
  outcome text not null,
  confidence_band smallint not null,
  scope_band smallint not null,
  is_confident boolean not null,
  is_out_of_scope boolean not null,
  within_daily_cap boolean not null,
  messages integer not null,
  deleted_messages integer not null default 0,

  constraint daily_counts_pkey primary key (
    day, predicted_intent, model_version, source, outcome, confidence_band, scope_band, is_confident, is_out_of_scope,
    within_daily_cap
  ),
  constraint outcome_is_known check (outcome in ('successful', 'failed', 'unknown')),
  constraint confidence_band_is_a_tenth check (confidence_band between 0 and 9),
  constraint scope_band_is_a_tenth_or_none check (scope_band between -1 and 9),
  constraint deleted_messages_are_not_negative check (deleted_messages >= 0)
);

comment on table public.daily_counts is
  'The number of messages by day and by what the database knows of them, those that retention deleted included. Counted every five minutes.';
comment on column public.daily_counts.day is 'The day of capture (UTC).';
comment on column public.daily_counts.predicted_intent is 'The predicted intent.';
comment on column public.daily_counts.model_version is 'The version of the model or the rules.';
comment on column public.daily_counts.source is 'What predicted the intent: a `rule` or the `model`.';
comment on column public.daily_counts.outcome is 'How the workflow ended: `successful`, `failed` or `unknown`.';
comment on column public.daily_counts.confidence_band is 'The confidence in tenths, rounded down: 0 to 9.';
comment on column public.daily_counts.scope_band is
  'The scope in tenths, rounded down: 0 to 9. -1: there is no scope, since a rule decided.';
comment on column public.daily_counts.is_confident is
  'Whether the confidence is at least `review_threshold`, as it is now. Of a deleted message: as it was then.';
comment on column public.daily_counts.is_out_of_scope is
  'Whether the scope is lower than `min_scope`, as it is now. Of a deleted message: as it was then.';
comment on column public.daily_counts.within_daily_cap is 'Whether the messages are within the daily caps of their senders.';
comment on column public.daily_counts.messages is 'The number of messages.';
comment on column public.daily_counts.deleted_messages is 'How many of them retention deleted.';

create table public.daily_audits (
  day date not null,
  model_version text not null,
  source text not null,
  predicted_intent text not null,
  label text not null,
  confidence_band smallint not null,
  audit_probability double precision not null,
  messages integer not null,
  deleted_messages integer not null default 0,

  constraint daily_audits_pkey primary key (
    day, model_version, source, predicted_intent, label, confidence_band, audit_probability
  ),
  constraint audited_confidence_band_is_a_tenth check (confidence_band between 0 and 9),
  constraint deleted_audits_are_not_negative check (deleted_messages >= 0)
);

comment on table public.daily_audits is
  'The number of audited messages by day, prediction and label, those that retention deleted included.';
comment on column public.daily_audits.day is 'The day of capture (UTC).';
comment on column public.daily_audits.model_version is 'The version of the model or the rules.';
comment on column public.daily_audits.source is 'What predicted the intent: a `rule` or the `model`.';
comment on column public.daily_audits.predicted_intent is 'The predicted intent.';
comment on column public.daily_audits.label is
  'The reviewers'' intent. Empty: not decided. Of a deleted message: when it was deleted.';
comment on column public.daily_audits.confidence_band is 'The confidence in tenths, rounded down: 0 to 9.';
comment on column public.daily_audits.audit_probability is 'The probability with which the messages were drawn.';
comment on column public.daily_audits.messages is 'The number of audited messages.';
comment on column public.daily_audits.deleted_messages is 'How many of them retention deleted.';

create table public.daily_backlogs (
  day date not null,
  waiting integer not null,
  audits_waiting integer not null,
  oldest_waiting_since timestamptz,

  constraint daily_backlogs_pkey primary key (day)
);

comment on table public.daily_backlogs is 'The texts that waited for review at the end of each day; today, at the latest count.';
comment on column public.daily_backlogs.day is 'The day (UTC).';
comment on column public.daily_backlogs.waiting is 'How many texts waited, random ones that fill the queue included.';
comment on column public.daily_backlogs.audits_waiting is 'How many of them are part of the audit.';
comment on column public.daily_backlogs.oldest_waiting_since is 'Since when the oldest of them has waited. Null: none waits.';

-- Rows are only added and deleted, so that no transaction waits for another one.
create table private.changed_days (
  id bigint generated always as identity,
  day date,
  text_key bytea,

  constraint changed_days_pkey primary key (id),
  constraint a_mark_is_a_day_or_a_text check (num_nonnulls(day, text_key) = 1)
);

comment on table private.changed_days is
  'Marks: days whose counts are to be counted again, and texts whose label changed. Each may be here several times.';
comment on column private.changed_days.id is 'In the order of recording.';
comment on column private.changed_days.day is 'The day (UTC). Null: those on which the text was audited.';
comment on column private.changed_days.text_key is 'The text key of a text whose label changed.';

create table private.monitoring (
  only_row boolean not null default true,
  counted_to bigint not null default 0,
  pass_began_at timestamptz,
  pass_ends_at bigint,
  counted_at timestamptz,
  evaluated_at timestamptz,
  retained_at timestamptz,
  retention_step_rows integer not null default 50,
  spooled_since timestamptz,

  constraint monitoring_pkey primary key (only_row),
  constraint monitoring_has_one_row check (only_row)
);

comment on table private.monitoring is 'How far the counts and the rules of the alerts have come.';
comment on column private.monitoring.only_row is 'Always true: the table has one row.';
comment on column private.monitoring.counted_to is 'The first change whose day may still have to be counted.';
comment on column private.monitoring.pass_began_at is 'When the present or the latest pass over the marked days began.';
comment on column private.monitoring.pass_ends_at is 'The last mark of the present pass. Null: none is under way.';
comment on column private.monitoring.counted_at is
  'The latest time of which all counts are: when the latest finished pass began. Null: none has finished.';
comment on column private.monitoring.evaluated_at is 'When the rules of the alerts were last evaluated. Null: never.';
comment on column private.monitoring.retained_at is 'When the retention last found no row left to delete. Null: never.';
comment on column private.monitoring.retention_step_rows is
  'How many rows the next batch of the retention deletes, by the time that the last one took.';
comment on column private.monitoring.spooled_since is
  'Since which evaluation each one found prompts in the spool. Null: the latest one found none.';

create table private.deployments (
  id bigint generated always as identity,
  package text not null,
  first_seen_at timestamptz not null default clock_timestamp(),

  constraint deployments_pkey primary key (id),
  constraint package_is_a_name check (package ~ '^[A-Za-z0-9._-]{1,100}$')
);

comment on table private.deployments is 'Which packages were deployed one after another, as the monitor found.';
comment on column private.deployments.id is 'In the order of deployment.';
comment on column private.deployments.package is 'The package: the beginning of the hash of what it was built from.';
comment on column private.deployments.first_seen_at is 'When the monitor first ran in it.';

insert into private.monitoring default values;

alter table public.daily_counts enable row level security;
alter table public.daily_counts force row level security;
alter table public.daily_audits enable row level security;
alter table public.daily_audits force row level security;
alter table public.daily_backlogs enable row level security;
alter table public.daily_backlogs force row level security;
alter table private.changed_days enable row level security;
alter table private.changed_days force row level security;
alter table private.monitoring enable row level security;
alter table private.monitoring force row level security;
alter table private.deployments enable row level security;
alter table private.deployments force row level security;

create policy "The maintainer reads the counts"
  on public.daily_counts for select to prompt_maintainer using (true);
create policy "The maintainer starts a count"
  on public.daily_counts for insert to prompt_maintainer with check (true);
create policy "The maintainer changes a count"
  on public.daily_counts for update to prompt_maintainer using (true) with check (true);
create policy "The maintainer deletes counts of nothing"
  on public.daily_counts for delete to prompt_maintainer using (true);

create policy "The maintainer reads the counts of audits"
  on public.daily_audits for select to prompt_maintainer using (true);
create policy "The maintainer starts a count of audits"
  on public.daily_audits for insert to prompt_maintainer with check (true);
create policy "The maintainer changes a count of audits"
  on public.daily_audits for update to prompt_maintainer using (true) with check (true);
create policy "The maintainer deletes counts of no audits"
  on public.daily_audits for delete to prompt_maintainer using (true);

create policy "The maintainer reads the backlogs"
  on public.daily_backlogs for select to prompt_maintainer using (true);
create policy "The maintainer records the first backlog of a day"
  on public.daily_backlogs for insert to prompt_maintainer with check (true);
create policy "The maintainer records a later backlog of a day"
  on public.daily_backlogs for update to prompt_maintainer using (true) with check (true);

create policy "The maintainer reads which days changed"
  on private.changed_days for select to prompt_maintainer using (true);
create policy "The maintainer records which days changed"
  on private.changed_days for insert to prompt_maintainer with check (true);
create policy "The maintainer deletes days that it counted"
  on private.changed_days for delete to prompt_maintainer using (true);

create policy "The maintainer reads how far the counts have come"
  on private.monitoring for select to prompt_maintainer using (true);
create policy "The maintainer records how far the counts have come"
  on private.monitoring for update to prompt_maintainer using (true) with check (true);

create policy "The maintainer reads which packages were deployed"
  on private.deployments for select to prompt_maintainer using (true);
create policy "The maintainer records a deployment"
  on private.deployments for insert to prompt_maintainer with check (true);

create view public.daily_totals with (security_invoker = on) as
select day, predicted_intent, model_version, outcome, sum(messages)::integer as messages
from public.daily_counts
group by day, predicted_intent, model_version, outcome
order by day desc, messages desc;
comment on view public.daily_totals is
  'The number of messages per day by intent, model version and outcome, including rows that retention deleted.';

-- Bands -----------------------------------------------------------------------------------------------

-- A probability in tenths, rounded down, as in public.confidence_distribution. Rows of the first version may hold other
-- numbers.
create function private.band(probability double precision) returns smallint
language sql immutable
set search_path = ''
as $$
  select greatest(0, least(9, floor(probability * 10)))::smallint
$$;

set role prompt_maintainer;

-- Marks -----------------------------------------------------------------------------------------------

create function private.mark_days_of_deleted_rows() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into private.changed_days (day)
  select distinct (created_at at time zone 'UTC')::date from deleted order by 1;
  return null;
end
$$;

-- The label of a text belongs to all its copies, the audited ones among them. There may be many, so the job finds
-- their days: whoever changes the label holds the lock of the text.
create function private.mark_relabelled_text() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into private.changed_days (text_key) values (new.text_key);
  return null;
end
$$;

-- With another threshold, other messages are confident or out of scope.
create function private.mark_days_of_all_rows() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into private.changed_days (day)
  select day::date from (
    select min(created_at) at time zone 'UTC' as first, max(created_at) at time zone 'UTC' as last
    from public.nlu_prompt_logs
  ) as logs, generate_series(date_trunc('day', first), last, interval '1 day') as days (day);
  return null;
end
$$;

set role postgres;

create trigger after_60_mark_days after update of review_threshold, min_scope on private.settings
  for each row when ((new.review_threshold, new.min_scope) is distinct from (old.review_threshold, old.min_scope))
  execute function private.mark_days_of_all_rows();
create trigger after_60_mark_days after delete on public.nlu_prompt_logs
  referencing old table as deleted
  for each statement execute function private.mark_days_of_deleted_rows();
create trigger after_60_mark_days_on_insert after insert on public.review_queue
  for each row when (new.corrected_intent is not null)
  execute function private.mark_relabelled_text();
create trigger after_60_mark_days after update of corrected_intent on public.review_queue
  for each row when (new.corrected_intent is distinct from old.corrected_intent)
  execute function private.mark_relabelled_text();

-- Counting --------------------------------------------------------------------------------------------

set role prompt_maintainer;

-- Keeps rows that retention deletes in the counts: of the messages of a day, so many are deleted ones. The number of
-- messages stays as it was, since the rows were in it.
create function private.keep_counts(expired uuid[]) returns void
language plpgsql
set search_path = ''
as $$
begin
  insert into public.daily_counts as counts (
    day, predicted_intent, model_version, source, outcome, confidence_band, scope_band, is_confident, is_out_of_scope,
    within_daily_cap, messages, deleted_messages
  )
  select (created_at at time zone 'UTC')::date, predicted_intent, model_version, source,
    private.outcome_label(was_successful), private.band(confidence), coalesce(private.band(scope), -1),
    confidence >= review_threshold, coalesce(scope < min_scope, false), within_daily_cap, count(*), count(*)
  from public.nlu_prompt_logs, private.settings where id = any (expired)
  group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
  order by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
  on conflict on constraint daily_counts_pkey do update
  set deleted_messages = counts.deleted_messages + excluded.deleted_messages;

  insert into public.daily_audits as counts (
    day, model_version, source, predicted_intent, label, confidence_band, audit_probability,
    messages, deleted_messages
  )
  select (logs.created_at at time zone 'UTC')::date, logs.model_version, logs.source, logs.predicted_intent,
    coalesce(queue.corrected_intent, ''), private.band(logs.confidence), logs.audit_probability,
    count(*), count(*)
  from public.nlu_prompt_logs logs left join lateral (
    -- As in delete_expired_rows (08).
    select corrected_intent from public.review_queue items where items.text_key = logs.text_key limit 1
  ) as queue on true
  where logs.id = any (expired) and logs.is_audited
  group by 1, 2, 3, 4, 5, 6, 7
  order by 1, 2, 3, 4, 5, 6, 7
  on conflict on constraint daily_audits_pkey do update
  set deleted_messages = counts.deleted_messages + excluded.deleted_messages;
end
$$;

-- Counts a day again. Each statement sees one state of the rows and of what was deleted of them, and writes only
-- what differs. Retention may add to a count meanwhile: then it has marked the day, which is counted again.
create function private.count_day(p_day date) returns void
language plpgsql
set search_path = ''
as $$
declare
  begins_at constant timestamptz := p_day::timestamp at time zone 'UTC';
  ends_at constant timestamptz := (p_day + 1)::timestamp at time zone 'UTC';
begin
  with counted as materialized (
    select predicted_intent, model_version, source, outcome, confidence_band, scope_band, is_confident, is_out_of_scope,
      within_daily_cap, sum(messages)::integer as messages
    from (
      select predicted_intent, model_version, source, outcome, confidence_band, scope_band, is_confident, is_out_of_scope,
        within_daily_cap, deleted_messages as messages
      from public.daily_counts where day = p_day and deleted_messages > 0
      union all
      select predicted_intent, model_version, source, private.outcome_label(was_successful),
        private.band(confidence), coalesce(private.band(scope), -1), confidence >= review_threshold,
        coalesce(scope < min_scope, false), within_daily_cap, count(*)
      from public.nlu_prompt_logs, private.settings where created_at >= begins_at and created_at < ends_at
      group by 1, 2, 3, 4, 5, 6, 7, 8, 9
    ) as parts
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9
  ), removed as (
    delete from public.daily_counts counts
    where day = p_day and deleted_messages = 0 and not exists (
      select from counted where (
        counted.predicted_intent, counted.model_version, counted.source, counted.outcome,
        counted.confidence_band, counted.scope_band, counted.is_confident, counted.is_out_of_scope,
        counted.within_daily_cap
      ) = (
        counts.predicted_intent, counts.model_version, counts.source, counts.outcome,
        counts.confidence_band, counts.scope_band, counts.is_confident, counts.is_out_of_scope,
        counts.within_daily_cap
      )
    )
  )
  insert into public.daily_counts as counts (
    day, predicted_intent, model_version, source, outcome, confidence_band, scope_band, is_confident, is_out_of_scope,
    within_daily_cap, messages
  )
  select p_day, counted.* from counted order by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
  on conflict on constraint daily_counts_pkey do update
  set messages = excluded.messages where counts.messages <> excluded.messages;

  with counted as materialized (
    select model_version, source, predicted_intent, label, confidence_band, audit_probability,
      sum(messages)::integer as messages
    from (
      select model_version, source, predicted_intent, label, confidence_band, audit_probability,
        deleted_messages as messages
      from public.daily_audits where day = p_day and deleted_messages > 0
      union all
      select logs.model_version, logs.source, logs.predicted_intent, coalesce(queue.corrected_intent, ''),
        private.band(logs.confidence), logs.audit_probability, count(*)
      from public.nlu_prompt_logs logs left join public.review_queue queue using (text_key)
      where logs.is_audited and logs.created_at >= begins_at and logs.created_at < ends_at
      group by 1, 2, 3, 4, 5, 6
    ) as parts
    group by 1, 2, 3, 4, 5, 6
  ), removed as (
    delete from public.daily_audits counts
    where day = p_day and deleted_messages = 0 and not exists (
      select from counted where (
        counted.model_version, counted.source, counted.predicted_intent, counted.label,
        counted.confidence_band, counted.audit_probability
      ) = (
        counts.model_version, counts.source, counts.predicted_intent, counts.label,
        counts.confidence_band, counts.audit_probability
      )
    )
  )
  insert into public.daily_audits as counts (
    day, model_version, source, predicted_intent, label, confidence_band, audit_probability, messages
  )
  select p_day, counted.* from counted order by 1, 2, 3, 4, 5, 6, 7
  on conflict on constraint daily_audits_pkey do update
  set messages = excluded.messages where counts.messages <> excluded.messages;
end
$$;

-- Counts today's backlog. The index of the primary key begins with the rank, which is high where a text is decided.
create function private.count_backlog() returns void
language plpgsql
set search_path = ''
as $$
begin
  insert into public.daily_backlogs as backlogs (day, waiting, audits_waiting, oldest_waiting_since)
  select (now() at time zone 'UTC')::date, count(*), count(*) filter (where 'random_audit' = any (reasons)),
    min(waiting_since)
  from public.review_queue
  where rank < private.rank_when_decided() and waiting_since is not null
  on conflict on constraint daily_backlogs_pkey do update
  set waiting = excluded.waiting, audits_waiting = excluded.audits_waiting,
    oldest_waiting_since = excluded.oldest_waiting_since
  where (backlogs.waiting, backlogs.audits_waiting, backlogs.oldest_waiting_since)
    is distinct from (excluded.waiting, excluded.audits_waiting, excluded.oldest_waiting_since);
end
$$;

-- Begins a pass: marks the days of all rows that changed since the last one, and ends with the last mark.
create function private.begin_pass(changes_from bigint) returns void
language plpgsql
set search_path = ''
as $$
declare
  changes_to constant bigint := private.complete_change_numbers();
begin
  with texts as (
    delete from private.changed_days where text_key is not null returning text_key
  )
  insert into private.changed_days (day)
  select (created_at at time zone 'UTC')::date as day from public.nlu_prompt_logs
  where change_number >= changes_from and change_number < changes_to
  union
  select (created_at at time zone 'UTC')::date from public.nlu_prompt_logs
  where is_audited and text_key in (select text_key from texts)
  order by day desc;
  update private.monitoring
  set counted_to = changes_to, pass_began_at = now(),
    pass_ends_at = (select coalesce(max(id), 0) from private.changed_days);
end
$$;

-- Counts one changed day; returns 1, or 0 at the end of a pass: all counts are then at least as recent as its beginning.
-- The days that have been marked for longest come first, so that a day that keeps changing does not keep the others
-- waiting. One transaction at a time counts: another one returns null at once.
create function private.count_changed_day() returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  progress private.monitoring;
  changed date;
begin
  select * into progress from private.monitoring for update skip locked;
  if not found then
    return null;
  end if;
  if progress.pass_ends_at is null then
    perform private.begin_pass(progress.counted_to);
    select * into progress from private.monitoring;
  end if;
  select day into changed from private.changed_days
  where id <= progress.pass_ends_at and day is not null order by id limit 1;
  if changed is null then
    perform private.count_backlog();
    update private.monitoring set counted_at = pass_began_at, pass_ends_at = null;
    return 0;
  end if;
  -- Deletes the marks first: what is marked afterwards may be missing in the count, and keeps its mark.
  delete from private.changed_days where day = changed;
  perform private.count_day(changed);
  return 1;
end
$$;

-- The figures -----------------------------------------------------------------------------------------

-- What can explain a change of the figures: promotions and rollbacks, changes of the catalogue, deployments, and the
-- first message of a model version.
create function private.list_marks(since timestamptz) returns jsonb
language sql stable
set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('at', at, 'kind', kind, 'subject', subject) order by at, kind, subject), '[]')
  from (
    select at, kind, coalesce(version, 'the packaged model') as subject from public.model_events
    where kind in ('promoted', 'rolled_back', 'quarantined') and at >= since
    union all
    select created_at, 'intent_added', intent from public.intent_catalogue
    -- The intents that came with the database explain no change.
    where created_at >= since and created_at > (select min(created_at) from public.intent_catalogue)
    union all
    select retired_at, 'intent_retired', intent from public.intent_catalogue where retired_at between since and now()
    union all
    -- The first one explains no change, either.
    select first_seen_at, 'deployed', package from private.deployments
    where first_seen_at >= since and id > (select min(id) from private.deployments)
    union all
    select min(day)::timestamp at time zone 'UTC', 'new_version', model_version from public.daily_counts
    group by model_version
    having min(day) >= (since at time zone 'UTC')::date
      and min(day) > (select min(day) from public.daily_counts)
  ) as marks
$$;

-- What retention deletes, by which setting, after how many days, and since when the oldest of it has been there. Each is
-- found at one end of an index.
create function private.list_retained() returns table (kind text, setting text, days integer, oldest_at timestamptz)
language sql stable
set search_path = ''
as $$
  select kept.* from private.settings cross join lateral (values
    ('message', 'row_retention_days', row_retention_days,
      (select min(created_at) from public.nlu_prompt_logs)),
    ('retained text', 'label_retention_days', label_retention_days,
      (select min(retained_at) from public.labelled_texts)),
    ('deferred change', 'twice spool_retention_days', 2 * spool_retention_days,
      (select min(deferred_at) from private.deferred_changes)),
    ('id of a dropped message', 'twice spool_retention_days', 2 * spool_retention_days,
      (select min(dropped_at) from private.dropped_captures)),
    ('record of a dataset', 'label_retention_days', label_retention_days,
      (select exported_at from public.dataset_exports order by id limit 1)),
    ('record of an exported object', 'label_retention_days and a week', label_retention_days + 7,
      (select min(exported_at) from public.exported_rows)),
    ('record of an erased message', 'label_retention_days and a week', label_retention_days + 7,
      (select erased_at from private.erased_rows order by change_number, log_id limit 1))
  ) as kept (kind, setting, days, oldest_at)
$$;

-- What is done regularly: when it was done last, and when it is due again. A series of exports that ran in two weeks
-- of the last month runs every week; others are not due. Retention runs every night. A retraining is due 90 days after
-- the latest registration of a model. Its latest run failed if nobody has continued it an hour after its claim expired,
-- and no later run did more than to find that there was nothing new.
create function private.list_tasks() returns jsonb
language sql stable
set search_path = ''
as $$
  with retained as materialized (
    -- Retention runs at night, and one night may fail.
    select *, oldest_at + make_interval(days => days + 2) as due_at from private.list_retained()
  )
  select jsonb_build_object(
    'exports', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'series', series, 'done_at', exported_at, 'lines', lines,
        'due_at', case when exported_at > now() - interval '30 days' and exists (
          select from public.dataset_exports earlier
          where earlier.series = latest.series
            and earlier.exported_at between latest.exported_at - interval '30 days' and latest.exported_at - interval '6 days'
        ) then exported_at + interval '8 days' end
      ) order by series), '[]')
      from (
        select distinct on (series) series, exported_at, lines from public.dataset_exports order by series, id desc
      ) as latest
    ),
    'retention', jsonb_build_object(
      'days', row_retention_days, 'done_at', retained_at,
      'oldest_row_at', (select oldest_at from retained where kind = 'message'),
      'due_at', (select min(due_at) from retained),
      'retained', (
        select coalesce(jsonb_agg(jsonb_build_object(
          'kind', kind, 'setting', setting, 'days', days, 'oldest_at', oldest_at, 'due_at', due_at
        ) order by due_at, kind), '[]') from retained where oldest_at is not null
      )
    ),
    'retraining', (
      select jsonb_build_object(
        'done_at', max(at), 'due_at', max(at) + interval '90 days',
        'corrections_since', (
          select count(*) from public.correction_events
          where corrected_at > coalesce(max(events.at), '-infinity')
        ),
        'ran_at', (select max(finished_at) from private.retraining_runs),
        'failed_at', (
          select max(started_at) from private.retraining_runs failed
          where finished_at is null and expires_at < now() - interval '1 hour'
            and started_at > now() - interval '45 days' and not exists (
            select from private.retraining_runs later
            where later.started_at > failed.started_at and later.outcome <> 'nothing_new'
          )
        )
      ) from public.model_events events where kind = 'registered'
    ),
    'unfinished_captures', jsonb_build_object(
      'count', (select count(*) from private.incomplete_captures),
      'oldest_at', (select min(captured_at) from private.incomplete_captures)
    ),
    'latest_decision_at', (select max(decided_at) from public.review_queue)
  )
  from private.settings, private.monitoring
$$;

-- Refuses signed-in users without a role of the console.
create function private.refuse_strangers() returns void
language plpgsql stable
set search_path = ''
as $$
begin
  if private.is_console_request() then
    perform private.require_console_role('viewer', 'reviewer', 'operator');
  end if;
end
$$;

-- The figures of the last days, today included. It holds no text and no user.
create function private.health(days integer) returns jsonb
language plpgsql stable
security definer
set search_path = ''
as $$
declare
  settings private.settings;
  today constant date := (now() at time zone 'UTC')::date;
  first_day constant date := today - (least(greatest(coalesce(days, 30), 1), 730) - 1);
  complete_before timestamptz;
  figures jsonb;
begin
  perform private.refuse_strangers();
  perform private.refuse_more_figures('health');
  complete_before := private.audits_complete_before();
  select * into strict settings from private.settings;

  with counts as materialized (
    select * from public.daily_counts where day >= first_day
  ), by_day as (
    select day, sum(messages)::integer as messages,
      coalesce(sum(messages) filter (where source = 'rule'), 0)::integer as by_rule,
      coalesce(sum(messages) filter (where source = 'model'), 0)::integer as by_model,
      coalesce(sum(messages) filter (where is_confident), 0)::integer as confident,
      coalesce(sum(messages) filter (where scope_band >= 0), 0)::integer as with_scope,
      coalesce(sum(messages) filter (where is_out_of_scope), 0)::integer as out_of_scope,
      coalesce(sum(messages) filter (where outcome <> 'unknown'), 0)::integer as with_outcome,
      coalesce(sum(messages) filter (where outcome = 'failed'), 0)::integer as failed
    from counts group by day
  ), by_intent as (
    select predicted_intent, sum(messages)::integer as messages,
      coalesce(sum(messages) filter (where outcome <> 'unknown'), 0)::integer as with_outcome,
      coalesce(sum(messages) filter (where outcome = 'failed'), 0)::integer as failed
    from counts group by predicted_intent
  ), ranked as (
    select *, round(messages * failed::numeric / nullif(with_outcome, 0), 1) as expected_failures from by_intent
  ), audits as materialized (
    select *, label <> '' as is_decided, label = predicted_intent as is_right, messages / audit_probability as weight
    from public.daily_audits where day >= first_day
  ), completed as materialized (
    select * from audits where day < (complete_before at time zone 'UTC')::date
  ), audited as (
    select day, sum(messages)::integer as audited,
      coalesce(sum(messages) filter (where is_decided), 0)::integer as decided,
      coalesce(sum(messages) filter (where is_decided and is_right), 0)::integer as correct
    from audits group by day
  ), confusions as (
    select predicted_intent, label, sum(messages)::integer as audited, round(sum(weight)::numeric) as messages
    from completed where is_decided and not is_right group by 1, 2
    order by messages desc, predicted_intent, label limit 50
  ), bands as (
    select model_version, confidence_band, sum(messages)::integer as decided,
      coalesce(sum(messages) filter (where is_right), 0)::integer as correct,
      round((coalesce(sum(weight) filter (where is_right), 0) / sum(weight))::numeric, 4) as accuracy
    from completed where is_decided group by 1, 2
  )
  select jsonb_build_object(
    'days', (
      select coalesce(jsonb_agg(to_jsonb(by_day) || jsonb_build_object(
        'audited', coalesce(audited.audited, 0), 'decided', coalesce(audited.decided, 0),
        'correct', coalesce(audited.correct, 0)
      ) order by day), '[]')
      from by_day left join audited using (day)
    ),
    'intents', (
      select coalesce(jsonb_agg(to_jsonb(ranked) order by expected_failures desc nulls last, messages desc, predicted_intent), '[]')
      from ranked
    ),
    'confusions', (select coalesce(jsonb_agg(to_jsonb(confusions)), '[]') from confusions),
    'calibration', (
      select coalesce(jsonb_agg(to_jsonb(bands) order by model_version, confidence_band), '[]') from bands
    )
  ) into figures;

  return jsonb_build_object(
    'at', now(),
    'counted_at', (select counted_at from private.monitoring),
    'evaluated_at', (select evaluated_at from private.monitoring),
    'first_day', first_day,
    'last_day', today,
    'review_threshold', settings.review_threshold,
    'min_scope', settings.min_scope,
    'audit_rate', settings.audit_rate,
    'audits_complete_before', complete_before,
    -- Without the cut-off, which is computed again wherever it is selected.
    'accuracy', (
      select coalesce(jsonb_agg(to_jsonb(versions)), '[]')
      from (
        select model_version, messages, audited, accuracy, ci_lower, ci_upper from public.live_accuracy
      ) as versions
    ),
    'backlog', (
      select coalesce(jsonb_agg(to_jsonb(backlogs) order by day), '[]')
      from public.daily_backlogs backlogs where day >= first_day
    ),
    'tasks', private.list_tasks(),
    'marks', private.list_marks(first_day::timestamp at time zone 'UTC')
  ) || figures;
end
$$;

set role postgres;

-- The body is parsed when the function is created (`begin atomic`), so it runs without a right to `private`, which
-- signed-in users lack.
create function public.health(days integer default 30) returns jsonb
language sql stable
set search_path = ''
begin atomic
  select private.health(days);
end;
comment on function public.health(integer) is
  'Returns the figures of the last days, at most 730, today included: messages, accuracy, failures, backlog, tasks and marks. It holds no text and no user.';

-- Replaces a job of the same name, as in 08_retention.sql.
do $$
begin
  perform cron.schedule('prompt-capture: count changed days', '*/5 * * * *', $command$do $run$
declare
  ends_at timestamptz := clock_timestamp() + interval '20 seconds';
begin
  while private.count_changed_day() is distinct from 0 loop
    commit;
    exit when clock_timestamp() >= ends_at;
    perform pg_sleep(0.1);
  end loop;
end
$run$;
$command$);
end
$$;
