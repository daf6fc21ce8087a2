-- An outcome or a correction may be quicker than its row, which waits in the spool. It is held, and
-- applied when the row arrives, in the order in which it was made: whatever comes first, the row
-- ends up the same.

alter table private.settings
  add column spool_retention_days integer not null default 14,
  add constraint spool_days_are_positive check (spool_retention_days > 0);
comment on column private.settings.spool_retention_days is
  'For how long a captured row may be on its way: the retention of the spool''s queue.';

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

  constraint held_changes_pkey primary key (id),
  constraint a_change_is_an_outcome_or_a_correction
    check (num_nonnulls(was_successful, to_intent) = 1)
);

comment on table private.deferred_changes is
  'Outcomes and corrections of rows that are not there yet.';
comment on column private.deferred_changes.id is 'In the order in which they were made.';
comment on column private.deferred_changes.log_id is 'The row that is still to come.';
comment on column private.deferred_changes.was_successful is 'Of an outcome.';
comment on column private.deferred_changes.workflow_type is 'Of an outcome.';
comment on column private.deferred_changes.execution_error is 'Of an outcome that was a failure.';
comment on column private.deferred_changes.to_intent is 'Of a correction.';
comment on column private.deferred_changes.reviewer is 'Of a correction.';
comment on column private.deferred_changes.notes is 'Of a correction.';
comment on column private.deferred_changes.channel is 'Of a correction.';
comment on column private.deferred_changes.deferred_at is 'Its time runs from here.';

create index held_changes_of_a_log on private.deferred_changes (log_id, id);
create index held_changes_by_age on private.deferred_changes (deferred_at);
create index held_changes_by_reviewer on private.deferred_changes (reviewer) where reviewer is not null;

alter table private.deferred_changes
  alter column execution_error set statistics 0,
  alter column reviewer set statistics 0,
  alter column notes set statistics 0;

alter table private.deferred_changes enable row level security;
alter table private.deferred_changes force row level security;
revoke all on private.deferred_changes
  from public, anon, authenticated, service_role, prompt_writer, prompt_exporter;
grant select, insert, delete on private.deferred_changes to prompt_maintainer;
grant update (reviewer) on private.deferred_changes to prompt_maintainer;

create policy "The keeper reads what is held"
  on private.deferred_changes for select to prompt_maintainer using (true);
create policy "The keeper holds a change"
  on private.deferred_changes for insert to prompt_maintainer with check (true);
create policy "The keeper puts a pseudonym for a reviewer who was erased"
  on private.deferred_changes for update to prompt_maintainer using (true) with check (true);
create policy "The keeper lets go of a change that was applied, or is too old"
  on private.deferred_changes for delete to prompt_maintainer using (true);

-- The row and its changes take turns: neither can slip past the other unseen. Rows do not wait for
-- each other. Ids share a few locks, as one transaction may write more rows than the server has.
create function private.turn_of(log_id uuid) returns integer
language sql immutable
set search_path = ''
as $$
  select hashtext(log_id::text) & 255
$$;

create function private.take_turn(log_id uuid) returns void
language sql
set search_path = ''
as $$
  select pg_advisory_xact_lock(3, private.turn_of(log_id))
$$;

-- Whether a row of this id can still arrive. An id of version 7 says when it was made; one of
-- version 8 was derived from an idempotency key and does not, so it is given the benefit of doubt.
create function private.may_arrive(log_id uuid) returns boolean
language sql stable
set search_path = ''
as $$
  select case get_byte(uuid_send(log_id), 6) >> 4
    when 7 then to_timestamp(
      ('x' || left(replace(log_id::text, '-', ''), 12))::bit(48)::bigint / 1000.0
    ) between now() - make_interval(days => spool_retention_days) and now() + interval '5 minutes'
    when 8 then true
    else false
  end
  from private.settings
$$;

-- Holds a change of a row that is not there; false when it cannot come any more. The same change
-- again, as the latest of its kind, is held once.
create function private.defer_change(change private.deferred_changes) returns boolean
language plpgsql
security definer
set search_path = ''
as $$
begin
  if not private.may_arrive(change.log_id) then
    return false;
  end if;
  if change.to_intent is not null and not exists (
    select from public.intent_catalogue
    where intent = change.to_intent and (retired_at is null or retired_at > now())
  ) then
    raise exception 'This intent is not in the catalogue, or is retired.'
      using errcode = 'foreign_key_violation', constraint = 'to_intent_is_in_the_catalogue',
        hint = 'Choose one of public.intent_catalogue whose retired_at is empty.';
  end if;
  if change.to_intent is not null and private.is_reserved(change.reviewer) then
    raise exception 'Nobody can review under this name.'
      using errcode = 'check_violation', constraint = 'reviewer_is_a_name',
        hint = 'Set reviewer to your own name.';
  end if;
  if change.to_intent is not null
    and (change.reviewer is null or change.channel is null or change.channel not in ('api', 'import')) then
    raise exception 'A correction names its reviewer, and its channel, `api` or `import`.'
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
    select (held.was_successful, held.workflow_type, held.execution_error,
      held.to_intent, held.reviewer, held.notes)
    from private.deferred_changes held
    where held.log_id = change.log_id
      and (held.to_intent is null) = (change.to_intent is null)
    order by held.id desc limit 1
  );
  return true;
