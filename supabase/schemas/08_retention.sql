-- Retention: captured rows are deleted at a certain age (private.settings.row_retention_days). Daily
-- counts remain (17_health.sql), and so do labelled texts, without anything that names their senders.

create table public.labelled_texts (
  text_key bytea not null,
  text text not null,
  intent text not null,
  secondary_intents text[],
  times_sent integer not null,
  user_keys bytea[] not null,
  labelled_at timestamptz not null,
  retained_at timestamptz not null default now(),
  change_number bigint not null default 0,

  constraint labelled_texts_pkey primary key (text_key),
  constraint label_is_in_the_catalogue
    foreign key (intent) references public.intent_catalogue (intent)
);

comment on table public.labelled_texts is
  'Retained texts: labelled by reviewers, their rows deleted. User keys remain, so that a user can be erased here too.';
comment on column public.labelled_texts.text_key is 'The text key.';
comment on column public.labelled_texts.text is 'The normalised text. It was redacted before it was captured.';
comment on column public.labelled_texts.intent is 'The reviewers'' intent.';
comment on column public.labelled_texts.secondary_intents is
  'The reviewers'' further intents, in order. Empty: there are none. Null: reviewers did not say.';
comment on column public.labelled_texts.times_sent is
  'How many of its rows were deleted, within the daily caps of their senders.';
comment on column public.labelled_texts.user_keys is 'The user keys of its senders.';
comment on column public.labelled_texts.labelled_at is 'When it was labelled.';
comment on column public.labelled_texts.retained_at is
  'When retention last added one of its rows. Its own retention starts here.';
comment on column public.labelled_texts.change_number is
  'The number of its latest change: exports read windows of these. Set by the database.';

create index labelled_texts_by_intent on public.labelled_texts (intent);
-- A pending list would be tidied up by whichever batch fills it, while that holds its texts.
create index labelled_texts_by_user on public.labelled_texts using gin (user_keys) with (fastupdate = off);
create index labelled_texts_by_age on public.labelled_texts (retained_at, text_key);
create index labelled_texts_by_change_number on public.labelled_texts (change_number);

-- Estimates would reveal texts: see 04_prompt_logs.sql.
alter table public.labelled_texts
  alter column text set statistics 0;

alter table public.labelled_texts enable row level security;
alter table public.labelled_texts force row level security;

create policy "The exporter reads retained texts, but not their senders"
  on public.labelled_texts for select to prompt_exporter using (true);
create policy "The maintainer reads retained texts"
  on public.labelled_texts for select to prompt_maintainer using (true);
create policy "The maintainer retains a labelled text"
  on public.labelled_texts for insert to prompt_maintainer with check (true);
create policy "The maintainer updates a retained text, and removes erased users from it"
  on public.labelled_texts for update to prompt_maintainer using (true) with check (true);
create policy "The maintainer deletes retained texts that are old, or have no sender or label left"
  on public.labelled_texts for delete to prompt_maintainer using (true);

-- A label comes from a reviewer who read the text.
create function private.refuse_label_edit() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  raise exception 'Retained texts cannot be added or edited by hand.'
    using errcode = 'insufficient_privilege',
      hint = 'Send the text again and decide it in review_queue, or delete the row.';
end
$$;

create trigger before_90_refuse_edit before insert or update on public.labelled_texts
  for each row when (current_user <> 'prompt_maintainer')
  execute function private.refuse_label_edit();
create trigger before_70_stamp_change before insert or update on public.labelled_texts
  for each row execute function private.stamp_change();

create function private.outcome_label(was_successful boolean) returns text
language sql immutable
set search_path = ''
as $$
  select case was_successful when true then 'successful' when false then 'failed' else 'unknown' end
$$;

-- Nightly jobs --------------------------------------------------------------------------------------

set role prompt_maintainer;

-- Of how many senders a retained text keeps the keys: each batch writes them all again. A text of so many senders says
-- nothing about one of them.
create function private.max_user_keys() returns integer
language sql immutable
set search_path = ''
as $$
  select 1000
$$;

-- How many user keys of retained texts a batch of so many rows writes, but for those of a single text: each is an entry
-- of an index.
create function private.max_user_keys_written(batch_rows integer) returns integer
language sql immutable
set search_path = ''
as $$
  select least(10000, 20 * batch_rows)
$$;

