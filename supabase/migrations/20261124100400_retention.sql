-- Captured rows are deleted after a while (private.settings.row_retention_days). Daily counts stay, and so do
-- the texts that a person labelled, without anything that says who sent them.

create table public.daily_counts (
  day date not null,
  predicted_intent text not null,
  model_version text not null,
  outcome text not null,
  messages integer not null,

  constraint daily_counts_pkey primary key (day, predicted_intent, model_version, outcome),
  constraint outcome_is_known check (outcome in ('successful', 'failed', 'not known'))
);

comment on table public.daily_counts is
  'How many messages a day, of the rows that retention deleted; public.daily_totals adds those that are left.';
comment on column public.daily_counts.day is 'The day of capture (UTC).';
comment on column public.daily_counts.predicted_intent is 'As it was predicted.';
comment on column public.daily_counts.model_version is 'What predicted it.';
comment on column public.daily_counts.outcome is 'How its workflow ended.';
comment on column public.daily_counts.messages is 'How many.';

create table public.labelled_texts (
  text_key bytea not null,
  text text not null,
  intent text not null,
  times_sent integer not null,
  user_keys bytea[] not null,
  labelled_at timestamptz not null,
  retained_at timestamptz not null default now(),

  constraint labelled_texts_pkey primary key (text_key),
  constraint label_is_in_the_catalogue
    foreign key (intent) references public.intent_catalogue (intent)
);

comment on table public.labelled_texts is
  'Texts that a person labelled, kept when their rows were deleted: who sent them is a keyed hash, there so that they can be erased.';
comment on column public.labelled_texts.text_key is 'The text, by its keyed hash.';
comment on column public.labelled_texts.text is 'Normalised; what is told apart was redacted before it was captured.';
comment on column public.labelled_texts.intent is 'The reviewers'' label.';
comment on column public.labelled_texts.times_sent is 'How many of its rows were deleted.';
comment on column public.labelled_texts.user_keys is 'Keyed hashes of its senders'' ids.';
comment on column public.labelled_texts.labelled_at is 'When it was labelled.';
comment on column public.labelled_texts.retained_at is 'When its last row was deleted: its own time runs from here.';

create index labelled_texts_by_intent on public.labelled_texts (intent);
create index labelled_texts_of_an_owner on public.labelled_texts using gin (user_keys);
create index labelled_texts_by_age on public.labelled_texts (retained_at, text_key);

alter table public.daily_counts enable row level security;
alter table public.daily_counts force row level security;
alter table public.labelled_texts enable row level security;
alter table public.labelled_texts force row level security;
revoke all on public.daily_counts, public.labelled_texts
  from public, anon, authenticated, service_role, prompt_writer, prompt_exporter;

-- A label is made by people who read the text: not typed in here.
create function private.refuse_labels_by_hand() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  raise exception 'Labelled texts are kept by the database itself.'
    using errcode = 'insufficient_privilege',
      hint = 'Send the text again and decide it in review_queue, or delete the row.';
end
$$;

create trigger keep_labels before insert or update on public.labelled_texts
  for each row when (current_user <> 'prompt_maintainer')
  execute function private.refuse_labels_by_hand();

-- Rows that are there already: what has a cause waits, what was corrected is decided.
alter table public.review_queue disable trigger user;
select count(private.queue_text(logs)) from (
  select distinct on (text_key) * from public.nlu_prompt_logs
  where sampling_probability is not null or corrected_intent is not null
  order by text_key, created_at desc
) as logs;
update public.review_queue queue
set corrected_intent = latest.to_intent, reviewer = latest.reviewer, notes = latest.notes,
  decided_at = latest.corrected_at, waiting_since = null, place = 1000000
from (
  select distinct on (text_key) * from public.correction_events order by text_key, id desc
) as latest
where latest.text_key = queue.text_key;
alter table public.review_queue enable trigger user;

create function private.outcome_of(was_successful boolean) returns text
language sql immutable
set search_path = ''
as $$
  select case was_successful when true then 'successful' when false then 'failed' else 'not known' end
$$;

-- One batch, the oldest first; answers how many rows went. Rows that somebody else has locked are
-- left for the next run, so it never waits.
create function private.delete_expired_rows() returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  told private.settings;
  expired uuid[];
