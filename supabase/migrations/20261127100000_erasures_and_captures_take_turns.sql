-- A capture looks for a tombstone before it writes. One that was under way when its sender was erased
-- had found none, and was committed after all had been removed: its row stayed.
--
-- So each capture holds its sender's place until it is committed, and an erasure waits for those that
-- do. A capture that comes meanwhile is refused for now and waits for nothing: it is spooled, and
-- meets the tombstone when it comes again. Senders share a few places, as one transaction may write
-- the rows of more than the server has locks for.

create function private.place_of(user_id uuid) returns integer
language sql immutable
set search_path = ''
as $$
  select hashtext(user_id::text) & 255
$$;
revoke all on function private.place_of(uuid)
from public, anon, authenticated, service_role, prompt_writer, prompt_exporter;
grant execute on function private.place_of(uuid) to prompt_maintainer;

grant prompt_maintainer to postgres;
grant create on schema private to prompt_maintainer;

create or replace function private.prepare_capture() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  told private.settings;
begin
  select * into strict told from private.settings;

  if not pg_try_advisory_xact_lock_shared(4, private.place_of(new.user_id)) then
    raise exception 'Somebody is being erased.'
      using errcode = 'lock_not_available', hint = 'Send the row again.';
  end if;
  if exists (select from private.tombstones where user_key = private.user_key(new.user_id)) then
    raise exception 'Nothing is captured for somebody who was erased.'
      using errcode = 'foreign_key_violation', constraint = 'owner_is_a_user',
        hint = 'Drop the row.';
  end if;

  new.text_key := private.text_key(new.prompt);
  new.is_disputed := false;
  new.within_daily_cap := told.daily_cap > (
    select count(*) from (
      select from public.nlu_prompt_logs
      where user_id = new.user_id
        and created_at >= date_trunc('day', new.created_at, 'UTC')
        and created_at < date_trunc('day', new.created_at, 'UTC') + interval '1 day'
      limit told.daily_cap
    ) as that_day
  );
  new.sampling_probability := case
    when not new.within_daily_cap then null
    when new.predicted_intent = 'unknown' or new.scope < told.min_scope
      or new.confidence < told.review_threshold then 1
    when random() < told.audit_rate then told.audit_rate
  end;
  return new;
end
$$;

create or replace function private.erase(person uuid) returns jsonb
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
  -- First of all, so that no capture slips in between. Whoever deletes an account holds its row, which
  -- a capture needs too: to wait here as well would be one wait too many.
  if pg_trigger_depth() = 0 then
    perform pg_advisory_xact_lock(4, private.place_of(person));
  end if;
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

revoke create on schema private from prompt_maintainer;
revoke prompt_maintainer from postgres;