-- Those of these texts that are not retained, and the first others, whose user keys a batch of so many rows may write
-- all again. With a user key, those alone count that hold it.
create function private.limit_user_keys(text_keys bytea[], batch_rows integer, user_key bytea default null)
returns bytea[]
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select coalesce(array_agg(text_key order by position), '{}') from (
      select known.text_key, position, keys, sum(keys) over (order by position) as total
      from unnest(text_keys) with ordinality as known (text_key, position) left join lateral (
        select cardinality(user_keys) as keys from public.labelled_texts retained
        where retained.text_key = known.text_key
          and (limit_user_keys.user_key is null or user_keys @> array[limit_user_keys.user_key])
        limit 1
      ) as counted on true
    ) as numbered
    where keys is null or total <= greatest(private.max_user_keys_written(batch_rows), keys)
  );
end
$$;

-- Deletes one batch of rows, the oldest first; returns how many. Rows and texts that another transaction has
-- locked are left for a later batch, and so is everything while days are counted or a text is edited. Null: nothing but
-- such rows is left.
create function private.delete_expired_rows() returns integer
language plpgsql
security definer
set search_path = ''
set enable_seqscan = off  -- all that a batch reads, its triggers included, is found by keys
as $$
declare
  settings private.settings;
  began_at constant timestamptz := clock_timestamp();
  batch_rows integer;
  expired uuid[];
  candidates uuid[];
  candidate_texts bytea[];
  candidate_times timestamptz[];
  chosen uuid[];
  locked_texts bytea[];
  last_time timestamptz := '-infinity';
  last_id uuid := '00000000-0000-0000-0000-000000000000';
begin
  select * into strict settings from private.settings;
  -- Neither waits for the job that counts changed days, nor the other way round: both write counts.
  select least(settings.retention_batch_rows, retention_step_rows) into batch_rows
  from private.monitoring for update skip locked;
  -- An edit excludes all changes of texts, so a batch would go past every row.
  if not found or not private.try_lock_edits_shared() then
    return null;
  end if;
  -- Goes past rows of which none can be locked. A retained text may cost as much as many rows, so a batch has many rows of
  -- few texts: it is chosen from more rows than it has.
  loop
    select array_agg(id order by created_at, id), array_agg(text_key order by created_at, id),
      array_agg(created_at order by created_at, id)
    into candidates, candidate_texts, candidate_times
    from (
      select id, text_key, created_at from public.nlu_prompt_logs
      where created_at < now() - make_interval(days => settings.row_retention_days)
        and (created_at, id) > (last_time, last_id)
      order by created_at, id
      limit least(settings.retention_batch_rows, 10 * batch_rows)
    ) as oldest;
    select array_agg(id order by position), private.try_lock_items(array_agg(distinct text_key)), max(created_at)
    into chosen, locked_texts, last_time
    from (
      select * from unnest(candidates, candidate_texts, candidate_times) with ordinality
        as listed (id, text_key, created_at, position)
      where text_key in (
        select unnest(private.limit_user_keys(array(
          select text_key from unnest(candidate_texts) with ordinality as texts (text_key, position)
          group by text_key order by min(position)
        ), batch_rows))
      )
      order by position limit batch_rows
    ) as batch;
    expired := private.limit_corrections(array(
      select id from public.nlu_prompt_logs
      where id = any (chosen) and text_key = any (locked_texts) for update skip locked
    ));
    exit when candidates is null or expired <> '{}';
    last_id := chosen[cardinality(chosen)];
  end loop;
  if expired = '{}' then
    if last_id <> '00000000-0000-0000-0000-000000000000' then
      return null;
    end if;
    update private.monitoring set retained_at = now();
    return 0;
  end if;

  perform private.keep_counts(expired);

  insert into public.labelled_texts as retained
    (text_key, text, intent, secondary_intents, times_sent, user_keys, labelled_at)
  select queue.text_key, queue.text, queue.corrected_intent, queue.corrected_secondary_intents, count(*),
    array_agg(distinct private.user_key(logs.user_id)), queue.decided_at
  -- `limit` makes the planner look up the item of each row. It may take decided items for rare, and would begin with these.
  from public.nlu_prompt_logs logs cross join lateral (
    select * from public.review_queue items where items.text_key = logs.text_key limit 1
  ) as queue
  where logs.id = any (expired) and logs.within_daily_cap and queue.decided_at is not null
  group by queue.text_key, queue.text, queue.corrected_intent, queue.corrected_secondary_intents,
    queue.decided_at
  on conflict (text_key) do update
  set intent = excluded.intent, secondary_intents = excluded.secondary_intents,
    times_sent = retained.times_sent + excluded.times_sent,
    user_keys = case when cardinality(retained.user_keys) >= private.max_user_keys() then retained.user_keys else (
      select array_agg(distinct user_key)
      from unnest(retained.user_keys || excluded.user_keys) as user_key
    ) end,
    labelled_at = excluded.labelled_at, retained_at = now();

  perform private.clear_notes(expired);
  delete from public.nlu_prompt_logs where id = any (expired);
  update private.monitoring
  set retention_step_rows = private.next_batch_rows(retention_step_rows, clock_timestamp() - began_at);
  return cardinality(expired);
