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
  to_secondary_intents text[],
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
comment on column private.deferred_changes.to_secondary_intents is 'Of a correction.';
comment on column private.deferred_changes.reviewer is 'Of a correction.';
comment on column private.deferred_changes.notes is 'Of a correction.';
comment on column private.deferred_changes.channel is 'Of a correction.';
comment on column private.deferred_changes.deferred_at is 'When the change was made.';

create index deferred_changes_by_log_id on private.deferred_changes (log_id, id);
create index deferred_changes_by_age on private.deferred_changes (deferred_at);
create index deferred_changes_by_reviewer on private.deferred_changes (private.fold_name(reviewer))
  where reviewer is not null;

-- Estimates would reveal texts and names: see 04_prompt_logs.sql.
alter table private.deferred_changes
  alter column execution_error set statistics 0,
  alter column reviewer set statistics 0,
  alter column notes set statistics 0;
alter index private.deferred_changes_by_reviewer alter column 1 set statistics 0;

alter table private.deferred_changes enable row level security;
alter table private.deferred_changes force row level security;

create policy "The maintainer reads deferred changes"
  on private.deferred_changes for select to prompt_maintainer using (true);
create policy "The maintainer defers a change"
  on private.deferred_changes for insert to prompt_maintainer with check (true);
create policy "The maintainer locks the changes that it applies or deletes"
  on private.deferred_changes for update to prompt_maintainer using (true) with check (true);
create policy "The maintainer deletes changes that were applied or are too old"
  on private.deferred_changes for delete to prompt_maintainer using (true);

-- Rows that the drain dropped, since their users do not exist or were erased. No change of theirs is deferred
-- any more.
create table private.dropped_captures (
  log_id uuid not null,
  dropped_at timestamptz not null default now(),

  constraint dropped_captures_pkey primary key (log_id)
);

comment on table private.dropped_captures is 'Ids of rows that will not arrive. Holds no text and no user.';
comment on column private.dropped_captures.log_id is 'The id of the row.';
comment on column private.dropped_captures.dropped_at is 'When the row was dropped.';

create index dropped_captures_by_age on private.dropped_captures (dropped_at);

alter table private.dropped_captures enable row level security;
alter table private.dropped_captures force row level security;

create policy "The maintainer reads which rows were dropped"
  on private.dropped_captures for select to prompt_maintainer using (true);
create policy "The maintainer records which rows were dropped"
  on private.dropped_captures for insert to prompt_maintainer with check (true);
create policy "The maintainer deletes old records of dropped rows"
  on private.dropped_captures for delete to prompt_maintainer using (true);

-- Deferring a change --------------------------------------------------------------------------------

-- Whether a row with this id can still arrive. An erased or dropped row cannot. An id of version 7 holds the time at
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
  ) and not exists (
    select from private.dropped_captures dropped where dropped.log_id = may_arrive.log_id
  );
end
$$;

-- A row rarely waits for more than one change. More are invented or repeated, and its capture applies them all.
create function private.max_deferred_changes() returns integer
language sql immutable
set search_path = ''
as $$
  select 20
$$;

