-- Recording outcomes and corrections, and deferring those that arrive before their row.
--
-- A row may still wait in the spool when its outcome or correction arrives. The change is then stored here
-- and applied, in the order in which changes were made, when the row arrives. So the row ends up the same,
-- whatever comes first.

create table private.deferred_changes (
  id bigint generated always as identity,
  log_id uuid not null,
  was_successful boolean,
  workflow_type text,
  execution_error text,
  to_intent text,
  reviewer text,
  notes text,
  channel text,
  deferred_at timestamptz not null default now(),

  constraint deferred_changes_pkey primary key (id),
  constraint a_change_is_an_outcome_or_a_correction
    check (num_nonnulls(was_successful, to_intent) = 1)
);

comment on table private.deferred_changes is
  'Outcomes and corrections of rows that have not arrived yet.';
comment on column private.deferred_changes.id is 'In the order in which the changes were made.';
comment on column private.deferred_changes.log_id is 'The id of the row that is to arrive.';
comment on column private.deferred_changes.was_successful is 'Of an outcome.';
comment on column private.deferred_changes.workflow_type is 'Of an outcome.';
comment on column private.deferred_changes.execution_error is 'Of an outcome that is a failure.';
comment on column private.deferred_changes.to_intent is 'Of a correction.';
comment on column private.deferred_changes.reviewer is 'Of a correction.';
comment on column private.deferred_changes.notes is 'Of a correction.';
comment on column private.deferred_changes.channel is 'Of a correction.';
comment on column private.deferred_changes.deferred_at is 'When the change was made.';

create index deferred_changes_by_log_id on private.deferred_changes (log_id, id);
create index deferred_changes_by_age on private.deferred_changes (deferred_at);
create index deferred_changes_by_reviewer on private.deferred_changes (reviewer)
  where reviewer is not null;

-- Estimates would reveal texts and names: see 04_prompt_logs.sql.
alter table private.deferred_changes
  alter column execution_error set statistics 0,
  alter column reviewer set statistics 0,
  alter column notes set statistics 0;

alter table private.deferred_changes enable row level security;
alter table private.deferred_changes force row level security;

create policy "The maintainer reads deferred changes"
  on private.deferred_changes for select to prompt_maintainer using (true);
create policy "The maintainer defers a change"
  on private.deferred_changes for insert to prompt_maintainer with check (true);
create policy "The maintainer replaces the name of an erased reviewer by a pseudonym"
  on private.deferred_changes for update to prompt_maintainer using (true) with check (true);
create policy "The maintainer deletes changes that were applied or are too old"
  on private.deferred_changes for delete to prompt_maintainer using (true);

-- Deferring a change --------------------------------------------------------------------------------

-- Whether a row with this id can still arrive. An erased row cannot. An id of version 7 holds the time at
-- which it was made. An id of version 8 is derived from an idempotency key and holds none: its row is
-- expected until a change has waited for it as long as a row may wait in the spool.
create function private.may_arrive(log_id uuid) returns boolean
language plpgsql stable
set search_path = ''
as $$
declare
  max_wait interval := (select make_interval(days => spool_retention_days) from private.settings);
begin
  return case get_byte(uuid_send(log_id), 6) >> 4
    when 7 then to_timestamp(
      ('x' || left(replace(log_id::text, '-', ''), 12))::bit(48)::bigint / 1000.0
    ) between now() - max_wait and now() + interval '5 minutes'
    when 8 then not exists (
      select from private.deferred_changes deferred
      where deferred.log_id = may_arrive.log_id and deferred.deferred_at < now() - max_wait
    )
    else false
  end and not exists (
    select from private.erased_rows erased where erased.log_id = may_arrive.log_id
  );
end
$$;

set role prompt_maintainer;

-- Stores a change; returns false if its row cannot arrive any more. A repetition of the latest change of
-- its kind is stored once.
create function private.defer_change(change private.deferred_changes) returns boolean
language plpgsql
security definer
set search_path = ''
as $$
begin
  if not private.may_arrive(change.log_id) then
    return false;
  end if;
  if change.to_intent is not null and not private.is_active_intent(change.to_intent) then
    raise exception 'This intent is not in the catalogue, or is retired.'
      using errcode = 'foreign_key_violation', constraint = 'to_intent_is_in_the_catalogue',
        hint = 'Choose one of public.intent_catalogue whose retired_at is empty.';
  end if;
  if change.to_intent is not null and private.is_reserved_reviewer(change.reviewer) then
    raise exception 'This reviewer name is empty or reserved.'
      using errcode = 'check_violation', constraint = 'reviewer_is_a_name',
        hint = 'Set reviewer to your own name.';
  end if;
  if change.to_intent is not null
    and (change.reviewer is null or change.channel is null or change.channel not in ('api', 'import'))
  then
    raise exception 'A correction needs a reviewer and the channel `api` or `import`.'
      using errcode = 'check_violation', hint = 'Set reviewer and channel.';
  end if;

  insert into private.deferred_changes (
    log_id, was_successful, workflow_type, execution_error, to_intent, reviewer, notes, channel
  )
  select change.log_id, change.was_successful, change.workflow_type, change.execution_error,
    change.to_intent, change.reviewer, change.notes, change.channel
  where (
    change.was_successful, change.workflow_type, change.execution_error,
    change.to_intent, change.reviewer, change.notes
  ) is distinct from (
    select (latest.was_successful, latest.workflow_type, latest.execution_error,
      latest.to_intent, latest.reviewer, latest.notes)
    from private.deferred_changes latest
    where latest.log_id = change.log_id
      and (latest.to_intent is null) = (change.to_intent is null)
    order by latest.id desc limit 1
  );
  return true;
