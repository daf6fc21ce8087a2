-- Exports: windows of changes, the record of what was exported, and the functions that exports call.
--
-- An export reads everything that changed since the last one. Each change has a number (`change_number`). A
-- window ends before the first number that may still appear.

-- Which rows each exported object holds: three arrays of one length.
create table public.exported_rows (
  id bigint generated always as identity,
  bucket text not null,
  key text not null,
  log_ids uuid[] not null default '{}',
  user_indexes integer[] not null default '{}',
  text_keys bytea[] not null default '{}',
  user_keys bytea[] not null,
  exported_at timestamptz not null default now(),

  constraint exported_rows_pkey primary key (id),
  constraint bucket_has_1_to_1024_characters check (char_length(bucket) between 1 and 1024),
  constraint key_has_1_to_1024_characters check (char_length(key) between 1 and 1024),
  constraint a_page_has_rows check (cardinality(log_ids) > 0)
);

comment on table public.exported_rows is
  'The rows in each exported object, a page per row. User keys show whose they are after the rows were deleted.';
comment on column public.exported_rows.id is 'In the order of recording.';
comment on column public.exported_rows.bucket is 'The bucket, or the folder.';
comment on column public.exported_rows.key is 'The key of the object in it.';
comment on column public.exported_rows.log_ids is
  'The captured rows in the object; for a retained text its text key, written as a UUID.';
comment on column public.exported_rows.user_indexes is
  'For each of log_ids, its sender: an index into user_keys, from 1. Set by the database.';
comment on column public.exported_rows.text_keys is
  'For each of log_ids, its text key. Set by the database.';
comment on column public.exported_rows.user_keys is
  'The user keys of the senders; empty where a user was erased. Set by the database.';
comment on column public.exported_rows.exported_at is
  'When the page was registered, or the object was cleaned later: its bucket counts the days of what it holds from then.';

create index exported_rows_by_user on public.exported_rows using gin (user_keys);
create index exported_rows_by_object on public.exported_rows (bucket, key);
create index exported_rows_by_age on public.exported_rows (exported_at);

-- A dataset exists once its manifest was written. The next window of its series begins where it ended.
create table public.dataset_exports (
  id bigint generated always as identity,
  series text not null,
  bucket text not null,
  manifest text not null,
  window_from bigint not null,
  window_to bigint not null,
  audits_complete_before timestamptz,
  lines bigint not null,
  exported_at timestamptz not null default now(),

  constraint dataset_exports_pkey primary key (id),
  constraint a_dataset_is_recorded_once unique (bucket, manifest),
  constraint series_has_1_to_2000_characters check (char_length(series) between 1 and 2000),
  constraint dataset_bucket_has_1_to_1024_characters check (char_length(bucket) between 1 and 1024),
  constraint manifest_has_1_to_1024_characters check (char_length(manifest) between 1 and 1024),
  constraint a_window_does_not_end_before_it_begins check (window_from <= window_to),
  constraint lines_are_not_negative check (lines >= 0)
);

comment on table public.dataset_exports is 'Every complete dataset, and the window that it covers.';
comment on column public.dataset_exports.id is 'In the order of recording.';
comment on column public.dataset_exports.series is
  'The request: mode, policy and filters. Windows of one series follow one another.';
comment on column public.dataset_exports.bucket is 'The bucket, or the folder.';
comment on column public.dataset_exports.manifest is 'The key of the manifest.';
comment on column public.dataset_exports.window_from is 'The first change that the dataset holds.';
comment on column public.dataset_exports.window_to is 'The first change that it does not hold.';
comment on column public.dataset_exports.audits_complete_before is
  'The cut-off of the audit in the dataset. Null: no audit was complete.';
comment on column public.dataset_exports.lines is 'The number of lines.';
comment on column public.dataset_exports.exported_at is 'When the dataset was recorded.';

create index dataset_exports_by_series on public.dataset_exports (series, id desc);
create index dataset_exports_by_window on public.dataset_exports (window_to);

-- Rows of erased users, so that consumers remove them from their own copies of a dataset. Text keys that no
-- longer exist (14_normal_form.sql) are listed likewise, each as a row of its own.
create table private.erased_rows (
  log_id uuid not null,
  text_key bytea not null,
  change_number bigint not null,
  erased_at timestamptz not null default now(),

  constraint erased_rows_pkey primary key (change_number, log_id)
);