create function private.max_deferred_corrections() returns integer
language sql immutable
set search_path = ''
as $$
  select 1000
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
  if num_nonnulls(change.was_successful, change.to_intent) <> 1 then
    raise exception 'A change is an outcome or a correction.'
      using errcode = 'check_violation', hint = 'Set was_successful, or to_intent.';
  end if;
  change.reviewer := private.reviewer_name(change.reviewer);
  if char_length(change.reviewer) > 200 or char_length(change.notes) not between 1 and 2000
    or char_length(change.workflow_type) not between 1 and 100
    or char_length(change.execution_error) not between 1 and 8000 then
    raise exception 'A text of the change is empty or too long.'
      using errcode = 'check_violation',
        hint = 'reviewer: 200 characters, notes: 2,000, workflow_type: 100, execution_error: 8,000.';
  end if;
  if change.to_intent is not null and not private.is_active_intent(change.to_intent) then
    raise exception 'This intent is not in the catalogue, or is retired.'
      using errcode = 'foreign_key_violation', constraint = 'to_intent_is_in_the_catalogue',
        hint = 'Choose one of public.intent_catalogue whose retired_at is empty.';
  end if;
  perform private.validate_secondary_intents(change.to_secondary_intents, change.to_intent, null);
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
  if change.to_intent is not null then
    -- Waits for the deletion of an account that is under way.
    perform private.lock_edits_shared();
    perform private.refuse_erased_reviewer(change.reviewer);
    -- Ids can be invented, so the number of corrections that one reviewer may defer is bounded.
    if private.max_deferred_corrections() <= (
      select count(*) from (
        select from private.deferred_changes deferred
        where private.fold_name(deferred.reviewer) = private.fold_name(change.reviewer)
        limit private.max_deferred_corrections()
      ) as counted
    ) then
      raise exception 'Too many corrections of this reviewer wait for rows that have not arrived.'
        using errcode = 'PT429', hint = 'Wait until the spool is drained, or correct rows that are on record.';
    end if;
  end if;

  insert into private.deferred_changes (
    log_id, was_successful, workflow_type, execution_error, to_intent, to_secondary_intents, reviewer, notes,
    channel
  )
  select change.log_id, change.was_successful, change.workflow_type, change.execution_error,
    change.to_intent, change.to_secondary_intents, change.reviewer, change.notes, change.channel
  where (
    change.was_successful, change.workflow_type, change.execution_error,
    change.to_intent, change.to_secondary_intents, change.reviewer, change.notes
  ) is distinct from (
    select (latest.was_successful, latest.workflow_type, latest.execution_error,
      latest.to_intent, latest.to_secondary_intents, latest.reviewer, latest.notes)
    from private.deferred_changes latest
    where latest.log_id = change.log_id
      and (latest.to_intent is null) = (change.to_intent is null)
    order by latest.id desc limit 1
  );
  -- The latest outcome and the latest correction of each reviewer are the last to go: one reviewer's changes do not
  -- displace what others say.
  delete from private.deferred_changes where id in (
    select id from private.deferred_changes where log_id = change.log_id
    order by row_number() over (partition by private.fold_name(reviewer) order by id desc) > 1, id desc
    offset private.max_deferred_changes()
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
  is_recorded boolean;
begin
  perform private.lock_log_ids(array[record_outcome.log_id]);
  perform private.apply_waiting_changes(record_outcome.log_id);
  perform private.announce_one_row(true);
  update public.nlu_prompt_logs logs
  set was_successful = record_outcome.was_successful,
    workflow_type = record_outcome.workflow_type,
    execution_error = record_outcome.execution_error
  where logs.id = record_outcome.log_id;
  is_recorded := found;
  perform private.announce_one_row(false);
  if is_recorded then
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
  log_id uuid, to_intent text, reviewer text, notes text, channel text,
  to_secondary_intents text[] default null
) returns setof jsonb
language plpgsql
set search_path = ''
as $$
declare
  change private.deferred_changes;
begin
  record_correction.reviewer := private.reviewer_name(record_correction.reviewer);
  perform private.refuse_erased_reviewer(record_correction.reviewer);
  perform private.lock_log_ids(array[record_correction.log_id]);
  perform private.apply_waiting_changes(record_correction.log_id);
  if exists (select from public.nlu_prompt_logs logs where logs.id = record_correction.log_id) then
    perform private.announce_one_row(true);
    insert into public.correction_events
      (log_id, to_intent, to_secondary_intents, reviewer, notes, channel)
    values (
      record_correction.log_id, record_correction.to_intent, record_correction.to_secondary_intents,
      record_correction.reviewer, record_correction.notes, record_correction.channel
    );
    perform private.announce_one_row(false);
    return next jsonb_build_object('state', 'recorded');
    return;
  end if;
  change.log_id := record_correction.log_id;
  change.to_intent := record_correction.to_intent;
  change.to_secondary_intents := record_correction.to_secondary_intents;
  change.reviewer := record_correction.reviewer;
  change.notes := record_correction.notes;
  change.channel := record_correction.channel;
  return next jsonb_build_object(
    'state', case when private.defer_change(change) then 'pending' else 'absent' end
  );
