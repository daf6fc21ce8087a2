-- Erasure: a user's rows, texts and name are removed, on request or with their account. Their user key
-- remains as a tombstone, and in the records of exports until the exported objects were cleaned.

-- Erased users, so that a late write cannot bring a row back.
create table private.tombstones (
  user_key bytea not null,
  erased_at timestamptz not null default clock_timestamp(),

  constraint tombstones_pkey primary key (user_key)
);
comment on table private.tombstones is
  'The user keys of erased users. Nothing is captured for them any more.';
comment on column private.tombstones.user_key is 'See private.user_key.';
comment on column private.tombstones.erased_at is
  'When the user was erased. Taken after all waiting: an export that was registered while the erasure waited is older.';

alter table private.tombstones enable row level security;
alter table private.tombstones force row level security;

create policy "The maintainer sees who was erased"
  on private.tombstones for select to prompt_maintainer using (true);
create policy "The maintainer records who was erased"
  on private.tombstones for insert to prompt_maintainer with check (true);

-- An erasure waits for exports that are registering rows, and then reads what they registered. An export
-- that registers later finds the rows deleted.
create function private.wait_for_registrations() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  perform private.lock_export_registry();
  return null;
end
$$;

create trigger before_10_wait_for_registrations before insert on private.tombstones
  for each statement execute function private.wait_for_registrations();

set role prompt_maintainer;

-- Replaces a reviewer's name by one pseudonym everywhere, so that agreement can still be measured;
-- returns how many events changed.
create function private.pseudonymise_reviewer(name text) returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  pseudonym text;
  changed integer;
begin
  select 'erased-'
    || left(encode(extensions.hmac(convert_to(name, 'UTF8'), user_key_secret, 'sha256'), 'hex'), 12)
  into strict pseudonym from private.keys;
  update public.correction_events set reviewer = pseudonym where reviewer = name;
  get diagnostics changed = row_count;
  update private.deferred_changes set reviewer = pseudonym where reviewer = name;
  update public.nlu_prompt_logs set corrected_by = pseudonym where corrected_by = name;
  update public.review_queue set reviewer = pseudonym where reviewer = name;
  return changed;
end
$$;

-- Counts what the database stores about a user: rows, retained texts, corrections in their name, and queue
-- items.
create function private.count_user_data(p_user_id uuid) returns jsonb
language sql stable
security definer
set search_path = ''
as $$
  select jsonb_build_object(
    'prompts', (select count(*) from public.nlu_prompt_logs where user_id = p_user_id),
    'labelled_texts', (
      select count(*) from public.labelled_texts
      where user_keys @> array[private.user_key(p_user_id)]
    ),
    'corrections', (
      select count(*) from public.correction_events where reviewer = p_user_id::text
    ),
    'queue_items', (
      select count(*) from public.review_queue queue
      where queue.reviewer = p_user_id::text or exists (
        select from public.nlu_prompt_logs logs
        where logs.text_key = queue.text_key and logs.user_id = p_user_id
      )
    )
  )
$$;

-- Removes a user and returns a receipt: the counts before and after, and the exported objects that still
-- hold rows of theirs.
create function private.erase_user(p_user_id uuid) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  counts_before jsonb;
  erased_key bytea := private.user_key(p_user_id);
  remaining_objects jsonb;
  orphaned bytea[];
begin
  if p_user_id is null then
    raise exception 'The user to erase is missing.'
      using errcode = 'null_value_not_allowed', hint = 'Send the user''s id.';
  end if;
  -- Before anything else, so that no capture commits in between. Deleting an account locks its row
  -- first, which a capture needs too, so waiting here as well could deadlock.
  if pg_trigger_depth() = 0 then
    perform private.lock_person(p_user_id);
  end if;
  insert into private.tombstones (user_key) values (erased_key) on conflict do nothing;
  counts_before := private.count_user_data(p_user_id);

  -- A note may quote the message that it is about.
  update public.correction_events events set notes = null
  from public.nlu_prompt_logs logs
  where logs.id = events.log_id and logs.user_id = p_user_id and events.notes is not null;
  update public.review_queue queue set notes = null
  from public.nlu_prompt_logs logs
  where logs.text_key = queue.text_key and logs.user_id = p_user_id and queue.notes is not null;
  perform private.pseudonymise_reviewer(p_user_id::text);

  with changed as (
    update public.labelled_texts set user_keys = array_remove(user_keys, erased_key)
    where user_keys @> array[erased_key]
    returning text_key, user_keys
  )
  select array_agg(text_key) into orphaned from changed where user_keys = '{}';
  delete from public.labelled_texts where text_key = any (orphaned);

  delete from public.nlu_prompt_logs where user_id = p_user_id;
  perform private.delete_orphans_and_recount(orphaned);

  select coalesce(jsonb_agg(distinct jsonb_build_object('bucket', bucket, 'key', key)), '[]')
  into remaining_objects
  from public.exported_rows where user_keys @> array[erased_key];

  return jsonb_build_object(
    'erased_at', clock_timestamp(), 'counts_before', counts_before,
    'counts_after', private.count_user_data(p_user_id), 'remaining_objects', remaining_objects
  );
end
$$;

-- Deleting an account erases its user. It runs before the account is deleted, while the rows still show
-- which notes are about them.
create function private.erase_deleted_account() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.erase_user(old.id);
  return old;
end
$$;

set role postgres;

create trigger prompt_capture_erase_user before delete on auth.users
  for each row execute function private.erase_deleted_account();

-- The backend's entry points. They run with the caller's rights.

create function public.erase_user(user_id uuid) returns setof jsonb
language sql
set search_path = ''
as $$
  select private.erase_user(user_id)
$$;
comment on function public.erase_user(uuid) is
  'Removes a user''s rows, texts and name, and returns a receipt.';

create function public.count_user_data(user_id uuid) returns setof jsonb
language sql stable
set search_path = ''
as $$
  select private.count_user_data(user_id)
$$;
comment on function public.count_user_data(uuid) is
  'Counts what the database stores about a user: all zero after an erasure.';
