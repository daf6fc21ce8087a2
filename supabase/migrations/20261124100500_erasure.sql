-- A person is removed everywhere, on request or with their account.

-- Which exported object holds whose rows. Kept by hash, as it outlives the rows.
create table public.exported_rows (
  id bigint generated always as identity,
  bucket text not null,
  key text not null,
  log_ids uuid[] not null default '{}',
  text_keys bytea[] not null default '{}',
  user_keys bytea[] not null,
  exported_at timestamptz not null default now(),

  constraint exported_rows_pkey primary key (id),
  constraint bucket_has_1_to_1024_characters check (char_length(bucket) between 1 and 1024),
  constraint key_has_1_to_1024_characters check (char_length(key) between 1 and 1024),
  constraint a_page_has_1_to_1000_rows
    check (cardinality(log_ids) + cardinality(text_keys) between 1 and 1000)
);

comment on table public.exported_rows is
  'The export''s ledger: the ids of the rows in each exported object, a page a row.';
comment on column public.exported_rows.id is 'In the order of recording.';
comment on column public.exported_rows.bucket is 'The bucket, or the folder.';
comment on column public.exported_rows.key is 'The object in it.';
comment on column public.exported_rows.log_ids is 'The captured rows in it.';
comment on column public.exported_rows.text_keys is 'The labelled texts in it, by their keyed hashes.';
comment on column public.exported_rows.user_keys is
  'Keyed hashes of their users'' ids, set by the database: the rows themselves may be gone when a user is erased.';
comment on column public.exported_rows.exported_at is 'When.';

create index exported_rows_of_an_owner on public.exported_rows using gin (user_keys);

alter table public.exported_rows enable row level security;
alter table public.exported_rows force row level security;
revoke all on public.exported_rows
  from public, anon, authenticated, service_role, prompt_writer, prompt_exporter;

create function private.note_owners() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  new.user_keys := array(
    select private.user_key(user_id) from public.nlu_prompt_logs where id = any (new.log_ids)
    union
    select unnest(user_keys) from public.labelled_texts where text_key = any (new.text_keys)
  );
  return new;
end
$$;

create trigger note_owners before insert on public.exported_rows
  for each row execute function private.note_owners();

-- A reviewer who is gone keeps one pseudonym, so that agreement can still be read.
create function private.forget_reviewer(name text) returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  pseudonym text;
  changed integer;
begin
  select 'erased-' || left(encode(extensions.hmac(convert_to(name, 'UTF8'), user_key, 'sha256'), 'hex'), 12)
  into strict pseudonym from private.keys;
  update public.correction_events set reviewer = pseudonym where reviewer = name;
  get diagnostics changed = row_count;
  update private.deferred_changes set reviewer = pseudonym where reviewer = name;
  update public.nlu_prompt_logs set corrected_by = pseudonym where corrected_by = name;
  update public.review_queue set reviewer = pseudonym where reviewer = name;
  return changed;
end
$$;

-- What the database holds of a person: rows, labelled texts, and corrections in their name.
create function private.count_user_data(person uuid) returns jsonb
language sql stable
security definer
set search_path = ''
as $$
  select jsonb_build_object(
    'prompts', (select count(*) from public.nlu_prompt_logs where user_id = person),
    'labelled_texts', (
      select count(*) from public.labelled_texts
      where user_keys @> array[private.user_key(person)]
    ),
    'corrections', (
      select count(*) from public.correction_events where reviewer = person::text
    ),
    'queue_items', (
      select count(*) from public.review_queue queue
      where queue.reviewer = person::text or exists (
        select from public.nlu_prompt_logs logs
        where logs.text_key = queue.text_key and logs.user_id = person
      )
    )
  )
$$;

-- Removes a person and answers a receipt: what there was, what is left (read again), and which
-- exported objects still hold rows of theirs.
create function private.erase(person uuid) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  counts_before jsonb;
  of_person bytea := private.user_key(person);
  exports jsonb;
  freed bytea[];
begin
  if person is null then
    raise exception 'Nobody is named.'
      using errcode = 'null_value_not_allowed', hint = 'Send the user''s id.';
  end if;
  -- First of all, so that no capture slips in between.
  insert into private.tombstones (user_key) values (of_person) on conflict do nothing;
  counts_before := private.count_user_data(person);

  -- A note may quote the message that it is about.
  update public.correction_events events set notes = null
  from public.nlu_prompt_logs logs
  where logs.id = events.log_id and logs.user_id = person and events.notes is not null;
  update public.review_queue queue set notes = null
  from public.nlu_prompt_logs logs
  where logs.text_key = queue.text_key and logs.user_id = person and queue.notes is not null;
  perform private.forget_reviewer(person::text);

  with touched as (
    update public.labelled_texts set user_keys = array_remove(user_keys, of_person)
    where user_keys @> array[of_person]
    returning text_key, user_keys
  )
  select array_agg(text_key) into freed from touched where user_keys = '{}';
  delete from public.labelled_texts where text_key = any (freed);

  delete from public.nlu_prompt_logs where user_id = person;
  perform private.recount(freed);

  select coalesce(jsonb_agg(distinct jsonb_build_object('bucket', bucket, 'key', key)), '[]')
  into exports
  from public.exported_rows where user_keys @> array[of_person];

  return jsonb_build_object(
    'erased_at', now(), 'counts_before', counts_before, 'left', private.count_user_data(person),
    'exports', exports
  );
end
$$;

-- Whoever deletes an account erases the person. Before it is gone, while the rows still tell which
-- notes were about them.
create function private.erase_with_the_account() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.erase(old.id);
  return old;
end
$$;

create trigger erase_from_prompt_capture before delete on auth.users
  for each row execute function private.erase_with_the_account();

-- The backend's channel. It runs with the caller's rights, and only the backend has any here.
create function public.erase_user(person uuid) returns setof jsonb
language sql
set search_path = ''
as $$
  select private.erase(person)
$$;
comment on function public.erase_user(uuid) is
  'Removes a person''s rows, texts and name, and answers a receipt.';

create function public.count_user_data(person uuid) returns setof jsonb
language sql stable
set search_path = ''
as $$
  select private.count_user_data(person)
$$;
comment on function public.count_user_data(uuid) is
  'Counts what the database holds of a person: all zero after an erasure.';

revoke all on function
  private.note_owners(),
  private.forget_reviewer(text),
  private.count_user_data(uuid),
  private.erase(uuid),
  private.erase_with_the_account(),
  public.erase_user(uuid),
  public.count_user_data(uuid)
from public, anon, authenticated, service_role, prompt_writer, prompt_exporter;

grant usage on schema private to service_role;
grant execute on function private.erase(uuid), private.count_user_data(uuid) to service_role;
grant execute on function public.erase_user(uuid), public.count_user_data(uuid) to service_role;

-- Rights ------------------------------------------------------------------------------------
-- The exporter notes what it exported and reads nothing of it.

grant insert (bucket, key, log_ids, text_keys) on public.exported_rows to prompt_exporter, service_role;
grant select (id, bucket, key, log_ids, text_keys, exported_at) on public.exported_rows to service_role;
grant delete on public.exported_rows to service_role;

create policy "The exporter notes which rows an object holds"
  on public.exported_rows for insert to prompt_exporter with check (true);
grant select on public.exported_rows to prompt_maintainer;
create policy "The keeper reads which objects hold a person's rows"
  on public.exported_rows for select to prompt_maintainer using (true);