end
$$;
comment on function public.record_correction(uuid, text, text, text, text, text[]) is
  'Records a correction, or defers it until its row arrives.';

set role prompt_maintainer;

-- The number of the latest correction of any text; 0: there is none. Waits, as an edit in the dashboard does, for the
-- corrections that are under way: one of another text may have a smaller number, and is to be on record.
create function private.find_latest_correction() returns bigint
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.lock_edits();
  return (select coalesce(max(id), 0) from public.correction_events);
end
$$;

set role postgres;

create function public.find_latest_correction() returns bigint
language sql
set search_path = ''
set lock_timeout = '2s'  -- as in lock_edits_first (05)
as $$
  select private.find_latest_correction()
$$;
comment on function public.find_latest_correction() is
  'The number of the latest correction of any text, for record_review. Every correction with a smaller number is on record.';

-- For reviews that were made earlier, in a file: the decision replaces only the label that the reviewer saw, with its
-- secondary intents. Returns `recorded`, `changed`: the text has another label now, or `absent`. A file may hold
-- several copies of a text, so the label may also come from this reviewer's own decision. Where that says more
-- about secondary intents, it stays. A disputed text has no label: there, a vote stays that this reviewer changed after
-- `seen_event`, the latest correction of any text when the file was compared (find_latest_correction).
create function public.record_review(
  log_id uuid, to_intent text, reviewer text, notes text, seen_intent text,
  to_secondary_intents text[] default null, seen_secondary_intents text[] default null,
  seen_event bigint default null
) returns setof jsonb
language plpgsql
set search_path = ''
as $$
declare
  label text;
  label_secondary_intents text[];
  decision public.correction_events;
  is_own_decision boolean;
begin
  record_review.reviewer := private.reviewer_name(record_review.reviewer);
  perform private.refuse_erased_reviewer(record_review.reviewer);
  perform private.lock_log_ids(array[record_review.log_id]);
  perform private.apply_waiting_changes(record_review.log_id);
  perform private.lock_texts(array_agg(text_key)) from public.nlu_prompt_logs logs
  where logs.id = record_review.log_id;
  decision := private.find_decision(text_key) from public.nlu_prompt_logs logs
  where logs.id = record_review.log_id;
  is_own_decision := (private.fold_name(decision.reviewer), decision.to_intent) is not distinct from (
    private.fold_name(record_review.reviewer), record_review.to_intent
  );
  if is_own_decision then
    to_secondary_intents := coalesce(to_secondary_intents, decision.to_secondary_intents);
    is_own_decision := to_secondary_intents is not distinct from decision.to_secondary_intents;
  end if;
  select corrected_intent, corrected_secondary_intents into label, label_secondary_intents
  from public.labelled_prompts labelled where labelled.id = record_review.log_id;
  if not found then
    return next jsonb_build_object('state', 'absent');
  elsif not is_own_decision
    and (label, label_secondary_intents) is distinct from (seen_intent, seen_secondary_intents)
    and (label, label_secondary_intents)
      is distinct from (record_review.to_intent, record_review.to_secondary_intents)
    or exists (
      select from public.nlu_prompt_logs logs cross join lateral private.latest_events(logs.text_key) as own
      where logs.id = record_review.log_id and own.id > seen_event
        and private.fold_name(own.reviewer) = private.fold_name(record_review.reviewer)
        and own.to_intent is distinct from record_review.to_intent
    )
  then
    return next jsonb_build_object('state', 'changed');
  else
    return query select public.record_correction(
      record_review.log_id, record_review.to_intent, record_review.reviewer, record_review.notes,
      'import', record_review.to_secondary_intents
    );
  end if;
end
$$;
comment on function public.record_review(uuid, text, text, text, text, text[], text[], bigint) is
  'Records a correction from a review file, unless the text has another label now than the reviewer saw, or another vote of theirs.';

-- Applying the changes ------------------------------------------------------------------------------

set role prompt_maintainer;

