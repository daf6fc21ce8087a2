-- Erasure: a user's rows, texts and name are removed, on request or with their account. Their user key
-- remains as a tombstone, and in the records of exports until the exported objects were cleaned.

-- Erased users, so that a late write cannot bring a row back.
create table private.tombstones (
  user_key bytea not null,
  erased_at timestamptz not null default clock_timestamp(),
  unfinished_user_id uuid,
  exports_are_known boolean not null default false,
  exports_are_clean boolean not null default false,
  step_rows integer not null default 50,

  constraint tombstones_pkey primary key (user_key)
);
comment on table private.tombstones is
  'The user keys of erased users. Nothing is captured for them any more.';
comment on column private.tombstones.user_key is 'See private.user_key.';
comment on column private.tombstones.erased_at is
  'When the erasure began; once it is finished, when it ended. An export that was registered meanwhile is older.';
comment on column private.tombstones.unfinished_user_id is
  'The id of the user while the erasure has not ended, so that it can be continued. Null once it has.';
comment on column private.tombstones.exports_are_known is
  'Whether the erasure, which has not ended, has waited for the exports that were registering rows. No other object can hold rows of the user.';
comment on column private.tombstones.exports_are_clean is
  'Whether a nightly job found that no exported object holds rows of the user, after the erasure ended.';
comment on column private.tombstones.step_rows is
  'How many rows the next step of the erasure removes, by the time that the last one took.';

-- Few: the objects are cleaned before the next export.
create index tombstones_to_clean on private.tombstones (user_key) where not exports_are_clean;

-- Estimates would outlive the erasure.
alter table private.tombstones
  alter column unfinished_user_id set statistics 0;

alter table private.tombstones enable row level security;
alter table private.tombstones force row level security;

create policy "The maintainer sees who was erased"
  on private.tombstones for select to prompt_maintainer using (true);
create policy "The maintainer records who was erased"
  on private.tombstones for insert to prompt_maintainer with check (true);
create policy "The maintainer records when an erasure is finished"
  on private.tombstones for update to prompt_maintainer using (true) with check (true);

-- Counting ------------------------------------------------------------------------------------------

set role prompt_maintainer;

-- Counts what the database stores about a user: rows, retained texts, corrections in their name, queue items, and
-- models and events of the registry in their name.
create function private.count_user_data(p_user_id uuid) returns jsonb
language plpgsql stable
security definer
set search_path = ''
as $$
begin
  return jsonb_build_object(
    'prompts', (select count(*) from public.nlu_prompt_logs where user_id = p_user_id),
    'labelled_texts', (
      select count(*) from public.labelled_texts
      where user_keys @> array[private.user_key(p_user_id)]
    ),
    'corrections', (
      select count(*) from public.correction_events where private.fold_name(reviewer) = p_user_id::text
    ),
    'queue_items', (
      select count(*) from (
        select text_key from public.review_queue where private.fold_name(reviewer) = p_user_id::text
        union
        select text_key from public.model_disagreements where private.fold_name(reviewer) = p_user_id::text
        union
        select text_key from public.nlu_prompt_logs join public.review_queue using (text_key)
        where user_id = p_user_id
      ) as items
    ),
    'registry_entries', (
      select count(*) from (
        select from public.model_events where private.fold_name(actor) = p_user_id::text
        union all
        select from public.models where private.fold_name(registered_by) = p_user_id::text
      ) as entries
    )
  );
end
$$;

-- Erasing in steps ----------------------------------------------------------------------------------
-- An erasure begins with a tombstone, removes one batch after another, and is finished when nothing is left.
-- Each step is a transaction of its own, so no lock is held for long, however much a user has sent. An
-- interrupted erasure goes on where it stopped.

-- The tombstone: no row of the user is captured any more, and no correction is recorded in their name. The caller has
-- waited for those that are under way.
create function private.start_erasure(p_user_id uuid) returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into private.tombstones (user_key, unfinished_user_id) values (private.user_key(p_user_id), p_user_id)
  on conflict do nothing;
  perform from private.deferred_changes
  where private.fold_name(reviewer) = p_user_id::text order by id for update;
  delete from private.deferred_changes where private.fold_name(reviewer) = p_user_id::text;