comment on table private.erased_rows is
  'Rows of erased users, and text keys that were rebuilt. The next window lists them. Holds no text and no user.';
comment on column private.erased_rows.log_id is 'The id of the row; of a text key, the key written as a UUID.';
comment on column private.erased_rows.text_key is 'The text key of the row, by which datasets name it.';
comment on column private.erased_rows.change_number is 'The number of the erasure, or of the removal from an exported object.';
comment on column private.erased_rows.erased_at is 'When it was erased.';

create index erased_rows_by_text on private.erased_rows (text_key, change_number);
create index erased_rows_by_log_id on private.erased_rows (log_id);

alter table public.exported_rows enable row level security;
alter table public.exported_rows force row level security;
alter table public.dataset_exports enable row level security;
alter table public.dataset_exports force row level security;
alter table private.erased_rows enable row level security;
alter table private.erased_rows force row level security;

create policy "The maintainer reads which objects hold a user's rows"
  on public.exported_rows for select to prompt_maintainer using (true);
create policy "The maintainer registers the rows of an object"
  on public.exported_rows for insert to prompt_maintainer with check (true);
create policy "The maintainer removes the rows of erased users from a page"
  on public.exported_rows for update to prompt_maintainer using (true) with check (true);
create policy "The maintainer deletes pages that are empty or old"
  on public.exported_rows for delete to prompt_maintainer using (true);

create policy "The maintainer reads which datasets exist"
  on public.dataset_exports for select to prompt_maintainer using (true);
create policy "The maintainer records a dataset for the exporter"
  on public.dataset_exports for insert to prompt_maintainer with check (true);
create policy "The maintainer deletes records of expired datasets"
  on public.dataset_exports for delete to prompt_maintainer using (true);

create policy "The maintainer reads which rows were erased"
  on private.erased_rows for select to prompt_maintainer using (true);
create policy "The maintainer records erased rows"
  on private.erased_rows for insert to prompt_maintainer with check (true);
create policy "The maintainer deletes old records of erased rows"
  on private.erased_rows for delete to prompt_maintainer using (true);

-- Erased rows ---------------------------------------------------------------------------------------

set role prompt_maintainer;

-- An erasure changes every text that the user sent: the lines that others sent may now differ. Rows that
-- retention deletes are not recorded.
create function private.record_erased_rows() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into private.erased_rows (log_id, text_key, change_number)
  select deleted.id, deleted.text_key, private.next_change_number()
  from deleted join (
    select user_id from (select distinct user_id from deleted) as users
    where exists (
      select from private.tombstones where user_key = private.user_key(users.user_id)
    )
  ) as erased using (user_id)
  on conflict do nothing;
  return null;
end
$$;

set role postgres;

create trigger after_50_record_erased_rows after delete on public.nlu_prompt_logs
  referencing old table as deleted
  for each statement execute function private.record_erased_rows();

-- Registering rows ----------------------------------------------------------------------------------

set role prompt_maintainer;

-- Sets senders and texts. Rows that were deleted meanwhile are left out; a page without rows is not
-- stored.
create function private.complete_exported_page() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  secret bytea;
begin
  select user_key_secret into strict secret from private.keys;
  with present as (
    select id, user_id::text as sender, text_key
    from public.nlu_prompt_logs where id = any (new.log_ids)
    union all
    select listed.id, encode(user_key, 'hex'), retained.text_key
    from unnest(new.log_ids) as listed (id)
    join public.labelled_texts retained on retained.text_key = uuid_send(listed.id)
    cross join unnest(retained.user_keys) as user_key
  ), senders as (
    select sender, row_number() over () as index,
      case length(sender) when 36 then extensions.hmac(uuid_send(sender::uuid), secret, 'sha256')
        else decode(sender, 'hex') end as user_key
    from (select distinct sender from present) as distinct_senders
  )
  select array_agg(id), array_agg(index), array_agg(text_key),
    (select array_agg(user_key order by index) from senders)
  into new.log_ids, new.user_indexes, new.text_keys, new.user_keys
  from present join senders using (sender);
  return case when new.log_ids is not null then new end;
end
$$;

set role postgres;

create trigger before_10_complete_page before insert on public.exported_rows
  for each row execute function private.complete_exported_page();

-- Functions of the exporter -------------------------------------------------------------------------
-- None of them reveals a sender: with a salt, senders get pseudonyms that mean nothing outside one export.