-- Applies the changes that were deferred for a row, if it is on record. The caller holds the locks of its id
-- and of its text. A change is dropped if it is older than what was recorded meanwhile, or can no longer be
-- applied, such as a correction to an intent that was retired: it must not keep the row from being written. Those that
-- another transaction is deleting are left: nobody waits for the erasure of their reviewer.
create function private.apply_deferred_changes(p_log_id uuid) returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  change private.deferred_changes;
  decision public.correction_events;
  corrections constant bigint := (select count(to_intent) from private.deferred_changes where log_id = p_log_id);
  outcome_was_recorded_at timestamptz := (
    select outcome_recorded_at from public.nlu_prompt_logs where id = p_log_id
  );
begin
  perform private.let_copies_show_later(corrections > 1);
  for change in
    select * from private.deferred_changes
    where log_id = p_log_id and exists (select from public.nlu_prompt_logs where id = p_log_id)
    order by id for update skip locked
  loop
    begin
      if change.to_intent is null then
        update public.nlu_prompt_logs
        set was_successful = change.was_successful, workflow_type = change.workflow_type,
          execution_error = change.execution_error
        where id = p_log_id and (outcome_was_recorded_at <= change.deferred_at) is not false;
      else
        insert into public.correction_events
          (log_id, to_intent, to_secondary_intents, reviewer, notes, channel, deferred_at)
        select p_log_id, change.to_intent, change.to_secondary_intents, change.reviewer, change.notes,
          change.channel, change.deferred_at
        where not exists (
          select from public.correction_events later join public.nlu_prompt_logs logs using (text_key)
          where logs.id = p_log_id and private.fold_name(later.reviewer) = private.fold_name(change.reviewer)
            and coalesce(later.deferred_at, later.corrected_at) > change.deferred_at
        );
      end if;
    exception when integrity_constraint_violation or data_exception or sqlstate 'PT403' or sqlstate 'PT429' then
      raise warning 'A deferred change could not be applied and was dropped.';
    end;
    delete from private.deferred_changes where id = change.id;
  end loop;
  if corrections > 1 then
    perform private.let_copies_show_later(false);
    decision := private.find_decision(text_key) from public.nlu_prompt_logs where id = p_log_id;
    perform private.show_on_next_copies(
      decision, private.is_disputed(decision.text_key, decision.to_intent), '00000000-0000-0000-0000-000000000000'
    );
  end if;
end
$$;

-- Deletes the changes that were to be applied to rows that arrived and were deleted before that. They may quote them.
create function private.delete_changes_of_deleted_rows(log_ids uuid[]) returns void
language plpgsql
set search_path = ''
as $$
begin
  delete from private.deferred_changes where id in (
    select id from private.deferred_changes deferred
    where deferred.log_id = any (log_ids)
      and not exists (select from public.nlu_prompt_logs logs where logs.id = deferred.log_id)
    order by id for update skip locked
  );
end
$$;

-- Applies what `complete_captures` has not applied yet, before a later change of the same row.
create function private.apply_waiting_changes(p_log_id uuid) returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  if exists (select from private.deferred_changes where log_id = p_log_id) then
    perform private.lock_texts(array_agg(text_key)) from public.nlu_prompt_logs where id = p_log_id;
    perform private.apply_deferred_changes(p_log_id);
  end if;
end
$$;

-- Applies the deferred changes of a new row. Does not wait: returns false where another transaction changes
-- the text, one of its copies, its queue item, or the changes; and where many corrections wait, or the text has many
-- copies, which take long.
create function private.try_apply_deferred_changes(log public.nlu_prompt_logs) returns boolean
language plpgsql
set search_path = ''
as $$
begin
  if exists (select from private.deferred_changes where log_id = log.id and to_intent is not null) then
    if private.try_lock_texts(array[log.text_key]) = '{}' then
      return false;
    end if;
    if 100 < (
      select count(*) from private.deferred_changes where log_id = log.id and to_intent is not null
    ) * (
      select count(*) from (
        select from public.nlu_prompt_logs where text_key = log.text_key limit 101
      ) as copies
    ) then
      return false;
    end if;
    if exists (
      select id from public.nlu_prompt_logs where text_key = log.text_key
      except select id from (
        select id from public.nlu_prompt_logs where text_key = log.text_key for update skip locked
      ) as lockable
    ) then
      return false;
    end if;
    if exists (select from public.review_queue where text_key = log.text_key) then
      perform from public.review_queue where text_key = log.text_key for update skip locked;
      if not found then
        return false;
      end if;
    elsif not private.try_lock_new_queue_item(log.text_key) then
      return false;
    end if;
  end if;
  perform private.apply_deferred_changes(log.id);
  return not exists (select from private.deferred_changes where log_id = log.id);
