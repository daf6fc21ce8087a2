-- The split: a challenger answers a share of the users, so that it is compared with the champion.
--
-- The arm of a user follows from a keyed hash of the user's id. The function that captures applies it, and the
-- database records the arm of each message by itself, so that no function needs a right to write it.

-- The split that is under way: one row, or none. The ledger says who started, changed and stopped which.
create table private.split (
  only_row boolean not null default true,
  id bigint not null,
  challenger text not null,
  share double precision not null,
  key bytea not null default extensions.gen_random_bytes(32),

  constraint split_pkey primary key (only_row),
  constraint split_has_one_row check (only_row),
  constraint split_was_started foreign key (id) references public.model_events (id),
  constraint challenger_is_registered foreign key (challenger) references public.models (version),
  constraint share_is_between_0_and_1 check (share > 0 and share < 1),
  constraint key_has_32_bytes check (octet_length(key) = 32)
);
create index split_by_id on private.split (id);
create index split_by_challenger on private.split (challenger);

comment on table private.split is 'The split that is under way: one row, or none.';
comment on column private.split.only_row is 'Always true: the table has one row.';
comment on column private.split.id is 'The event that started the split.';
comment on column private.split.challenger is 'The model that answers a share of the users.';
comment on column private.split.share is 'The share of the users whom the challenger answers.';
comment on column private.split.key is
  'The secret of the keyed hash that gives each user an arm. Each split has its own; it is deleted with the split.';

-- The arm of each message that a model answered during a split. Users cannot read it: whoever knows that a comparison
-- is under way may behave in another way.
create table private.split_messages (
  log_id uuid not null,
  split_id bigint not null,
  arm text not null,
  is_fallback boolean not null,
  sender bigint not null,
  was_successful boolean,

  constraint split_messages_pkey primary key (log_id),
  constraint log_exists foreign key (log_id) references public.nlu_prompt_logs (id) on delete cascade,
  -- No foreign key on split_id: all captures would lock the same row of the ledger.
  constraint arm_is_known check (arm in ('champion', 'challenger')),
  constraint only_the_challenger_has_a_fallback check (not is_fallback or arm = 'challenger')
);
create index split_messages_by_split on private.split_messages (split_id);

alter table private.split_messages
  alter column log_id set statistics 0,
  alter column sender set statistics 0;

comment on table private.split_messages is
  'The arm of each message that a model answered during a split. A row is deleted with its message.';
comment on column private.split_messages.log_id is 'The message.';
comment on column private.split_messages.split_id is 'The event that started the split.';
comment on column private.split_messages.arm is
  'The arm of the sender: `champion` or `challenger`.';
comment on column private.split_messages.is_fallback is
  'Whether the champion answered in the arm of the challenger, which the instance had not loaded or could not load.';
comment on column private.split_messages.sender is
  'The keyed hash of the sender, of which the arm follows: it only distinguishes the senders of one split.';
comment on column private.split_messages.was_successful is
  'The outcome of the message, so that the results of a split are read from this table alone. Set by the database.';

alter table private.split enable row level security;
alter table private.split force row level security;
alter table private.split_messages enable row level security;
alter table private.split_messages force row level security;

create policy "The maintainer reads the split"
  on private.split for select to prompt_maintainer using (true);
create policy "The maintainer starts a split"
  on private.split for insert to prompt_maintainer with check (true);
create policy "The maintainer changes the split"
  on private.split for update to prompt_maintainer using (true) with check (true);
create policy "The maintainer stops the split"
  on private.split for delete to prompt_maintainer using (true);

create policy "The maintainer reads the arm of every message"
  on private.split_messages for select to prompt_maintainer using (true);
create policy "The maintainer records the arm of a message"
  on private.split_messages for insert to prompt_maintainer with check (true);

create policy "The maintainer records how the workflow of a message ended"
  on private.split_messages for update to prompt_maintainer using (true) with check (true);

create trigger before_90_refuse_changes before insert or update or delete or truncate on private.split
  for each statement when (current_user <> 'prompt_maintainer')
  execute function private.refuse_registry_changes();
create trigger before_90_refuse_changes before insert or update or truncate on private.split_messages
  for each statement when (current_user <> 'prompt_maintainer')
  execute function private.refuse_registry_changes();

-- A row is deleted with its message, in the name of the owner of this table.
create trigger before_90_refuse_delete before delete on private.split_messages
  for each row when (pg_trigger_depth() = 0)
  execute function private.refuse_registry_changes();