set role prompt_maintainer;

-- Refuses a database that was copied without its sequences: its changes have numbers that are still to be drawn, so
-- no window would hold them. Every committed number was drawn before, so the next one is read last.
create function private.refuse_lost_sequence() returns void
language plpgsql
set search_path = ''
as $$
declare
  newest bigint := greatest(
    (select max(change_number) from public.nlu_prompt_logs),
    (select max(change_number) from public.labelled_texts),
    (select max(change_number) from public.review_queue),
    (select max(change_number) from private.erased_rows),
    (select max(window_to) - 1 from public.dataset_exports)
  );
begin
  if newest >= private.peek_change_number() then
    raise exception 'Changes in this database are newer than its sequence: it was copied without its sequences.'
      using errcode = 'object_not_in_prerequisite_state',
        hint = 'Set private.change_numbers as docs/how-to/restore-the-database.md says. Then export everything once, without since_last.';
  end if;
end
$$;

-- Returns a window over everything, or over what changed since the last dataset of the series, with the cut-off of
-- the audit in that dataset, and how many captured rows changed in it, counted up to max_rows + 1.
create function private.open_export(p_series text, since_last boolean, max_rows bigint) returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  window_end bigint := private.complete_change_numbers();
  window_start bigint := 0;
  audits_from timestamptz;
  row_count bigint;
begin
  perform private.refuse_lost_sequence();
  if since_last then
    select window_to, audits_complete_before into window_start, audits_from
    from public.dataset_exports where series = p_series order by id desc limit 1;
    -- A transaction that announces itself late may have looked at the next number before the last window was opened. It
    -- draws larger ones.
    window_start := coalesce(window_start, 0);
    window_end := greatest(window_end, window_start);
  end if;
  select count(*) into row_count from (
    select from public.nlu_prompt_logs
    where change_number >= window_start and change_number < window_end
    limit max_rows + 1
  ) as counted;
  return json_build_object(
    'from', window_start::text, 'to', window_end::text, 'audits_from', audits_from, 'rows', row_count, 'at', clock_timestamp()
  );
end
$$;

-- Returns a page of rows in the order of their texts: an array per column, which costs a third of rows
-- written one by one. Retained texts are among them. If a text changed in the
-- window, all of its rows within the daily caps are in it, so a reader sees the whole state of a text. The label comes from the review queue, which has one for
-- all copies of a text, and so do the reasons of rows that wait for review. A text is in the window, too, that
-- was corrected or entered the queue at random in it, and one whose audit was completed by the cut-off that moved from
-- audits_from to audits_to: its line says so now. Senders get pseudonyms only if a
-- salt is given.
create function private.read_export(
  window_from bigint, window_to bigint, after_text bytea, after_change bigint, after_id uuid,
  labelled_only boolean, page_size integer, salt text, audits_from timestamptz, audits_to timestamptz
) returns json
language plpgsql stable
security definer
set search_path = ''
set plan_cache_mode = force_custom_plan  -- a generic plan fits no particular window
as $$
declare
  secret bytea;
  columns json;
  cutoffs constant timestamptz[] := array(
    select coalesce(cutoff, '-infinity') as cutoff from unnest(array[audits_from, audits_to]) as cutoff order by 1
  );
  max_changed constant bigint := 10 * page_size::bigint;
  audited bytea[] := '{}';
  changed_texts bytea[];