exception when lock_not_available then
  return false;
end
$$;

-- A user waits for the capture: most messages cost two look-ups. Beyond the daily cap the queue is not read
-- at all: otherwise the time that it takes would reveal whether the text is in it.
create function private.complete_new_captures() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  copies public.nlu_prompt_logs[];
  log public.nlu_prompt_logs;
  is_complete boolean;
  changes bigint;
  corrections bigint := 0;
begin
  -- In order, and before any item. A message has no correction: only rows that the dashboard inserts may have one.
  perform private.lock_texts(array_agg(text_key)) from captured where corrected_intent is not null having count(*) > 0;
  for copies in
    select array_agg(captured::public.nlu_prompt_logs) from captured where within_daily_cap group by text_key
  loop
    if not private.try_queue_logs(copies, true) then
      insert into private.incomplete_captures (log_id, text_key) select id, text_key from unnest(copies);
    end if;
  end loop;
  for log in select * from captured loop
    is_complete := private.try_lock_log_id_shared(log.id);
    if is_complete then
      select count(*), corrections + count(to_intent) into changes, corrections
      from private.deferred_changes where log_id = log.id;
      if changes > 0 then
        is_complete := corrections <= private.max_deferred_changes() and private.try_apply_deferred_changes(log);
      end if;
    end if;
    if not is_complete then
      insert into private.incomplete_captures (log_id, text_key) values (log.id, log.text_key);
    end if;
  end loop;
  insert into public.correction_events
    (log_id, to_intent, to_secondary_intents, reviewer, notes, channel)
  select id, corrected_intent, corrected_secondary_intents, coalesce(corrected_by, 'dashboard'),
    correction_notes, 'dashboard'
  from captured where corrected_intent is not null;
  return null;
end
$$;

set role postgres;

create trigger after_10_complete_captures after insert on public.nlu_prompt_logs
  referencing new table as captured
  for each statement execute function private.complete_new_captures();

set role prompt_maintainer;

-- Completes one batch of captures that met another change of their text; returns how many. What is locked is left
-- for the next run, and so are texts with more copies than a batch counts. The correction of one text with many copies
-- is shown on more of them.
create function private.complete_captures() returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  batch private.incomplete_captures[];
  locked_texts bytea[];
  counted_texts bytea[];
  incomplete record;
  decision public.correction_events;
  disputed boolean;
  shown_text bytea;
  is_finished boolean;
  unfinished bytea[] := '{}';