end
$$;

-- Deletes one batch of retained texts; returns how many.
create function private.delete_expired_texts() returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  settings private.settings;
  expired bytea[];
begin
  select * into strict settings from private.settings;
  select private.limit_corrected_texts(private.try_lock_items(array_agg(text_key))) into expired from (
    select text_key from public.labelled_texts
    where retained_at < now() - make_interval(days => settings.label_retention_days)
    order by retained_at limit settings.retention_batch_rows
  ) as oldest;
  delete from public.labelled_texts
  where text_key = any (expired)
    and retained_at < now() - make_interval(days => settings.label_retention_days);
  perform private.delete_orphans(expired);
  return cardinality(expired);
end
$$;

-- Marks some erased users whose rows no exported object holds any more, so that nobody looks for them again; returns how
-- many. One who is erased once more meanwhile has another time.
create function private.mark_clean_users(max_users integer) returns integer
language plpgsql
set search_path = ''
as $$
declare
  marked integer;
begin
  update private.tombstones
  set exports_are_clean = true
  from (
    select user_key, erased_at from private.tombstones
    where not exports_are_clean and unfinished_user_id is null
      and not exists (select from public.exported_rows where user_keys @> array[user_key])
    limit max_users
  ) as clean
  where tombstones.user_key = clean.user_key and tombstones.erased_at = clean.erased_at
    and tombstones.unfinished_user_id is null;
  get diagnostics marked = row_count;
  return marked;
end
$$;

-- Deletes one batch of the records about exported datasets, and marks one batch of users of whom none is left; returns
-- how many rows. The datasets themselves expire by the rules of their bucket, labelled datasets after
-- label_retention_days. The registered rows and the erased rows stay a week longer, since a bucket deletes with a
-- delay. A series without a recorded dataset starts again with everything.
create function private.delete_expired_exports() returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  settings private.settings;
  cutoff timestamptz;
  grace_cutoff timestamptz;
  deleted integer;
  total integer := 0;
begin
  select * into strict settings from private.settings;
  cutoff := now() - make_interval(days => settings.label_retention_days);
  grace_cutoff := cutoff - interval '7 days';

  delete from public.dataset_exports where id in (
    select id from public.dataset_exports where exported_at < cutoff
    order by id limit settings.retention_batch_rows
  );
  get diagnostics deleted = row_count;
  total := total + deleted;

  -- An array: some plans for `in` would lock and delete another batch for each row.
  delete from public.exported_rows where id = any (array(
    select id from public.exported_rows where exported_at < grace_cutoff
    order by exported_at limit settings.retention_batch_rows for update skip locked
  ));
  get diagnostics deleted = row_count;
  total := total + deleted;

  delete from private.erased_rows where (change_number, log_id) in (
    select change_number, log_id from private.erased_rows where erased_at < grace_cutoff
    order by change_number, log_id limit settings.retention_batch_rows
  );
  get diagnostics deleted = row_count;
  return total + deleted + private.mark_clean_users(settings.retention_batch_rows);
end
$$;

-- Updates one batch of queue items, in the order of their text keys: the days of waiting, the counts, and the
-- rank. Returns the key to continue after, or null at the end. Items of texts that another transaction has
-- locked are left for the next night. The texts of a batch have at most `max_copies_counted` copies, or it has one text.
create function private.refresh_queue_items(after_text bytea) returns bytea
language plpgsql
security definer
set search_path = ''
as $$
declare
  batch bytea[];
  locked_texts bytea[];