set role prompt_maintainer;

-- The keyed hash of a user, of 48 bits.
create function private.split_hash(user_id uuid, key bytea) returns bigint
language sql immutable
set search_path = ''
as $$
  select ('x' || encode(substring(extensions.hmac(uuid_send(user_id), key, 'sha256') from 1 for 6), 'hex'))::bit(48)::bigint
$$;

-- The arm of a user: `Split.arm_of` in Python returns the same.
create function private.split_arm(user_id uuid, key bytea, share double precision) returns text
language sql immutable
set search_path = ''
as $$
  select case
    when private.split_hash(user_id, key) / 281474976710656::double precision < share then 'challenger'
    else 'champion'
  end
$$;

-- Which models serve: the address of the champion, if any, and `split`, if there is one.
create function private.compose_serving() returns jsonb
language sql stable
set search_path = ''
as $$
  select coalesce(private.model_address((private.champion_event()).version), '{}') || coalesce((
    select jsonb_build_object('split', jsonb_build_object(
      'id', id, 'challenger', private.model_address(challenger), 'share', share, 'key', encode(key, 'hex')
    )) from private.split
  ), '{}')
$$;

-- Stops the split, if it is under way, and returns the event.
create function private.append_split_stopped(operator text, p_reason text, p_evidence jsonb) returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  stopped private.split;
  event jsonb;
begin
  delete from private.split returning * into stopped;
  if stopped.id is not null then
    event := private.append_model_event('split_stopped', stopped.challenger, operator, p_reason, p_evidence);
    perform private.record_serving();
  end if;
  return event;
end
$$;

-- A comparison with another champion, or of a quarantined challenger, ends with the event that makes it one.
create function private.end_split() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if new.kind in ('promoted', 'rolled_back') or new.version = (select challenger from private.split) then
    perform private.append_split_stopped(
      new.actor, case new.kind when 'quarantined' then 'The challenger was quarantined.'
        else 'Another model became the champion.' end, '{}'
    );
  end if;
  return null;
end
$$;