begin
  select array_agg(waiting::private.incomplete_captures) into batch from (
    select * from private.incomplete_captures
    order by id limit (select retention_batch_rows from private.settings)
    for update skip locked
  ) as waiting;
  locked_texts := private.try_lock_items(array(select distinct text_key from unnest(batch)));
  counted_texts := private.limit_copies(array(
    -- The oldest first: a text with many copies that always has new ones must not keep the others waiting.
    select text_key from unnest(batch) where text_key = any (locked_texts) and not shows_copies
    group by text_key order by min(id)
  ));
  batch := array(
    select waiting::private.incomplete_captures from unnest(batch) as waiting
    where text_key = any (case when shows_copies then locked_texts else counted_texts end)
      and private.try_lock_log_id(log_id)
  );
  -- The corrections of a row may change as many rows as they are shown on at once, so few are applied in a batch.
  batch := array(
    select waiting from (
      select waiting, corrections, cost, sum(cost) over (order by (waiting).id) as total
      from (
        select waiting, corrections, sum(least(corrections, 1)) over (order by (waiting).id) as rows_corrected
        from unnest(batch) as waiting cross join lateral (
          select count(to_intent) as corrections from private.deferred_changes where log_id = (waiting).log_id
        ) as deferred
      ) as counted cross join lateral (
        select case when corrections > 0 and rows_corrected <= private.max_deferred_changes() then
          corrections + cardinality(
            private.next_copies((waiting).text_key, '00000000-0000-0000-0000-000000000000')
          ) / private.max_deferred_changes()
        else corrections end as cost
      ) as weighed
    ) as weighed
    where corrections = 0 or total <= greatest(cost, private.max_deferred_changes())
  );
  perform private.refresh_queue_item(text_key, log_ids) from (
    select text_key, array_agg(log_id) as log_ids from unnest(batch) where not shows_copies
    group by text_key order by text_key
  ) as texts;
  for incomplete in
    -- Several corrections of a text may go on at several rows: from the first of these on, all copies show the last one.
    select text_key, array_agg(log_id order by id) as log_ids,
      (array_agg(log_id order by log_id) filter (where shows_copies))[1] as shown_until
    from unnest(batch) group by text_key order by min(id)
  loop
    begin
      perform private.apply_deferred_changes(log_id) from unnest(incomplete.log_ids) as logs (log_id);
      perform private.delete_changes_of_deleted_rows(incomplete.log_ids);
      -- A change that another transaction is deleting is still to be applied where that is rolled back.
      is_finished := not exists (
        select from private.deferred_changes where log_id = any (incomplete.log_ids)
      );
    exception when lock_not_available then
      is_finished := false;  -- a reviewer is being erased
    end;
    if not is_finished then
      unfinished := unfinished || incomplete.text_key;
    end if;
    decision := private.find_decision(incomplete.text_key);
    disputed := private.is_disputed(incomplete.text_key, decision.to_intent);
    perform private.show_correction(decision, disputed, incomplete.log_ids);
    if is_finished and shown_text is null and incomplete.shown_until is not null then
      shown_text := incomplete.text_key;
      perform private.show_on_next_copies(decision, disputed, incomplete.shown_until);
    end if;
  end loop;
  delete from private.incomplete_captures where id in (
    select id from unnest(batch)
    where text_key <> all (unfinished) and (not shows_copies or text_key = shown_text)
  );
  return cardinality(batch);
end
$$;

set role postgres;

-- Discarding them -----------------------------------------------------------------------------------

-- Whoever deletes the changes of several rows locks them first, in the order of their numbers. The nightly job skips those
-- that another transaction is deleting.

set role prompt_maintainer;

create function private.discard_deferred_changes(log_ids uuid[]) returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  discarded integer;
begin
  perform private.lock_log_ids(log_ids);
  insert into private.dropped_captures (log_id)
  select distinct id from unnest(log_ids) as dropped (id)
  where id is not null and not exists (select from public.nlu_prompt_logs logs where logs.id = dropped.id)
  on conflict do nothing;
  perform from private.deferred_changes deferred
  where deferred.log_id = any (log_ids) order by id for update;
  delete from private.deferred_changes deferred
  where deferred.log_id = any (log_ids)
    and not exists (select from public.nlu_prompt_logs logs where logs.id = deferred.log_id);
  get diagnostics discarded = row_count;
  return discarded;
end
$$;

-- Deletes one batch of changes, and one of the records of dropped rows; returns how many. They stay for twice the
-- retention of the spool, since `prompt-capture redrive` spools a row once more.
create function private.delete_expired_changes() returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  max_rows constant integer := (select retention_batch_rows from private.settings);
  cutoff constant timestamptz
    := now() - 2 * make_interval(days => (select spool_retention_days from private.settings));
  deleted integer;
  total integer;
begin
  -- An array, as in delete_expired_exports (08).
  delete from private.deferred_changes where id = any (array(
    select id from private.deferred_changes where deferred_at < cutoff
    order by deferred_at limit max_rows for update skip locked
  ));
  get diagnostics total = row_count;
  delete from private.dropped_captures where log_id in (
    select log_id from private.dropped_captures where dropped_at < cutoff
    order by dropped_at limit max_rows
  );
  get diagnostics deleted = row_count;
  return total + deleted;
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