end
$$;

-- Some copies that show a reviewer's name, those of one text after those of another.
create function private.copies_with_reviewer(folded_name text, max_copies integer) returns uuid[]
language plpgsql stable
set search_path = ''
set enable_sort = off  -- the index is read only as far as the limit, whatever the planner knows about the table
set enable_bitmapscan = off
set enable_seqscan = off
as $$
begin
  return array(
    select id from public.nlu_prompt_logs
    where private.fold_name(corrected_by) = folded_name and corrected_by is not null
    -- Below row level security, the planner does not know that the first key is the same for all.
    order by private.fold_name(corrected_by), text_key limit max_copies
  );
end
$$;

-- Replaces a reviewer's name by one pseudonym in one batch of rows, corrections or queue items, so that agreement
-- can still be measured; returns how many. A text may have many copies: those that show the name are found by their
-- index, before any lock is held, and only a batch of them is read while their texts are locked.
create function private.pseudonymise_batch(name text, max_rows integer) returns integer
language plpgsql
security definer
set search_path = ''
set enable_bitmapscan = off  -- the rows of a batch are found by their keys
set enable_seqscan = off
as $$
declare
  folded constant text := private.fold_name(name);
  pseudonym constant text := private.pseudonym(name);
  log_ids uuid[] := private.copies_with_reviewer(folded, max_rows);
  is_last boolean := false;
  event_ids bigint[];
  texts bytea[];
begin
  select array_agg(text_key) into texts from public.nlu_prompt_logs where id = any (log_ids);
  select array_agg(id), texts || array_agg(text_key) into event_ids, texts from (
    select id, text_key from public.correction_events where private.fold_name(reviewer) = folded
    order by private.fold_name(reviewer), id limit max_rows - cardinality(log_ids)  -- as in copies_with_reviewer
  ) as batch;
  if texts is null then
    -- A reviewer may have typed their name for an item that nobody has decided yet.
    select array_agg(text_key) into texts from (
      select text_key from public.review_queue where private.fold_name(reviewer) = folded
      union
      select text_key from public.model_disagreements where private.fold_name(reviewer) = folded
      limit max_rows
    ) as batch;
  end if;
  if texts is null then
    return 0;
  end if;
  texts := array(select distinct text_key from unnest(texts) as keys (text_key));
  perform private.lock_texts(texts);
  if cardinality(log_ids) < max_rows then
    -- More copies may show the name by now: none does once its corrections have the pseudonym.
    log_ids := private.copies_with_reviewer(folded, max_rows);
    is_last := cardinality(log_ids) < max_rows;
    log_ids := array(
      select log_id from unnest(log_ids) as shown (log_id)
      where (select text_key from public.nlu_prompt_logs where id = log_id) = any (texts)
    );
  end if;
  update public.nlu_prompt_logs
  -- In a condition, the index of names would be read in place of the ids.
  set corrected_by = case when private.fold_name(corrected_by) = folded then pseudonym else corrected_by end
  where id = any (log_ids);
  if not is_last then
    return greatest(1, cardinality(log_ids));  -- the corrections follow after the last copy
  end if;
  update public.review_queue
  set reviewer = case when decided_at is not null then pseudonym end,
    notes = case when decided_at is not null then notes end
  where text_key = any (texts) and private.fold_name(reviewer) = folded;
  update public.model_disagreements
  set reviewer = case when decided_at is not null then pseudonym end,
    notes = case when decided_at is not null then notes end
  where text_key = any (texts) and private.fold_name(reviewer) = folded;
  update public.correction_events set reviewer = pseudonym where id = any (event_ids);
  return greatest(1, coalesce(cardinality(event_ids), 0));
end
$$;

-- Removes one batch of a user's rows, else of retained texts, else of items that they skipped, else of corrections in
-- their name; returns how many.
create function private.erase_batch(p_user_id uuid, max_rows integer) returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  erased_key bytea := private.user_key(p_user_id);
  log_ids uuid[];
  texts bytea[];