-- Starts a split with a challenger, or changes its share, and returns the event. Null: it has that share already.
create function private.split_model(p_version text, p_share double precision, p_actor text, p_reason text, p_evidence jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  operator text := private.begin_registry_change(p_actor);
  current private.split;
  event jsonb;
begin
  perform private.refuse_unknown_model(p_version);
  if private.is_quarantined(p_version) then
    raise exception 'The model is quarantined.'
      using errcode = 'PT409', hint = 'Compare another one. A quarantine is final.';
  end if;
  if p_version = (private.champion_event()).version then
    raise exception 'The model is the champion.'
      using errcode = 'PT412', hint = 'A challenger is another model than the champion.';
  end if;
  if (p_share > 0 and p_share < 1) is not true then
    raise exception 'The share is not between 0 and 1.'
      using errcode = 'check_violation', constraint = 'share_is_between_0_and_1';
  end if;
  select * into current from private.split;
  if current.challenger <> p_version then
    raise exception 'Another split is under way.'
      using errcode = 'PT412', hint = 'Stop it first: prompt-capture models split stop.';
  end if;
  if current.share = p_share then
    return null;
  end if;
  event := private.append_model_event(
    case when current.id is null then 'split_started' else 'split_changed' end,
    p_version, operator, p_reason, coalesce(p_evidence, '{}') || jsonb_build_object('share', p_share)
  );
  if current.id is null then
    insert into private.split (id, challenger, share) values ((event ->> 'id')::bigint, p_version, p_share);
  else
    update private.split set share = p_share;
  end if;
  perform private.record_serving();
  return event;
end
$$;

-- Returns everybody to the champion, and returns the event. Null: no split is under way, or another one than `p_split`.
create function private.stop_split(p_actor text, p_reason text, p_evidence jsonb, p_split bigint) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  operator text := private.begin_registry_change(p_actor);
begin
  if p_split <> (select id from private.split) then
    return null;
  end if;
  return private.append_split_stopped(operator, p_reason, p_evidence);
end
$$;

-- The latest split, with the outcomes of its messages: how many users of an arm have how many outcomes, and how many
-- of these are successes. Null: there was none. Nobody is named, and no message.
create function private.read_split() returns jsonb
language sql stable
security definer
set search_path = ''
as $$
  with latest as (
    select id, version as challenger, at as started_at from public.model_events
    where kind = 'split_started' order by id desc limit 1
  ), users as materialized (
    -- One pass over a narrow table: there may be millions of messages.
    select arm, count(*) as messages, count(*) filter (where is_fallback) as fallbacks,
      count(was_successful) as outcomes, count(*) filter (where was_successful) as successes
    from private.split_messages where split_id = (select id from latest) group by arm, sender
  ), groups as (
    select arm, outcomes, successes, count(*) as users from users where outcomes > 0 group by 1, 2, 3
  )
  select jsonb_build_object(
    'id', id, 'challenger', challenger, 'started_at', started_at,
    'champion', (
      select version from public.model_events
      where kind in ('promoted', 'rolled_back') and id < latest.id order by id desc limit 1
    ),
    'share', (select share from private.split where split.id = latest.id),
    'latest_share', (
      select evidence -> 'share' from public.model_events
      where kind in ('split_started', 'split_changed') order by id desc limit 1
    ),
    'stopped', (
      select private.show_model_event(events) from public.model_events events
      where kind = 'split_stopped' and events.id > latest.id order by events.id limit 1
    ),
    'messages', (select coalesce(sum(messages), 0) from users where arm = 'challenger'),
    'fallbacks', (select coalesce(sum(fallbacks), 0) from users),
    'groups', (select coalesce(jsonb_agg(to_jsonb(groups)), '[]') from groups)
  ) from latest
$$;

-- Records the arm of each captured message, while a split is under way. A message beyond the daily cap does not count,
-- and nor does one that a rule decided, which no model answered. A failure is logged and never fails the capture,
-- nor does the capture wait while somebody holds the tables.
create function private.record_arms() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  lock table private.split in access share mode nowait;
  if exists (select from private.split) then
    lock table private.split_messages in row exclusive mode nowait;
    insert into private.split_messages (log_id, split_id, arm, is_fallback, sender, was_successful)
    select logs.id, split.id, arm, arm = 'challenger' and logs.model_version <> challenger,
      private.split_hash(logs.user_id, key), logs.was_successful
    -- Not of the captured rows: an outcome that arrived before its row has been applied by now.
    from captured join public.nlu_prompt_logs logs on logs.id = captured.id cross join private.split
    cross join lateral private.split_arm(logs.user_id, key, share) as arm
    where logs.source = 'model' and logs.within_daily_cap;
  end if;
  return null;
exception when others then
  raise log 'The arm of a message cannot be recorded (%).', sqlstate;
  return null;
end
$$;

-- Records the outcome of a message with its arm. A failure is logged and never fails the outcome, as with a capture.
create function private.record_outcome_of_arm() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  lock table private.split_messages in row exclusive mode nowait;
  update private.split_messages set was_successful = new.was_successful where log_id = new.id;
  return null;
exception when others then
  raise log 'The outcome of a message of a split cannot be recorded (%).', sqlstate;
  return null;
end
$$;

set role postgres;

create trigger after_20_end_split after insert on public.model_events
  for each row when (new.kind in ('promoted', 'rolled_back', 'quarantined'))
  execute function private.end_split();

create trigger after_60_record_arms after insert on public.nlu_prompt_logs
  referencing new table as captured
  for each statement execute function private.record_arms();
create trigger after_60_record_outcome_of_arm after update of was_successful on public.nlu_prompt_logs
  for each row when (new.was_successful is distinct from old.was_successful)
  execute function private.record_outcome_of_arm();

-- Entry points. They run with the caller's rights. ---------------------------------------------------

create function public.split_model(
  version text, share double precision, actor text, reason text, evidence jsonb default '{}'
) returns jsonb
language sql
set search_path = ''
as $$
  select private.split_model(version, share, actor, reason, evidence)
$$;
comment on function public.split_model(text, double precision, text, text, jsonb) is
  'Lets a challenger answer a share of the users, or changes that share. Returns the event, or null where it has that share already.';

create function public.stop_split(
  actor text, reason text, evidence jsonb default '{}', split bigint default null
) returns jsonb
language sql
set search_path = ''
as $$
  select private.stop_split(actor, reason, evidence, split)
$$;
comment on function public.stop_split(text, text, jsonb, bigint) is
  'Returns everybody to the champion. Returns the event, or null where no split is under way, or another one than `split`.';

create function public.read_split() returns jsonb
language sql stable
set search_path = ''
as $$
  select private.read_split()
$$;
comment on function public.read_split() is
  'Returns the latest split, and how many users of each arm had how many outcomes and successes. Null: there was none.';