begin
  select * into strict told from private.settings;
  select array_agg(id) into expired from (
    select id from public.nlu_prompt_logs
    where created_at < now() - make_interval(days => told.row_retention_days)
    order by created_at, id
    limit told.retention_batch_rows
    for update skip locked
  ) as oldest;

  insert into public.daily_counts as counts (day, predicted_intent, model_version, outcome, messages)
  select (created_at at time zone 'UTC')::date, predicted_intent, model_version,
    private.outcome_of(was_successful), count(*)
  from public.nlu_prompt_logs where id = any (expired)
  group by 1, 2, 3, 4
  on conflict (day, predicted_intent, model_version, outcome) do update
  set messages = counts.messages + excluded.messages;

  insert into public.labelled_texts as kept
    (text_key, text, intent, times_sent, user_keys, labelled_at)
  select queue.text_key, queue.text, queue.corrected_intent, count(*),
    array_agg(distinct private.user_key(logs.user_id)), queue.decided_at
  from public.nlu_prompt_logs logs join public.review_queue queue using (text_key)
  where logs.id = any (expired) and queue.decided_at is not null
  group by queue.text_key, queue.text, queue.corrected_intent, queue.decided_at
  on conflict (text_key) do update
  set intent = excluded.intent, times_sent = kept.times_sent + excluded.times_sent,
    user_keys = (
      select array_agg(distinct owner) from unnest(kept.user_keys || excluded.user_keys) as owner
    ),
    labelled_at = excluded.labelled_at, retained_at = now();

  delete from public.nlu_prompt_logs where id = any (expired);
  return coalesce(cardinality(expired), 0);
end
$$;

create function private.delete_expired_texts() returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  told private.settings;
  expired bytea[];
begin
  select * into strict told from private.settings;
  with gone as (
    delete from public.labelled_texts
    where text_key in (
      select text_key from public.labelled_texts
      where retained_at < now() - make_interval(days => told.label_retention_days)
      order by retained_at limit told.retention_batch_rows for update skip locked
    )
    returning text_key
  )
  select array_agg(text_key) into expired from gone;
  perform private.recount(expired);
  return coalesce(cardinality(expired), 0);
end
$$;

-- At night: for how long each item waits, counts that captures had no time for, and then the place
-- of each.
create function private.tidy_queue() returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  moved integer;
begin
  update public.review_queue
  set days_waiting = extract(day from now() - waiting_since)
  where waiting_since is not null
    and days_waiting <> extract(day from now() - waiting_since);
  perform private.recount(array(select text_key from public.review_queue));
  update public.review_queue queue set place = tonight.place
  from (
    select id, case when decided_at is not null then 1000000
      else private.place(reasons, confidence, times_sent) end as place
    from public.review_queue
  ) as tonight
  where tonight.id = queue.id and tonight.place <> queue.place;
  get diagnostics moved = row_count;
  return moved;
end
$$;

revoke all on function
  private.refuse_labels_by_hand(),
  private.outcome_of(boolean),
  private.delete_expired_rows(),
  private.delete_expired_texts(),
  private.tidy_queue()
from public, anon, authenticated, service_role;
grant execute on function private.outcome_of(boolean) to prompt_maintainer;

-- Rights ------------------------------------------------------------------------------------
-- The backend reads the counts, and the labelled texts without their owners' hashes.

grant select (day, predicted_intent, model_version, outcome, messages)
  on public.daily_counts to service_role;
grant select (text_key, text, intent, times_sent, labelled_at, retained_at)
  on public.labelled_texts to service_role, prompt_exporter;

-- Datasets are made of them too.
create policy "The exporter reads labelled texts, but not whose they were"
  on public.labelled_texts for select to prompt_exporter using (true);

grant select, insert on public.daily_counts to prompt_maintainer;
grant update (messages) on public.daily_counts to prompt_maintainer;
grant select, insert, delete on public.labelled_texts to prompt_maintainer;
grant update (intent, times_sent, user_keys, labelled_at, retained_at)
  on public.labelled_texts to prompt_maintainer;

create policy "The keeper reads the counts"
  on public.daily_counts for select to prompt_maintainer using (true);
create policy "The keeper starts a count"
  on public.daily_counts for insert to prompt_maintainer with check (true);
create policy "The keeper adds to a count"
  on public.daily_counts for update to prompt_maintainer using (true) with check (true);
create policy "The keeper reads labelled texts"
  on public.labelled_texts for select to prompt_maintainer using (true);
create policy "The keeper keeps a labelled text"
  on public.labelled_texts for insert to prompt_maintainer with check (true);
create policy "The keeper adds to a labelled text, and takes erased owners from it"
  on public.labelled_texts for update to prompt_maintainer using (true) with check (true);
create policy "The keeper deletes labelled texts that are old or nobody's"
  on public.labelled_texts for delete to prompt_maintainer using (true);

-- The schedule ------------------------------------------------------------------------------
-- A batch a minute for six hours of the night (UTC), each a short transaction of its own. A job of
-- the same name is replaced.

do $$
begin
  if exists (select from pg_catalog.pg_available_extensions where name = 'pg_cron') then
    create extension if not exists pg_cron;
  end if;
  perform cron.schedule(
    'prompt-capture: delete expired rows', '* 0-5 * * *', 'select private.delete_expired_rows()'
  );
  perform cron.schedule(
    'prompt-capture: delete expired texts', '*/10 6 * * *', 'select private.delete_expired_texts()'
  );
  perform cron.schedule(
    'prompt-capture: tidy the queue', '30 6 * * *', 'select private.tidy_queue()'
  );
end
$$;