begin
  log_ids := private.limit_corrections(array(
    -- In the order of the index, which is read only as far as the limit.
    select id from public.nlu_prompt_logs where user_id = p_user_id order by created_at desc limit max_rows
  ));
  if log_ids <> '{}' then
    -- None where retention has deleted these rows meanwhile.
    texts := private.limit_user_keys(
      array(select distinct text_key from public.nlu_prompt_logs where id = any (log_ids)), max_rows, erased_key
    );
    log_ids := array(
      select id from public.nlu_prompt_logs where id = any (log_ids) and text_key = any (texts)
    );
  else
    texts := nullif(private.limit_user_keys(private.limit_corrected_texts(array(
      select text_key from public.labelled_texts where user_keys @> array[erased_key] limit max_rows
    )), max_rows, erased_key), '{}');
  end if;
  if texts is null then
    select array_agg(text_key) into texts from (
      select text_key from private.review_skips where reviewer = p_user_id limit max_rows
    ) as batch;
    if texts is null then
      return private.pseudonymise_batch(p_user_id::text, max_rows);
    end if;
    perform private.lock_texts(texts);
    delete from private.review_skips where reviewer = p_user_id and text_key = any (texts);
    return cardinality(texts);
  end if;

  perform private.lock_texts(texts);
  perform private.clear_notes(log_ids);
  update public.labelled_texts set user_keys = array_remove(user_keys, erased_key)
  where text_key = any (texts) and user_keys @> array[erased_key];
  delete from public.labelled_texts where text_key = any (texts) and user_keys = '{}';
  delete from public.nlu_prompt_logs where id = any (log_ids);
  -- Those that arrived before their rows and wait to be applied: their notes and errors may quote the user. One that is
  -- being deferred at this moment is deleted within a minute (complete_captures).
  perform from private.deferred_changes where log_id = any (log_ids) order by id for update;
  delete from private.deferred_changes where log_id = any (log_ids);
  perform private.delete_orphans(texts);
  -- Not 0, which ends the erasure: retention may have deleted these rows, and others are left.
  return greatest(1, cardinality(log_ids), cardinality(texts));
end
$$;

-- Waits for the exports that are registering rows; one that registers later finds the rows deleted. All other exports
-- wait meanwhile, so their objects are listed by a step of its own.
create function private.wait_for_exports(p_user_id uuid) returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.lock_export_registry();
  update private.tombstones
  set erased_at = clock_timestamp(), unfinished_user_id = p_user_id, exports_are_known = true, exports_are_clean = false
  where user_key = private.user_key(p_user_id);
end
$$;

-- Records a step that found rows. If it follows the wait, an export may have registered them, so the erasure is to wait
-- again.
create function private.record_erasure_step(p_user_id uuid, duration interval) returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  update private.tombstones
  set exports_are_known = false, step_rows = private.next_batch_rows(step_rows, duration)
  where user_key = private.user_key(p_user_id);
end
$$;

-- Ends an erasure that has waited for the exports.
create function private.finish_erasure(p_user_id uuid) returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  update private.tombstones set unfinished_user_id = null, exports_are_known = false
  where user_key = private.user_key(p_user_id);
end
$$;

-- Returns when the user was erased, and the exported objects that still hold rows of the user.
create function private.show_erasure(p_user_id uuid) returns jsonb
language plpgsql stable
security definer
set search_path = ''
as $$
declare
  erased_key bytea := private.user_key(p_user_id);
begin
  return jsonb_build_object(
    'erased_at', (select erased_at from private.tombstones where user_key = erased_key),
    'remaining_objects', (
      select coalesce(jsonb_agg(jsonb_build_object('bucket', bucket, 'key', key)), '[]') from (
        select distinct bucket, key from public.exported_rows where user_keys @> array[erased_key]
      ) as objects
    )
  );
end
$$;

-- Takes the next step of an erasure. Returns {"finished": false, "erased": rows, texts and corrections}, or at
-- the end {"finished": true} with the time and the exported objects that hold rows of the user.
create function private.continue_erasure(p_user_id uuid) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  tombstone private.tombstones;
  max_rows integer;
  erased integer;