begin
  select user_key_secret into strict secret from private.keys;
  if window_from > 0 then
    -- A message that was not drawn itself changes the probability with which its text was. Few texts are audited,
    -- and many messages may lie between two cut-offs.
    audited := array(
      select drawn.text_key from (
        select distinct text_key from public.nlu_prompt_logs
        where cutoffs[1] < cutoffs[2] and is_audited and created_at < cutoffs[2] and text_key >= after_text
      ) as drawn
      where exists (
        select from public.nlu_prompt_logs entered
        where entered.text_key = drawn.text_key and entered.within_daily_cap
          and entered.created_at >= cutoffs[1] and entered.created_at < cutoffs[2]
      )
    );
    -- The texts that changed, where they are few. Otherwise the rows are read in the order of their texts.
    select coalesce(array_agg(distinct text_key), '{}') into changed_texts from (
      select text_key from (
        select text_key, change_number from public.nlu_prompt_logs
        union all select text_key, change_number from public.review_queue
        union all select text_key, change_number from public.labelled_texts
        union all select text_key, change_number from private.erased_rows
      ) as changes
      where change_number >= window_from and change_number < window_to and text_key >= after_text
      union all
      select labels.text_key from private.near_duplicate_labels labels
      join public.correction_events decisions on decisions.id = labels.event
      join public.review_queue changed on changed.text_key = decisions.text_key
      where labels.ended_at is null
        and changed.change_number >= window_from and changed.change_number < window_to
      union all
      select unnest(audited)
      limit max_changed + 1
    ) as changed having count(*) <= max_changed;
  end if;
  with logs as (
    select logs.id, logs.text_key, logs.change_number, prompt, logs.predicted_intent, logs.confidence, scope,
      source, model_version,
      case when queue.decided_at is not null then queue.corrected_intent end as decided,
      was_successful,
      queue.decided_at is null and coalesce('disagreement' = any (queue.reasons), false) as disputed,
      created_at, user_id, 1 as times_sent,
      case when queue.waiting_since is not null
          and (logs.has_review_reason or logs.is_audited or 'random_fill' = any (queue.reasons))
        then queue.reasons end as reasons,
      is_audited, audit_probability,
      case when queue.decided_at is not null then queue.corrected_secondary_intents end as decided_secondary,
      case when logs.secondary_intents <> '[]'
        then private.intent_names(logs.secondary_intents) end as predicted_secondary,
      queue.waiting_since is not null and exists (
        select from private.near_duplicate_labels labels where labels.text_key = logs.text_key
      ) as may_be_near_duplicate
    from public.nlu_prompt_logs logs
    left join public.review_queue queue on queue.text_key = logs.text_key
    where (logs.text_key, logs.change_number, logs.id) > (after_text, after_change, after_id)
      and logs.change_number < window_to and within_daily_cap
      and (queue.corrected_intent is not null or not labelled_only)
      and (changed_texts is null or logs.text_key = any (changed_texts))
      and (window_from = 0 or changed_texts is not null or (
        queue.change_number >= window_from and queue.change_number < window_to
      ) or exists (
        select from public.nlu_prompt_logs changed
        where changed.text_key = logs.text_key
          and changed.change_number >= window_from and changed.change_number < window_to
      ) or exists (
        select from public.labelled_texts changed
        where changed.text_key = logs.text_key
          and changed.change_number >= window_from and changed.change_number < window_to
      ) or exists (
        select from private.erased_rows changed
        where changed.text_key = logs.text_key
          and changed.change_number >= window_from and changed.change_number < window_to
      ) or exists (
        -- A decision that falls, or stands again, changes the labels that rest on it.
        select from private.near_duplicate_labels labels
        join public.correction_events decisions on decisions.id = labels.event
        join public.review_queue changed on changed.text_key = decisions.text_key
        where labels.text_key = logs.text_key and labels.ended_at is null
          and changed.change_number >= window_from and changed.change_number < window_to
      ) or logs.text_key in (select unnest(audited)))
    order by logs.text_key, logs.change_number, logs.id limit page_size
  ), retained as (
    select encode(text_key, 'hex')::uuid as id, text_key, change_number, text, intent, null::float8,
      null::float8, 'retained', 'retained', case when disputed is not true then intent end, null::boolean,
      disputed is true, labelled_at, null::uuid, times_sent, null::text[], false, null::float8,
      case when disputed is not true then secondary_intents end, null::text[], false
    from public.labelled_texts texts
    left join lateral (
      select queue.decided_at is null and 'disagreement' = any (queue.reasons) as disputed
      from public.review_queue queue where queue.text_key = texts.text_key
    ) as item on true
    where (not labelled_only or disputed is not true) and (text_key, change_number, encode(text_key, 'hex')::uuid) > (after_text, after_change, after_id)
      and text_key >= after_text and change_number < window_to
      and (changed_texts is null or text_key = any (changed_texts))
      and (window_from = 0 or changed_texts is not null or exists (
        select from public.review_queue changed
        where changed.text_key = texts.text_key
          and changed.change_number >= window_from and changed.change_number < window_to
      ) or exists (
        select from public.nlu_prompt_logs changed
        where changed.text_key = texts.text_key
          and changed.change_number >= window_from and changed.change_number < window_to
      ) or exists (
        select from public.labelled_texts changed
        where changed.text_key = texts.text_key
          and changed.change_number >= window_from and changed.change_number < window_to
      ) or exists (
        select from private.erased_rows changed
        where changed.text_key = texts.text_key
          and changed.change_number >= window_from and changed.change_number < window_to
      ) or texts.text_key in (select unnest(audited)))
    order by text_key limit page_size
  ), page as (
    select * from logs union all select * from retained
    order by text_key, change_number, id limit page_size
  ), near_duplicates as materialized (
    -- Once for each text: it may have many rows, and the label may rest on many corrections.
    select text_key, private.near_duplicate_label(text_key) as near_duplicate
    from (select distinct text_key from page where may_be_near_duplicate) as texts
  ), labelled as (
    select * from page left join near_duplicates using (text_key) order by text_key, change_number, id
  )
  select json_build_array(
    array_agg(id), array_agg(encode(text_key, 'hex')), array_agg(change_number::text),
    array_agg(prompt), array_agg(predicted_intent), array_agg(confidence), array_agg(scope),
    array_agg(source), array_agg(model_version), array_agg(decided), array_agg(was_successful),
    array_agg(disputed), array_agg(created_at),
    array_agg(case when salt <> '' then left(encode(extensions.hmac(
      uuid_send(user_id) || convert_to(salt, 'UTF8'), secret, 'sha256'
    ), 'hex'), 16) end),
    array_agg(times_sent), json_agg(reasons), array_agg(is_audited), array_agg(audit_probability),
    json_agg(decided_secondary), json_agg(predicted_secondary), array_agg((near_duplicate).to_intent),
    json_agg((near_duplicate).to_secondary_intents)
  ) into columns from labelled;
  return columns;
