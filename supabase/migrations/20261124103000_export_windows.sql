-- What an export reads: everything that changed since the last one, in the order in which changes
-- became visible.
--
-- A time stamp would lie: a row that was committed late, or waited in a spool, carries a time before
-- the last export and would be in none. So each change is stamped with the transaction that made it,
-- and a window ends before the oldest transaction that still runs (its horizon): below it nothing
-- can appear any more.

alter table public.nlu_prompt_logs add column changed_in xid8 not null default '0';
alter table public.labelled_texts add column changed_in xid8 not null default '0';
comment on column public.nlu_prompt_logs.changed_in is
  'The transaction that changed it last: exports read windows of these. Set by the database.';
comment on column public.labelled_texts.changed_in is
  'The transaction that changed it last: exports read windows of these. Set by the database.';

-- Whole texts in the order of their hash, and whether one changed in a window.
create index nlu_prompt_logs_by_change on public.nlu_prompt_logs (text_key, changed_in, id);

create function private.stamp_visibility() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if tg_op = 'INSERT' or new is distinct from old then
    new.changed_in := pg_current_xact_id();
  else
    new.changed_in := old.changed_in;
  end if;
  return new;
end
$$;

-- After `stamp_updated_at`, in the order of names, so that an idle update stamps nothing.
create trigger stamp_visibility before insert or update on public.nlu_prompt_logs
  for each row execute function private.stamp_visibility();
create trigger stamp_visibility before insert or update on public.labelled_texts
  for each row execute function private.stamp_visibility();

grant select (changed_in) on public.nlu_prompt_logs to authenticated, service_role;
grant select (changed_in) on public.labelled_texts to service_role;

-- Ledger ------------------------------------------------------------------------------------
-- A dataset that is there: its manifest was written. The next window of its series begins where
-- this one ended.