begin
  if p_user_id is null then
    raise exception 'The user to erase is missing.'
      using errcode = 'null_value_not_allowed', hint = 'Send the user''s id.';
  end if;
  select * into tombstone from private.tombstones where user_key = private.user_key(p_user_id);
  if not found then
    perform private.lock_person(p_user_id);
    perform private.start_erasure(p_user_id);
    return jsonb_build_object('finished', false, 'erased', 0);
  end if;
  select least(retention_batch_rows, tombstone.step_rows) into max_rows from private.settings;
  erased := private.erase_batch(p_user_id, max_rows);
  if erased > 0 then
    -- Since its texts are locked, others wait for the step; before that, it may have waited for them. A caller that
    -- excludes all other changes of texts locks none.
    perform private.record_erasure_step(p_user_id, clock_timestamp() - coalesce(
      nullif(current_setting('prompt_capture.texts_locked_at', true), '')::timestamptz, now()
    ));
    return jsonb_build_object('finished', false, 'erased', erased);
  end if;
  if not tombstone.exports_are_known then
    perform private.wait_for_exports(p_user_id);
    return jsonb_build_object('finished', false, 'erased', 0);
  end if;
  perform private.finish_erasure(p_user_id);
  return jsonb_build_object('finished', true) || private.show_erasure(p_user_id);
end
$$;

-- Returns the ids of the users whose erasure began and has not ended, the earliest first.
create function private.list_unfinished_erasures() returns json
language sql stable
security definer
set search_path = ''
as $$
  select coalesce(json_agg(unfinished_user_id order by erased_at), '[]')
  from private.tombstones where unfinished_user_id is not null
$$;

-- Erasing at once -----------------------------------------------------------------------------------

-- Erases a user in one transaction, while no other texts are changed.
create function private.erase_user(p_user_id uuid) returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  max_rows constant integer := (select retention_batch_rows from private.settings);
begin
  -- Deleting an account locks its row first, which excludes captures; waiting here as well could deadlock.
  if pg_trigger_depth() = 0 then
    perform private.lock_person(p_user_id);
  end if;
  perform private.lock_edits();
  perform private.start_erasure(p_user_id);
  while private.erase_batch(p_user_id, max_rows) > 0 loop
  end loop;
  perform private.wait_for_exports(p_user_id);
  perform private.finish_erasure(p_user_id);
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

-- Takes a step for a reviewer whom the backend calls by a name; returns how many corrections, rows or items changed. 0:
-- nothing is left. The name is cleaned as in a correction.
create function private.pseudonymise_reviewer(name text) returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  max_rows constant integer := (select retention_batch_rows from private.settings);
  deleted integer;
begin
  name := private.reviewer_name(name);
  perform private.lock_names();
  perform from private.deferred_changes where private.fold_name(reviewer) = private.fold_name(name) order by id for update;
  delete from private.deferred_changes where private.fold_name(reviewer) = private.fold_name(name);
  get diagnostics deleted = row_count;
  return case when deleted > 0 then deleted else private.pseudonymise_batch(name, max_rows) end;
end
$$;

set role postgres;

create trigger prompt_capture_before_deletion before delete on auth.users
  for each statement execute function private.lock_edits_first();
create trigger prompt_capture_erase_user before delete on auth.users
  for each row execute function private.erase_deleted_account();

-- The backend's entry points. They run with the caller's rights.

create function public.continue_erasure(user_id uuid) returns setof jsonb
language sql
set search_path = ''
as $$
  select private.continue_erasure(user_id)
$$;
comment on function public.continue_erasure(uuid) is
  'Begins to erase a user, or goes on. Call it until `finished` is true; then it returns the exported objects that hold rows of the user.';

create function public.list_unfinished_erasures() returns json
language sql stable
set search_path = ''
as $$
  select private.list_unfinished_erasures()
$$;
comment on function public.list_unfinished_erasures() is
  'Lists the users whose erasure was interrupted, or is under way.';

create function public.count_user_data(user_id uuid) returns setof jsonb
language sql stable
set search_path = ''
set statement_timeout = '60s'
as $$
  select private.count_user_data(user_id)
$$;
comment on function public.count_user_data(uuid) is
  'Counts what the database stores about a user: all zero after an erasure.';