end
$$;

-- Returns a page of [row, text key, change number]: the rows that were erased in the window.
create function private.read_erased_rows(
  window_from bigint, window_to bigint, after_change bigint, after_id uuid, page_size integer
) returns json
language sql stable
security definer
set search_path = ''
as $$
  select coalesce(json_agg(json_build_array(log_id, encode(text_key, 'hex'), change_number::text)), '[]')
  from (
    select * from private.erased_rows
    where change_number >= window_from and change_number < window_to
      and (change_number, log_id) > (after_change, after_id)
    order by change_number, log_id limit page_size
  ) as page
$$;

-- Returns the cut-off of the audit, and how often each tier was right among the completed audits: [tier, model
-- version, decided rows, right rows, and for right, for wrong and for undecided rows the sums of their weights
-- (1 / probability) and of the squares of these]. The tier `confident` begins above the threshold, which is that of the export.
create function private.read_audit_results(threshold float8) returns json
language sql stable
security definer
set search_path = ''
as $$
  select json_build_object(
    'complete_before', private.audits_complete_before(),
    'results', coalesce(json_agg(json_build_array(
      tier, model_version, audited, correct, right_weight, right_squares, wrong_weight, wrong_squares,
      undecided_weight, undecided_squares
    ) order by tier, model_version), '[]')
  )
  from (
    select tier, model_version, count(is_correct) as audited, count(*) filter (where is_correct) as correct,
      coalesce(sum(weight) filter (where is_correct), 0) as right_weight,
      coalesce(sum(weight ^ 2) filter (where is_correct), 0) as right_squares,
      coalesce(sum(weight) filter (where not is_correct), 0) as wrong_weight,
      coalesce(sum(weight ^ 2) filter (where not is_correct), 0) as wrong_squares,
      coalesce(sum(weight) filter (where is_correct is null), 0) as undecided_weight,
      coalesce(sum(weight ^ 2) filter (where is_correct is null), 0) as undecided_squares
    from (
      select model_version, is_correct, 1 / audit_probability as weight,
        case
          when was_successful is false or predicted_intent = 'unknown' then null
          when was_successful then 'outcome'
          when source = 'rule' then 'rule'
          when confidence > threshold
            and coalesce(scope, 1) >= (select min_scope from private.settings) then 'confident'
        end as tier
      from public.completed_audits
    ) as audits
    where tier is not null
    group by tier, model_version
  ) as counted
$$;

-- Records a dataset; a repetition changes nothing.
create function private.record_dataset(
  p_series text, p_bucket text, p_manifest text, p_window_from bigint, p_window_to bigint, p_lines bigint,
  p_audits_complete_before timestamptz
) returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  gives_up_at constant timestamptz := clock_timestamp() + interval '30 seconds';
  complete_to bigint := private.complete_change_numbers();