end
$$;

-- The backend's doors: recorded, pending, or no such row, now or ever. They run with its rights.
create function public.record_outcome(
  log_id uuid, was_successful boolean, workflow_type text, execution_error text
) returns setof jsonb
language plpgsql
set search_path = ''
as $$
declare
  change private.deferred_changes;
begin
  perform private.take_turn(record_outcome.log_id);
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
  'Records how a workflow ended, or holds it until its row arrives.';

create function public.record_correction(
  log_id uuid, to_intent text, reviewer text, notes text, channel text
) returns setof jsonb
language plpgsql
set search_path = ''
as $$
declare
  change private.deferred_changes;
begin
  perform private.take_turn(record_correction.log_id);
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
  'Records a correction, or holds it until its row arrives.';

-- The row arrives. Before it is written, it takes its turn, and its text's where a correction waits;
-- so locks are taken in one order.
create function private.await_held() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform pg_advisory_xact_lock_shared(3, private.turn_of(new.id));
  if exists (
    select from private.deferred_changes where log_id = new.id and to_intent is not null
  ) then
    perform pg_advisory_xact_lock(1, hashtext(encode(new.text_key, 'hex')));
  end if;
  return new;
end
$$;

-- What cannot be applied any more, such as a correction to an intent that was retired meanwhile,
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
      raise warning 'A held change could not be applied and was dropped.';
    end;
  end loop;
  delete from private.deferred_changes where log_id = new.id;
  return null;
end
$$;

-- After `prepare_capture`, which makes the text's key; after `queue_capture`, as in order.
create trigger take_turn before insert on public.nlu_prompt_logs
  for each row execute function private.await_held();
create trigger settle_what_was_held after insert on public.nlu_prompt_logs
  for each row execute function private.apply_deferred_changes();

-- The drain, of rows that it dropped knowingly: nothing waits for them any longer.
create function private.discard_deferred_changes(log_ids uuid[]) returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  gone integer;
begin
  delete from private.deferred_changes held
  where held.log_id = any (log_ids)
    and not exists (select from public.nlu_prompt_logs logs where logs.id = held.log_id);
  get diagnostics gone = row_count;
  return gone;
end
$$;

create function public.discard_deferred_changes(log_ids uuid[]) returns setof jsonb
language sql
set search_path = ''
as $$
  select jsonb_build_object('forgotten', private.discard_deferred_changes(log_ids))
$$;
comment on function public.discard_deferred_changes(uuid[]) is
  'Lets go of the changes that wait for rows which will not come.';

-- Twice as long as a row may be on its way: `prompt-capture redrive` sends it on its way once more.
create function private.delete_expired_changes() returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  gone integer;
begin
  delete from private.deferred_changes
  where deferred_at < now() - 2 * make_interval(days => (select spool_retention_days from private.settings));
  get diagnostics gone = row_count;
  return gone;
end
$$;

revoke all on function
  private.turn_of(uuid),
  private.take_turn(uuid),
  private.may_arrive(uuid),
  private.defer_change(private.deferred_changes),
  private.await_held(),
  private.apply_deferred_changes(),
  private.discard_deferred_changes(uuid[]),
  private.delete_expired_changes(),
  public.record_outcome(uuid, boolean, text, text),
  public.record_correction(uuid, text, text, text, text),
  public.discard_deferred_changes(uuid[])
from public, anon, authenticated, service_role, prompt_writer, prompt_exporter;

grant execute on function
  private.turn_of(uuid), private.take_turn(uuid), private.may_arrive(uuid)
to prompt_maintainer;
grant execute on function
  private.turn_of(uuid),
  private.take_turn(uuid),
  private.defer_change(private.deferred_changes),
  public.record_outcome(uuid, boolean, text, text),
  public.record_correction(uuid, text, text, text, text)
to service_role;
grant execute on function private.discard_deferred_changes(uuid[]), public.discard_deferred_changes(uuid[])
to prompt_writer, service_role;

-- The keeper applies outcomes.
grant update (was_successful, workflow_type, execution_error)
  on public.nlu_prompt_logs to prompt_maintainer;

select cron.schedule(
  'prompt-capture: delete expired changes', '40 6 * * *', 'select private.delete_expired_changes()'
);