create table public.dataset_exports (
  id bigint generated always as identity,
  series text not null,
  bucket text not null,
  manifest text not null,
  window_from xid8 not null,
  window_to xid8 not null,
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

comment on table public.dataset_exports is 'Every dataset that was exported whole, and the window it holds.';
comment on column public.dataset_exports.id is 'In the order of recording.';
comment on column public.dataset_exports.series is
  'What was asked for: mode, policy and filters. Windows of one series follow one another.';
comment on column public.dataset_exports.bucket is 'The bucket, or the folder.';
comment on column public.dataset_exports.manifest is 'The manifest''s key: there is a dataset if it is there.';
comment on column public.dataset_exports.window_from is 'The first transaction whose changes it holds.';
comment on column public.dataset_exports.window_to is 'The first transaction whose changes it does not hold.';
comment on column public.dataset_exports.lines is 'How many lines it has.';
comment on column public.dataset_exports.exported_at is 'When.';

create index dataset_exports_of_a_series on public.dataset_exports (series, window_to desc);

-- What was erased: consumers take it out of the copies that they made.
create table private.erased_rows (
  log_id uuid not null,
  text_key bytea not null,
  changed_in xid8 not null default pg_current_xact_id(),

  constraint erased_lines_pkey primary key (changed_in, log_id)
);
create index erased_lines_of_a_text on private.erased_rows (text_key, changed_in);
comment on table private.erased_rows is
  'Rows of people who were erased: the next window says so. It holds no text and no person.';
comment on column private.erased_rows.log_id is 'The row.';
comment on column private.erased_rows.text_key is 'Its text, by its keyed hash.';
comment on column private.erased_rows.changed_in is 'The transaction that erased it.';

-- An erasure is an event of every text that the person sent: what others sent of it may stand
-- differently now. Rows that retention deletes are none.
create function private.note_erased() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into private.erased_rows (log_id, text_key)
  select gone.id, gone.text_key
  from gone join (
    select user_id from (select distinct user_id from gone) as people
    where exists (
      select from private.tombstones where user_key = private.user_key(people.user_id)
    )
  ) as erased using (user_id)
  on conflict do nothing;
  return null;
end
$$;

create trigger note_erased after delete on public.nlu_prompt_logs
  referencing old table as gone
  for each statement execute function private.note_erased();

-- Each row that an object holds, with its owner and its text, in three arrays of one length.
alter table public.exported_rows
  add column owners integer[] not null default '{}',
  drop constraint a_page_has_1_to_1000_rows,
  add constraint a_page_has_rows check (cardinality(log_ids) > 0);
comment on column public.exported_rows.log_ids is
  'The captured rows in it; for a kept text its hash, written as an id.';
comment on column public.exported_rows.user_keys is
  'Keyed hashes of their users'' ids, each once, set by the database: the rows themselves may be gone when a user is erased.';
comment on column public.exported_rows.owners is
  'For each of log_ids, whose it is: a place in user_keys, from 1. Set by the database.';
comment on column public.exported_rows.text_keys is
  'Keyed hashes of their texts, one for each of log_ids, set by the database.';

create index exported_rows_of_an_object on public.exported_rows (bucket, key);

alter table public.dataset_exports enable row level security;
alter table public.dataset_exports force row level security;
alter table private.erased_rows enable row level security;
alter table private.erased_rows force row level security;
revoke all on public.dataset_exports, private.erased_rows
  from public, anon, authenticated, service_role, prompt_writer, prompt_exporter;

grant prompt_maintainer to postgres;

-- Erasures and notes take turns: an erasure waits for the notes that are being written, and then
-- reads them; a note that comes later finds the rows gone.
create function private.wait_for_notes() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  perform pg_advisory_xact_lock(3, 0);
  return null;
end
$$;

create trigger wait_for_notes before insert on private.tombstones
  for each statement execute function private.wait_for_notes();

-- Rows that are gone are left out; a page of which none is left is not noted at all.
create or replace function private.note_owners() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  secret bytea;
begin
  select user_key into strict secret from private.keys;
  with held as (
    select id, user_id::text as owner, text_key
    from public.nlu_prompt_logs where id = any (new.log_ids)
    union all
    select listed.id, encode(owner, 'hex'), kept.text_key
    from unnest(new.log_ids) as listed (id)
    join public.labelled_texts kept on kept.text_key = uuid_send(listed.id)
    cross join unnest(kept.user_keys) as owner
  ), owners as (
    select owner, row_number() over () as place,
      case length(owner) when 36 then extensions.hmac(uuid_send(owner::uuid), secret, 'sha256')
        else decode(owner, 'hex') end as user_key
    from (select distinct owner from held) as told_apart
  )
  select array_agg(id), array_agg(place), array_agg(text_key),
    (select array_agg(user_key order by place) from owners)
  into new.log_ids, new.owners, new.text_keys, new.user_keys
  from held join owners using (owner);
  return case when new.log_ids is not null then new end;
end
$$;

-- Doors -------------------------------------------------------------------------------------
-- The exporter calls these and nothing else. None of them says who sent what.

-- A window over all that happened, or over what happened since the series' last dataset.
create function private.open_export(series_name text, since_last boolean, most bigint) returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  horizon xid8 := pg_snapshot_xmin(pg_current_snapshot());
  beginning xid8 := '0';
  rows_in_it bigint;
begin
  if since_last then
    select coalesce(max(window_to), '0') into beginning
    from public.dataset_exports where series = series_name;
  end if;
  if beginning > horizon then
    raise exception 'The last export lies ahead of this database, which was restored or copied.'
      using errcode = 'object_not_in_prerequisite_state', hint = 'Export all, once: without since_last.';
  end if;
  select count(*) into rows_in_it from (
    select from public.nlu_prompt_logs
    where changed_in >= beginning and changed_in < horizon
    limit most + 1
  ) as counted;
  return json_build_object(
    'from', beginning::text, 'to', horizon::text, 'rows', rows_in_it, 'at', clock_timestamp()
  );
end
$$;

-- What people decided is asked of the queue, which has one answer for all copies of a text.
-- A page of rows, by text, column by column: of each an array, which costs a third of rows written
-- out one by one. Senders are told apart only where a salt is given. Kept texts stand among them. Every row of
-- a text that changed in the window is in it, so a reader sees a text's whole state.
create function private.read_export(
  window_from xid8, window_to xid8, after_text bytea, after_change xid8, after_id uuid,
  labelled_only boolean, most integer, salt text
) returns json
language plpgsql stable
security definer
set search_path = ''
as $$
declare
  secret bytea;
  page json;
begin
  select user_key into strict secret from private.keys;
  with logs as (
    select logs.id, logs.text_key, changed_in, prompt, logs.predicted_intent, logs.confidence, scope,
      source, model_version,
      case when queue.decided_at is not null then queue.corrected_intent end as decided,
      was_successful,
      queue.decided_at is null and coalesce('disagreement' = any (queue.reasons), false) as disputed,
      created_at, user_id, 1 as times_sent
    from public.nlu_prompt_logs logs
    left join public.review_queue queue on queue.text_key = logs.text_key
    where (logs.text_key, changed_in, logs.id) > (after_text, after_change, after_id)
      and changed_in < window_to and within_daily_cap
      and (queue.corrected_intent is not null or not labelled_only)
      and (window_from = '0' or exists (
        select from public.nlu_prompt_logs changed
        where changed.text_key = logs.text_key
          and changed.changed_in >= window_from and changed.changed_in < window_to
      ) or exists (
        select from public.labelled_texts changed
        where changed.text_key = logs.text_key
          and changed.changed_in >= window_from and changed.changed_in < window_to
      ) or exists (
        select from private.erased_rows changed
        where changed.text_key = logs.text_key
          and changed.changed_in >= window_from and changed.changed_in < window_to
      ))
    order by logs.text_key, changed_in, logs.id limit most
  ), kept as (
    select encode(text_key, 'hex')::uuid as id, text_key, changed_in, text, intent, null::float8,
      null::float8, 'retained', 'retained', intent, null::boolean, false, labelled_at, null::uuid, times_sent
    from public.labelled_texts kept
    where (text_key, changed_in, encode(text_key, 'hex')::uuid) > (after_text, after_change, after_id)
      and text_key >= after_text and changed_in < window_to
      and (window_from = '0' or exists (
        select from public.nlu_prompt_logs changed
        where changed.text_key = kept.text_key
          and changed.changed_in >= window_from and changed.changed_in < window_to
      ) or exists (
        select from public.labelled_texts changed
        where changed.text_key = kept.text_key
          and changed.changed_in >= window_from and changed.changed_in < window_to
      ) or exists (
        select from private.erased_rows changed
        where changed.text_key = kept.text_key
          and changed.changed_in >= window_from and changed.changed_in < window_to
      ))
    order by text_key limit most
  ), page as (
    select * from logs union all select * from kept order by text_key, changed_in, id limit most
  )
  select json_build_array(
    array_agg(id), array_agg(encode(text_key, 'hex')), array_agg(changed_in::text),
    array_agg(prompt), array_agg(predicted_intent), array_agg(confidence), array_agg(scope),
    array_agg(source), array_agg(model_version), array_agg(decided), array_agg(was_successful),
    array_agg(disputed), array_agg(created_at),
    array_agg(case when salt <> '' then left(encode(extensions.hmac(
      uuid_send(user_id) || convert_to(salt, 'UTF8'), secret, 'sha256'
    ), 'hex'), 16) end),
    array_agg(times_sent)
  ) into page from page;
  return page;
end
$$;

-- What was exported once and must now be taken out of copies.
create function private.read_erased_rows(window_from xid8, window_to xid8, after_change xid8, after_id uuid, most integer)
returns json
language sql stable
security definer
set search_path = ''
as $$
  select coalesce(json_agg(json_build_array(log_id, encode(text_key, 'hex'), changed_in::text)), '[]')
  from (
    select * from private.erased_rows
    where changed_in >= window_from and changed_in < window_to
      and (changed_in, log_id) > (after_change, after_id)
    order by changed_in, log_id limit most
  ) as page
$$;

-- How often each kind of label was right, as the random audit found: rows that were drawn, not
-- chosen, and that reviewers agree about. Each has the same chance, so plain counts are fair.
create function private.read_audit_results(threshold float8) returns json
language sql stable
security definer
set search_path = ''
as $$
  select coalesce(json_agg(json_build_array(tier, model_version, audited, right_ones)), '[]') from (
    select case
        when was_successful then 'outcome'
        when source = 'rule' then 'rule'
        when confidence > threshold and predicted_intent <> 'unknown'
          and coalesce(scope, 1) >= (select min_scope from private.settings) then 'confident'
      end as tier,
      model_version, count(*) as audited,
      count(*) filter (where corrected_intent = predicted_intent) as right_ones
    from public.nlu_prompt_logs
    where sampling_probability < 1 and corrected_intent is not null and not is_disputed
    group by 1, 2
  ) as counted where tier is not null
$$;

-- The same dataset is recorded once, however often that is said.
create function private.record_dataset(
  of_series text, of_bucket text, of_manifest text, since xid8, until xid8, holds bigint
) returns void
language sql
security definer
set search_path = ''
as $$
  insert into public.dataset_exports (series, bucket, manifest, window_from, window_to, lines)
  values (of_series, of_bucket, of_manifest, since, until, holds)
  on conflict (bucket, manifest) do nothing
$$;

-- Notes that an object will hold these rows, and answers which of them are gone meanwhile.
create function private.register_rows(of_bucket text, of_key text, rows uuid[]) returns json
language plpgsql
security definer
set search_path = ''
as $$
declare
  noted uuid[];
begin
  perform pg_advisory_xact_lock_shared(3, 0);
  insert into public.exported_rows (bucket, key, log_ids) values (of_bucket, of_key, rows)
  returning log_ids into noted;
  return (
    select coalesce(json_agg(id), '[]') from (
      select unnest(rows) as id except select unnest(noted)
    ) as gone
  );
end
$$;

-- Whether somebody whose rows these objects hold was erased since.
create function private.has_erasures_since(of_bucket text, keys text[], since timestamptz) returns boolean
language sql stable
security definer
set search_path = ''
as $$
  select exists (
    select from private.tombstones dead
    join public.exported_rows noted on noted.user_keys @> array[dead.user_key]
    where dead.erased_at >= since and noted.bucket = of_bucket and noted.key = any (keys)
  )
$$;

-- Which lines of an object are about somebody: [row, text, how many rows of others say the same text
-- there, how many others].
create function private.list_user_lines(person uuid, of_bucket text, of_key text) returns json
language sql stable
security definer
set search_path = ''
as $$
  with held as (
    select log_id, noted.user_keys[owner] as user_key, text_key from public.exported_rows noted,
      unnest(noted.log_ids, noted.owners, noted.text_keys) as listed (log_id, owner, text_key)
    where noted.bucket = of_bucket and noted.key = of_key
  ), theirs as (
    select log_id, text_key from held where user_key = private.user_key(person)
  ), others as (
    select text_key, count(distinct log_id) as rows, count(distinct user_key) as people
    from held
    where user_key <> private.user_key(person)
      and text_key in (select text_key from theirs)
    group by text_key
  )
  select coalesce(json_agg(json_build_array(
    log_id, encode(text_key, 'hex'), coalesce(rows, 0), coalesce(people, 0)
  )), '[]')
  from theirs left join others using (text_key)
$$;

-- Once an object was cleaned: the ledger lets go of the person, and the next window tells consumers.
create function private.unregister_user_rows(person uuid, of_bucket text, of_key text) returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  of_person bytea := private.user_key(person);
begin
  insert into private.erased_rows (log_id, text_key)
  select distinct log_id, text_key from public.exported_rows noted,
    unnest(noted.log_ids, noted.owners, noted.text_keys) as listed (log_id, owner, text_key)
  where bucket = of_bucket and key = of_key and user_keys @> array[of_person]
    and user_keys[owner] = of_person
  on conflict do nothing;

  -- The person's place stays empty, so that the places of the others still hold.
  with touched as (
    select noted.id, array_agg(log_id) as log_ids, array_agg(owner) as owners,
      array_agg(text_key) as text_keys
    from public.exported_rows noted,
      unnest(noted.log_ids, noted.owners, noted.text_keys) as listed (log_id, owner, text_key)
    where bucket = of_bucket and key = of_key and user_keys @> array[of_person]
      and user_keys[owner] <> of_person
    group by noted.id
  )
  update public.exported_rows noted
  set log_ids = touched.log_ids, owners = touched.owners, text_keys = touched.text_keys,
    user_keys = array_replace(user_keys, of_person, ''::bytea)
  from touched where noted.id = touched.id;

  delete from public.exported_rows
  where bucket = of_bucket and key = of_key and user_keys @> array[of_person];
end
$$;

create function public.open_export(series text, since_last boolean, most bigint) returns json
language sql set search_path = ''
as $$ select private.open_export(series, since_last, most) $$;
comment on function public.open_export(text, boolean, bigint) is
  'Answers an export''s window and how many rows it has.';

create function public.read_export(
  window_from text, window_to text, after_text text, after_change text, after_id uuid,
  labelled_only boolean, most integer, salt text
) returns json
language sql stable set search_path = ''
as $$
  select private.read_export(
    window_from::xid8, window_to::xid8, decode(after_text, 'hex'), after_change::xid8, after_id,
    labelled_only, most, salt
  )
$$;
comment on function public.read_export(text, text, text, text, uuid, boolean, integer, text) is
  'Answers a page of an export''s rows, by text.';

create function public.read_erased_rows(
  window_from text, window_to text, after_change text, after_id uuid, most integer
) returns json
language sql stable set search_path = ''
as $$
  select private.read_erased_rows(window_from::xid8, window_to::xid8, after_change::xid8, after_id, most)
$$;
comment on function public.read_erased_rows(text, text, text, uuid, integer) is
  'Answers which exported rows were erased in a window.';

create function public.read_audit_results(threshold float8) returns json
language sql stable set search_path = ''
as $$ select private.read_audit_results(threshold) $$;
comment on function public.read_audit_results(float8) is
  'Answers how often each kind of label was right, by the random audit.';

create function public.record_dataset(
  series text, bucket text, manifest text, window_from text, window_to text, lines bigint
) returns void
language sql set search_path = ''
as $$
  select private.record_dataset(series, bucket, manifest, window_from::xid8, window_to::xid8, lines)
$$;
comment on function public.record_dataset(text, text, text, text, text, bigint) is
  'Notes that a dataset is there, so that the next window begins where it ends.';

create function public.register_rows(bucket text, key text, rows uuid[]) returns json
language sql set search_path = ''
as $$ select private.register_rows(bucket, key, rows) $$;
comment on function public.register_rows(text, text, uuid[]) is
  'Notes which rows an exported object holds; answers those that are gone.';

create function public.has_erasures_since(bucket text, keys text[], since timestamptz) returns boolean
language sql stable set search_path = ''
as $$ select private.has_erasures_since(bucket, keys, since) $$;
comment on function public.has_erasures_since(text, text[], timestamptz) is
  'Whether somebody was erased while these objects were written.';

create function public.list_user_lines(person uuid, bucket text, key text) returns json
language sql stable set search_path = ''
as $$ select private.list_user_lines(person, bucket, key) $$;
comment on function public.list_user_lines(uuid, text, text) is
  'Which lines of an exported object are about a person.';

create function public.unregister_user_rows(person uuid, bucket text, key text) returns void
language sql set search_path = ''
as $$ select private.unregister_user_rows(person, bucket, key) $$;
comment on function public.unregister_user_rows(uuid, text, text) is
  'Says that an exported object holds nothing of a person any more.';

revoke all on function
  private.stamp_visibility(),
  private.note_erased(),
  private.wait_for_notes(),
  private.register_rows(text, text, uuid[]),
  private.has_erasures_since(text, text[], timestamptz),
  private.list_user_lines(uuid, text, text),
  private.unregister_user_rows(uuid, text, text),
  public.register_rows(text, text, uuid[]),
  public.has_erasures_since(text, text[], timestamptz),
  public.list_user_lines(uuid, text, text),
  public.unregister_user_rows(uuid, text, text),
  private.open_export(text, boolean, bigint),
  private.read_export(xid8, xid8, bytea, xid8, uuid, boolean, integer, text),
  private.read_erased_rows(xid8, xid8, xid8, uuid, integer),
  private.read_audit_results(float8),
  private.record_dataset(text, text, text, xid8, xid8, bigint),
  public.open_export(text, boolean, bigint),
  public.read_export(text, text, text, text, uuid, boolean, integer, text),
  public.read_erased_rows(text, text, text, uuid, integer),
  public.read_audit_results(float8),
  public.record_dataset(text, text, text, text, text, bigint)
from public, anon, authenticated, service_role, prompt_writer, prompt_exporter;

grant usage on schema private to prompt_exporter;
grant execute on function
  private.list_user_lines(uuid, text, text),
  private.unregister_user_rows(uuid, text, text),
  public.list_user_lines(uuid, text, text),
  public.unregister_user_rows(uuid, text, text)
to service_role;
grant execute on function
  private.register_rows(text, text, uuid[]),
  private.has_erasures_since(text, text[], timestamptz),
  public.register_rows(text, text, uuid[]),
  public.has_erasures_since(text, text[], timestamptz),
  private.open_export(text, boolean, bigint),
  private.read_export(xid8, xid8, bytea, xid8, uuid, boolean, integer, text),
  private.read_erased_rows(xid8, xid8, xid8, uuid, integer),
  private.read_audit_results(float8),
  private.record_dataset(text, text, text, xid8, xid8, bigint),
  public.open_export(text, boolean, bigint),
  public.read_export(text, text, text, text, uuid, boolean, integer, text),
  public.read_erased_rows(text, text, text, uuid, integer),
  public.read_audit_results(float8),
  public.record_dataset(text, text, text, text, text, bigint)
to prompt_exporter, service_role;

-- A page is read in a breath, but nobody waits for an export: a busy database may take longer.
alter role prompt_exporter set statement_timeout = '60s';

-- Rights ------------------------------------------------------------------------------------
-- The backend reads the ledger. The keeper writes it, for the exporter.

grant select (id, series, bucket, manifest, window_from, window_to, lines, exported_at)
  on public.dataset_exports to service_role;
grant select (owners) on public.exported_rows to service_role;

grant select on public.dataset_exports, private.erased_rows to prompt_maintainer;
grant insert (series, bucket, manifest, window_from, window_to, lines)
  on public.dataset_exports to prompt_maintainer;
grant insert (log_id, text_key) on private.erased_rows to prompt_maintainer;

-- What an object holds is noted through the channel above, and nowhere else.
revoke insert on public.exported_rows from prompt_exporter, service_role;
revoke insert (bucket, key, log_ids, text_keys) on public.exported_rows from prompt_exporter, service_role;
drop policy "The exporter notes which rows an object holds" on public.exported_rows;
grant insert (bucket, key, log_ids) on public.exported_rows to prompt_maintainer;
grant update (log_ids, user_keys, owners, text_keys) on public.exported_rows to prompt_maintainer;
grant delete on public.exported_rows to prompt_maintainer;
create policy "The keeper notes which rows an object holds"
  on public.exported_rows for insert to prompt_maintainer with check (true);
create policy "The keeper takes the rows of erased people off the ledger"
  on public.exported_rows for update to prompt_maintainer using (true) with check (true);
create policy "The keeper takes emptied pages off the ledger"
  on public.exported_rows for delete to prompt_maintainer using (true);

create policy "The keeper reads which datasets there are"
  on public.dataset_exports for select to prompt_maintainer using (true);
create policy "The keeper records a dataset for the exporter"
  on public.dataset_exports for insert to prompt_maintainer with check (true);
create policy "The keeper reads what was erased from datasets"
  on private.erased_rows for select to prompt_maintainer using (true);
create policy "The keeper notes what is erased from datasets"
  on private.erased_rows for insert to prompt_maintainer with check (true);

grant create on schema private to prompt_maintainer;
alter function private.note_erased() owner to prompt_maintainer;
alter function private.register_rows(text, text, uuid[]) owner to prompt_maintainer;
alter function private.has_erasures_since(text, text[], timestamptz) owner to prompt_maintainer;
alter function private.list_user_lines(uuid, text, text) owner to prompt_maintainer;
alter function private.unregister_user_rows(uuid, text, text) owner to prompt_maintainer;
alter function private.open_export(text, boolean, bigint) owner to prompt_maintainer;
alter function private.read_export(xid8, xid8, bytea, xid8, uuid, boolean, integer, text) owner to prompt_maintainer;
alter function private.read_erased_rows(xid8, xid8, xid8, uuid, integer) owner to prompt_maintainer;
alter function private.read_audit_results(float8) owner to prompt_maintainer;
alter function private.record_dataset(text, text, text, xid8, xid8, bigint) owner to prompt_maintainer;
revoke create on schema private from prompt_maintainer;
revoke prompt_maintainer from postgres;

notify pgrst, 'reload config';
notify pgrst, 'reload schema';