begin
  -- As in open_export: waits for a transaction that announced itself late.
  while p_window_to > complete_to and p_window_to <= private.peek_change_number() and clock_timestamp() < gives_up_at
  loop
    perform pg_sleep(0.1);
    complete_to := private.complete_change_numbers();
  end loop;
  -- The next window begins where this one ends, so an invented end would hide the changes before it.
  if p_window_from < 0 or p_window_to > complete_to then
    raise exception 'The window is not one that open_export returned.'
      using errcode = 'check_violation', hint = 'Record the window of the export.';
  end if;
  -- And an invented beginning would hide those between the windows.
  if p_window_from > 0 and not exists (
    select from public.dataset_exports where series = p_series and window_to >= p_window_from
  ) then
    raise exception 'The window begins after the last one of its series.'
      using errcode = 'check_violation', hint = 'Export again: open_export returns the next window.';
  end if;
  -- The next window holds what the cut-off has passed since, so after an invented one it would hold nothing, and no
  -- export can read a date before our era.
  if p_audits_complete_before not between timestamptz '0001-01-01 00:00+00' and clock_timestamp() then
    raise exception 'The cut-off of the audit lies in the future, or before our era.'
      using errcode = 'check_violation', hint = 'Record the one that read_audit_results returned.';
  end if;
  insert into public.dataset_exports
    (series, bucket, manifest, window_from, window_to, audits_complete_before, lines)
  values (
    p_series, p_bucket, p_manifest, p_window_from, p_window_to, p_audits_complete_before, p_lines
  )
  on conflict (bucket, manifest) do nothing;
end
$$;

-- Registers the rows that an object will hold, before it is written; returns the ids of those that it may not hold: they
-- were deleted meanwhile, or their text is in the pool of disagreements.
create function private.register_rows(p_bucket text, p_key text, rows uuid[]) returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  registered uuid[];
begin
  perform private.lock_export_registry_shared();
  insert into public.exported_rows (bucket, key, log_ids)
  select p_bucket, p_key, array_agg(listed.id)
  from unnest(rows) as listed (id) left join public.nlu_prompt_logs logs on logs.id = listed.id
  where not exists (
    select from public.model_disagreements pool
    where pool.text_key = coalesce(logs.text_key, uuid_send(listed.id))
  )
  having count(*) > 0
  returning log_ids into registered;
  return (
    select coalesce(json_agg(id), '[]') from (
      select unnest(rows) as id except select unnest(registered)
    ) as missing
  );
end
$$;

-- Whether a user whose rows these objects hold was erased since, or a text in them was drawn into the pool of
-- disagreements.
create function private.has_erasures_since(p_bucket text, p_keys text[], since timestamptz) returns boolean
language plpgsql stable
security definer
set search_path = ''
as $$
declare
  erased bytea[] := array(select user_key from private.tombstones where erased_at >= since);
  drawn bytea[] := array(select text_key from public.model_disagreements where drawn_at >= since);
begin
  -- Counted, so that the keys are hashed: many users may be erased during an export of many pages.
  return (erased <> '{}' and 0 < (
    select count(*) from public.exported_rows pages cross join unnest(pages.user_keys) as sender (user_key)
    where pages.bucket = p_bucket and pages.key = any (p_keys) and user_key in (select unnest(erased))
  )) or (drawn <> '{}' and 0 < (
    select count(*) from public.exported_rows pages cross join unnest(pages.text_keys) as line (text_key)
    where pages.bucket = p_bucket and pages.key = any (p_keys) and text_key in (select unnest(drawn))
  ));
end
$$;

-- Functions of an erasure ---------------------------------------------------------------------------

-- Returns [bucket, key] of the objects that hold rows of erased users: of an erasure that was interrupted, or of
-- an account that was deleted.
create function private.list_uncleaned_objects() returns json
language sql stable
security definer
set search_path = ''
as $$
  select coalesce(json_agg(json_build_array(bucket, key)), '[]') from (
    select distinct pages.bucket, pages.key
    from private.tombstones erased
    join public.exported_rows pages on pages.user_keys @> array[erased.user_key]
    where not erased.exports_are_clean
    order by bucket, key
  ) as objects