begin
  batch := private.limit_copies(array(
    select text_key from public.review_queue where text_key > after_text
    -- Few, since ranking an item takes longer than deleting a row, and reviewers wait for the locks of a batch.
    order by text_key limit least(200, (select retention_batch_rows from private.settings))
  ));
  locked_texts := private.try_lock_items(batch);
  perform private.delete_orphans(locked_texts);
  perform private.end_near_duplicate_labels(locked_texts);
  update public.review_queue queue
  set times_sent = current.times_sent, user_count = current.user_count,
    days_waiting = current.days_waiting,
    rank = current.rank
  from (
    select items.text_key, coalesce(extract(day from now() - items.waiting_since), 0)::integer as days_waiting,
      counts.times_sent, counts.user_count,
      case when items.decided_at is not null then private.rank_when_decided()
        else private.current_rank(items, counts.times_sent) end as rank
    from public.review_queue items
    cross join lateral private.count_copies(items.text_key, private.max_copies_counted()) as counted
    cross join lateral (
      select private.refreshed_count(items.times_sent, counted.times_sent, counted.times_sent) as times_sent,
        private.refreshed_count(items.user_count, counted.user_count, counted.times_sent) as user_count
    ) as counts
    where items.text_key = any (locked_texts)
  ) as current
  where queue.text_key = current.text_key and (
    queue.times_sent, queue.user_count, queue.days_waiting, queue.rank
  ) is distinct from (current.times_sent, current.user_count, current.days_waiting, current.rank);
  update public.model_disagreements set rank = private.rank_when_decided()
  where text_key = any (locked_texts) and decided_at is not null and rank <> private.rank_when_decided();
  return batch[cardinality(batch)];
end
$$;

-- Adds one batch of missing queue items; returns how many. Rows that were chosen for review lack an item
-- only if something went wrong.
create function private.add_missing_queue_items() returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  missing bytea[];
  text_key bytea;
begin
  select private.try_lock_items(array_agg(chosen.text_key)) into missing from (
    select distinct logs.text_key from public.nlu_prompt_logs logs
    where (logs.has_review_reason or logs.is_audited)
      and not exists (select from public.review_queue queue where queue.text_key = logs.text_key)
    limit (select retention_batch_rows from private.settings)
  ) as chosen;
  foreach text_key in array missing loop
    perform private.refresh_queue_item(text_key);
  end loop;
  return cardinality(missing);
end
$$;

set role postgres;

-- Captures are completed every minute, rows are deleted for six hours of the night (UTC), and the other jobs
-- run in the hour after. Scheduling replaces a job
-- of the same name. Supabase has pg_cron; elsewhere, a schema `cron` must have the same functions.
do $$
declare
  -- Runs batches until nothing is left or 20 seconds have passed; a batch that returns null met another change and
  -- is tried again. Each batch is a transaction of its own, so no lock is held for longer than a batch takes, and
  -- the pause lets captures go first.
  run_batches constant text := $command$do $run$
declare
  ends_at timestamptz := clock_timestamp() + interval '20 seconds';
begin
  while %s() is distinct from 0 loop
    commit;
    exit when clock_timestamp() >= ends_at;
    perform pg_sleep(0.1);
  end loop;
end
$run$;
$command$;
begin
  if exists (select from pg_catalog.pg_available_extensions where name = 'pg_cron') then
    create extension if not exists pg_cron;
  end if;
  perform cron.schedule(
    'prompt-capture: delete expired rows', '* 0-5 * * *',
    format(run_batches, 'private.delete_expired_rows')
  );
  perform cron.schedule(
    'prompt-capture: delete expired texts', '*/10 6 * * *',
    format(run_batches, 'private.delete_expired_texts')
  );
  perform cron.schedule(
    'prompt-capture: delete expired exports', '*/10 6 * * *',
    format(run_batches, 'private.delete_expired_exports')
  );
  perform cron.schedule(
    'prompt-capture: complete captures', '* * * * *', format(run_batches, 'private.complete_captures')
  );
  perform cron.schedule(
    'prompt-capture: fill the review queue', '* * * * *', format(run_batches, 'private.fill_queue')
  );
  perform cron.schedule(
    'prompt-capture: add missing queue items', '20 6 * * *',
    format(run_batches, 'private.add_missing_queue_items')
  );
  perform cron.schedule('prompt-capture: refresh the review queue', '30 6 * * *', $command$do $run$
declare
  last_text bytea := '';
begin
  loop
    last_text := private.refresh_queue_items(last_text);
    exit when last_text is null;
    commit;
  end loop;
end
$run$;
$command$);
  perform cron.schedule(
    'prompt-capture: delete expired changes', '*/10 6 * * *',
    format(run_batches, 'private.delete_expired_changes')
  );
end
$$;