end
$$;

set role postgres;

-- The backend's entry points. Each returns `recorded`, `pending`, or `absent`: there is no such row, now
-- or ever. They run with the backend's rights.

create function public.record_outcome(
  log_id uuid, was_successful boolean, workflow_type text, execution_error text
) returns setof jsonb
language plpgsql
set search_path = ''
as $$
declare
  change private.deferred_changes;
begin
  perform private.lock_log_id(record_outcome.log_id);
  update public.nlu_prompt_logs logs
  set was_successful = record_outcome.was_successful,
    workflow_type = record_outcome.workflow_type,
    execution_error = record_outcome.execution_error
  where logs.id = record_outcome.log_id;
  if found then
    return next jsonb_build_object('state', 'recorded');
    return;
  end if;
  change.log_id := record_outcome.log_id;
  change.was_successful := record_outcome.was_successful;
  change.workflow_type := record_outcome.workflow_type;
  change.execution_error := record_outcome.execution_error;
  return next jsonb_build_object(
    'state', case when private.defer_change(change) then 'pending' else 'absent' end
  );
end
$$;
comment on function public.record_outcome(uuid, boolean, text, text) is
  'Records how a workflow ended, or defers it until its row arrives.';

create function public.record_correction(
  log_id uuid, to_intent text, reviewer text, notes text, channel text
) returns setof jsonb
language plpgsql
set search_path = ''
as $$
declare
  change private.deferred_changes;
begin
  perform private.lock_log_id(record_correction.log_id);
  if exists (select from public.nlu_prompt_logs logs where logs.id = record_correction.log_id) then
    insert into public.correction_events (log_id, to_intent, reviewer, notes, channel)
    values (
      record_correction.log_id, record_correction.to_intent, record_correction.reviewer,
      record_correction.notes, record_correction.channel
    );
    return next jsonb_build_object('state', 'recorded');
    return;
  end if;
  change.log_id := record_correction.log_id;
  change.to_intent := record_correction.to_intent;
  change.reviewer := record_correction.reviewer;
  change.notes := record_correction.notes;
  change.channel := record_correction.channel;
  return next jsonb_build_object(
    'state', case when private.defer_change(change) then 'pending' else 'absent' end
  );
end
$$;
comment on function public.record_correction(uuid, text, text, text, text) is
  'Records a correction, or defers it until its row arrives.';

-- Applying the changes ------------------------------------------------------------------------------

set role prompt_maintainer;

-- Takes the lock of the row's id, and of its text where a correction waits, before the row is written. A
-- deferred correction would otherwise take the second one later, after other locks.
create function private.lock_new_log() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.lock_log_id_shared(new.id);
  if exists (
    select from private.deferred_changes where log_id = new.id and to_intent is not null
  ) then
    perform private.lock_text(new.text_key);
  end if;
  return new;
end
$$;

-- A change that can no longer be applied, such as a correction to an intent that was retired meanwhile,
-- is dropped: it must not keep the row from being written.
create function private.apply_deferred_changes() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  change private.deferred_changes;
begin
  for change in
    select * from private.deferred_changes where log_id = new.id order by id
  loop
    begin
      if change.to_intent is null then
        update public.nlu_prompt_logs
        set was_successful = change.was_successful, workflow_type = change.workflow_type,
          execution_error = change.execution_error
        where id = new.id;
      else
        insert into public.correction_events (log_id, to_intent, reviewer, notes, channel)
        values (new.id, change.to_intent, change.reviewer, change.notes, change.channel);
      end if;
    exception when integrity_constraint_violation then
      raise warning 'A deferred change could not be applied and was dropped.';
    end;
  end loop;
  delete from private.deferred_changes where log_id = new.id;
  return null;
end
$$;

set role postgres;

create trigger before_80_lock_new_log before insert on public.nlu_prompt_logs
  for each row execute function private.lock_new_log();
create trigger after_30_apply_deferred_changes after insert on public.nlu_prompt_logs
  for each row execute function private.apply_deferred_changes();

-- Discarding them -----------------------------------------------------------------------------------

set role prompt_maintainer;

create function private.discard_deferred_changes(log_ids uuid[]) returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  discarded integer;
begin
  delete from private.deferred_changes deferred
  where deferred.log_id = any (log_ids)
    and not exists (select from public.nlu_prompt_logs logs where logs.id = deferred.log_id);
  get diagnostics discarded = row_count;
  return discarded;
end
$$;

-- Twice the retention of the spool, since `prompt-capture redrive` spools a row once more.
create function private.delete_expired_changes() returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  deleted integer;
begin
  delete from private.deferred_changes
  where deferred_at
    < now() - 2 * make_interval(days => (select spool_retention_days from private.settings));
  get diagnostics deleted = row_count;
  return deleted;
end
$$;

set role postgres;

-- For the drain: rows that it dropped will not arrive.
create function public.discard_deferred_changes(log_ids uuid[]) returns setof jsonb
language sql
set search_path = ''
as $$
  select jsonb_build_object('discarded', private.discard_deferred_changes(log_ids))
$$;
comment on function public.discard_deferred_changes(uuid[]) is
  'Discards the changes of rows that will not arrive.';