$$;

-- Returns the lines and the senders of erased users in an object. A line is [row, text key, rows of other users
-- with the same text in the object, number of those users]; a sender is [page, index]. `is_recent`: a page was
-- registered within a day, so the export that writes the object may still run.
create function private.list_erased_lines(p_bucket text, p_key text) returns json
language sql stable
security definer
set search_path = ''
as $$
  -- Arrays of fixed-size elements: a look-up in an array of keys reads all keys before it.
  with senders as materialized (
    select id as page, array_agg(erased_at is not null order by index) as is_erased,
      array_agg(hashtextextended(encode(user_key, 'hex'), 0) order by index) as users
    from public.exported_rows cross join unnest(user_keys) with ordinality as sender (user_key, index)
    left join private.tombstones using (user_key)
    where bucket = p_bucket and key = p_key
    group by id
  ), listed as materialized (
    select log_id, text_key, users[sender] as sent_by, is_erased[sender] as is_erased
    from senders join public.exported_rows pages on pages.id = page
    cross join unnest(log_ids, user_indexes, text_keys) as entry (log_id, sender, text_key)
    where exists (select from senders where true = any (is_erased))
  ), erased as materialized (
    select log_id, text_key from listed where is_erased
  ), others as (
    select text_key, count(distinct log_id) as row_count, count(distinct sent_by) as user_count
    from listed
    where not is_erased and text_key in (select text_key from erased)
    group by text_key
  )
  select json_build_object(
    'lines', coalesce(
      (
        select json_agg(json_build_array(
          log_id, encode(text_key, 'hex'), coalesce(row_count, 0), coalesce(user_count, 0)
        )) from erased left join others using (text_key)
      ), '[]'
    ),
    'senders', coalesce(
      (
        select json_agg(json_build_array(page, index))
        from senders cross join unnest(is_erased) with ordinality as sender (sender_is_erased, index)
        where sender_is_erased
      ), '[]'
    ),
    'is_recent', exists (
      select from public.exported_rows
      where bucket = p_bucket and key = p_key and exported_at > now() - interval '1 day'
    )
  )
$$;

-- Called once an object holds no line of these senders any more: removes their rows from its pages, and lists
-- them in the next window.
create function private.unregister_senders(p_bucket text, p_key text, senders jsonb) returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  number bigint := private.next_change_number();
  page record;
begin
  -- Another cleaner may be changing the same pages: what is read from here on includes its changes.
  perform from public.exported_rows where bucket = p_bucket and key = p_key order by id for update;
  for page in
    with listed as materialized (
      -- An error of the cast would quote a text.
      select case jsonb_typeof(sender -> 0) when 'number' then (sender ->> 0)::bigint end as page_id,
        case jsonb_typeof(sender -> 1) when 'number' then (sender ->> 1)::bigint end as index
      from jsonb_array_elements(senders) as sender
    )
    -- Unnested: a look-up in an array of keys reads all keys before it.
    select pages.id, array_agg(known.index::integer) as user_indexes
    from public.exported_rows pages cross join unnest(pages.user_keys) with ordinality as known (user_key, index)
    join private.tombstones using (user_key)
    where pages.bucket = p_bucket and pages.key = p_key
      and pages.id in (select page_id from listed)
      and (pages.id, known.index) in (select page_id, listed.index from listed)
    group by pages.id order by pages.id
  loop
    insert into private.erased_rows (log_id, text_key, change_number)
    select distinct log_id, text_key, number
    from public.exported_rows pages,
      unnest(pages.log_ids, pages.user_indexes, pages.text_keys) as entry (log_id, user_index, text_key)
    where pages.id = page.id and user_index = any (page.user_indexes)
    on conflict do nothing;

    -- A user's key is blanked and not removed, so that the indexes of the others stay valid.
    update public.exported_rows pages
    set log_ids = remaining.log_ids, user_indexes = remaining.user_indexes,
      text_keys = remaining.text_keys, user_keys = array(
        select case when position = any (page.user_indexes) then ''::bytea else user_key end
        from unnest(pages.user_keys) with ordinality as keys (user_key, position) order by position
      )
    from (
      select array_agg(log_id) as log_ids, array_agg(user_index) as user_indexes,
        array_agg(text_key) as text_keys
      from public.exported_rows entries,
        unnest(entries.log_ids, entries.user_indexes, entries.text_keys) as entry (log_id, user_index, text_key)
      where entries.id = page.id and user_index <> all (page.user_indexes)
    ) as remaining
    where pages.id = page.id and remaining.log_ids is not null;
    if not found then
      delete from public.exported_rows where id = page.id;
    end if;
  end loop;
  -- The object was written again, so its bucket deletes it later. Its record must outlive it.
  update public.exported_rows set exported_at = now()
  where bucket = p_bucket and key = p_key and exported_at < now() - interval '1 day';
end
$$;

set role postgres;

-- Entry points --------------------------------------------------------------------------------------
-- PostgREST exposes the schema `public` only. These run with the caller's rights.

create function public.open_export(series text, since_last boolean, max_rows bigint) returns json
language sql set search_path = ''
as $$ select private.open_export(series, since_last, max_rows) $$;
comment on function public.open_export(text, boolean, bigint) is
  'Returns the window of an export and how many captured rows changed in it, counted up to max_rows + 1.';

create function public.read_export(
  window_from text, window_to text, after_text text, after_change text, after_id uuid,
  labelled_only boolean, page_size integer, salt text,
  audits_from timestamptz default null, audits_to timestamptz default null
) returns json
language sql stable set search_path = ''
as $$
  select private.read_export(
    window_from::bigint, window_to::bigint, decode(after_text, 'hex'), after_change::bigint, after_id,
    labelled_only, page_size, salt, audits_from, audits_to
  )
$$;
comment on function
  public.read_export(text, text, text, text, uuid, boolean, integer, text, timestamptz, timestamptz)
is
  'Returns a page of the rows of an export, in the order of their texts.';

create function public.read_erased_rows(
  window_from text, window_to text, after_change text, after_id uuid, page_size integer
) returns json
language sql stable set search_path = ''
as $$
  select private.read_erased_rows(
    window_from::bigint, window_to::bigint, after_change::bigint, after_id, page_size
  )
$$;
comment on function public.read_erased_rows(text, text, text, uuid, integer) is
  'Returns a page of the rows that were erased in a window.';

create function public.read_audit_results(threshold float8) returns json
language sql stable set search_path = ''
as $$ select private.read_audit_results(threshold) $$;
comment on function public.read_audit_results(float8) is
  'Returns the cut-off of the audit, and how often each tier was right before it.';

create function public.record_dataset(
  series text, bucket text, manifest text, window_from text, window_to text, lines bigint,
  audits_complete_before timestamptz default null
) returns void
language sql set search_path = ''
as $$
  select private.record_dataset(
    series, bucket, manifest, window_from::bigint, window_to::bigint, lines, audits_complete_before
  )
$$;
comment on function public.record_dataset(text, text, text, text, text, bigint, timestamptz) is
  'Records a complete dataset, so that the next window begins where it ends.';

create function public.register_rows(bucket text, key text, rows uuid[]) returns json
language sql set search_path = ''
as $$ select private.register_rows(bucket, key, rows) $$;
comment on function public.register_rows(text, text, uuid[]) is
  'Registers the rows of an exported object; returns those that it may not hold.';

create function public.has_erasures_since(bucket text, keys text[], since timestamptz) returns boolean
language sql stable set search_path = ''
as $$ select private.has_erasures_since(bucket, keys, since) $$;
comment on function public.has_erasures_since(text, text[], timestamptz) is
  'Whether a user whose rows these objects hold was erased since, or a text in them was drawn as a disagreement.';

create function public.list_uncleaned_objects() returns json
language sql stable set search_path = ''
as $$ select private.list_uncleaned_objects() $$;
comment on function public.list_uncleaned_objects() is
  'Lists the exported objects that hold rows of erased users.';

-- PostgREST applies the timeout to the transaction: an object may hold millions of rows.
create function public.list_erased_lines(bucket text, key text) returns json
language sql stable set search_path = '' set statement_timeout = '60s'
as $$ select private.list_erased_lines(bucket, key) $$;
comment on function public.list_erased_lines(text, text) is
  'Lists the lines and the senders of erased users in an exported object.';

create function public.unregister_senders(bucket text, key text, senders jsonb) returns void
language sql set search_path = ''
as $$ select private.unregister_senders(bucket, key, senders) $$;
comment on function public.unregister_senders(text, text, jsonb) is
  'Records that an exported object holds no line of these senders any more.';
