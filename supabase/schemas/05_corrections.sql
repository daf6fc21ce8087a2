-- Corrections: an append-only history of events.
--
-- Every correction is a row of this table, whatever its channel. The API and the import insert it; an
-- edit in the dashboard, of a captured row or of the queue, is turned into one. A model sees only a text,
-- so a correction is about a text: it labels all of its copies, later ones too. Senders see it only on the
-- row that the reviewer named, and on copies that were chosen for review before it was made.

create table public.correction_events (
  id bigint generated always as identity,
  log_id uuid,
  text_key bytea not null,
  from_intent text not null,
  to_intent text,
  to_secondary_intents text[],
  reviewer text not null,
  notes text,
  channel text not null,
  corrected_at timestamptz not null default now(),
  deferred_at timestamptz,

  constraint correction_events_pkey primary key (id),
  constraint corrected_prompt_is_captured
    foreign key (log_id) references public.nlu_prompt_logs (id) on delete set null,
  constraint to_intent_is_in_the_catalogue
    foreign key (to_intent) references public.intent_catalogue (intent),
  constraint to_secondary_intents_belong_to_an_intent
    check (to_secondary_intents is null or to_intent is not null),
  constraint reviewer_has_1_to_200_characters check (char_length(reviewer) between 1 and 200),
  constraint notes_have_1_to_2000_characters check (char_length(notes) between 1 and 2000),
  constraint channel_is_known check (channel in ('api', 'import', 'dashboard', 'migration'))
);

comment on table public.correction_events is
  'Who corrected which text from which intent to which, why, when, and through which channel.';
comment on column public.correction_events.id is 'In the order of recording.';
comment on column public.correction_events.log_id is
  'The captured row that the reviewer named. Null: none, since the decision is about a text of which no row was chosen for review; or the row was deleted while a copy or the retained text remains.';
comment on column public.correction_events.text_key is 'The text key.';
comment on column public.correction_events.from_intent is
  'The intent before: an earlier correction, or the prediction. Equal to to_intent where it was confirmed.';
comment on column public.correction_events.to_intent is
  'The intent that the reviewer chose. Null: the reviewer withdrew their vote.';
comment on column public.correction_events.to_secondary_intents is
  'The further intents that the reviewer chose, in order. Empty: there are none. Null: the correction does not say.';
comment on column public.correction_events.reviewer is
  'A user''s id, a name that the backend gave, `dashboard` for an edit there that names nobody, or the pseudonym of an erased reviewer.';
comment on column public.correction_events.notes is 'The reviewer''s reasons.';
comment on column public.correction_events.channel is
    '`api`, `import` or `dashboard`; `migration` for corrections that are older than this table.';
comment on column public.correction_events.corrected_at is 'Set by the database.';
comment on column public.correction_events.deferred_at is
  'When the correction was made, if it waited for its row. Null: when it was recorded.';

create index correction_events_by_text on public.correction_events (text_key, private.fold_name(reviewer), id desc);
create index correction_events_by_reviewer on public.correction_events (private.fold_name(reviewer), id);
create index correction_events_by_log_id on public.correction_events (log_id);
create index correction_events_by_intent on public.correction_events (to_intent);

-- Estimates would reveal texts and names: see 04_prompt_logs.sql.
alter table public.correction_events
  alter column reviewer set statistics 0,
  alter column notes set statistics 0;
-- The expression of an index has statistics of its own.
alter index public.correction_events_by_text alter column 2 set statistics 0;
alter index public.correction_events_by_reviewer alter column 1 set statistics 0;

-- Users get nothing: their own rows show the correction that applies to them.
alter table public.correction_events enable row level security;
alter table public.correction_events force row level security;

create policy "The maintainer reads every correction"
  on public.correction_events for select to prompt_maintainer using (true);
create policy "The maintainer appends edits in the dashboard and deferred corrections"
  on public.correction_events for insert to prompt_maintainer with check (true);
create policy "The maintainer replaces erased names by pseudonyms, and clears notes"
  on public.correction_events for update to prompt_maintainer using (true) with check (true);
create policy "The maintainer deletes the corrections of texts that nothing holds"
  on public.correction_events for delete to prompt_maintainer using (true);

-- Reviewers' names ----------------------------------------------------------------------------------

-- Names that stand for no particular reviewer: `dashboard` for an edit there that names nobody, `legacy`
-- for corrections older than the history. They cast no votes.
create function private.anonymous_reviewers() returns text[]
language sql immutable
set search_path = ''
as $$
  select array['dashboard', 'legacy']
$$;

-- Whether a reviewer's name is the id of a user.
create function private.is_user_id(name text) returns boolean
language sql immutable
set search_path = ''
as $$
  select name ~* '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$'
$$;

-- A name as a reader sees it. Ids are written in one way, however they were spelled: in upper case, as a URN, and with
-- any hyphens, spaces and punctuation, or none.
create function private.reviewer_name(typed text) returns text
language sql immutable
set search_path = ''
as $$
  select case when letters ~ '^(urn)?(uuid)?[0-9a-f]{32}$'
    then regexp_replace(right(letters, 32), '^(.{8})(.{4})(.{4})(.{4})', '\1-\2-\3-\4-') else name end
  from (select private.visible_text(typed) as name) as cleaned cross join lateral (
    select regexp_replace(
      lower(name collate "C"),
      '[\u0020-\u002F\u003A-\u0040\u005B-\u0060\u007B-\u007E\u00B7\u02D7\u2010-\u205E\u2212\u2796]+', '', 'g'
    ) as letters
  ) as stripped
$$;

-- Names that nobody can review under: those, the empty name, and pseudonyms of erased reviewers, with any dash.
create function private.is_reserved_reviewer(reviewer text) returns boolean
language sql immutable
set search_path = ''
as $$
  select private.normalise_text(reviewer) = any (array_append(private.anonymous_reviewers(), ''))
    or private.normalise_text(reviewer) ~ '^erased[-\u02D7\u058A\u2010-\u2015\u2043\u2212\u2796]'
$$;

-- What an event sets off ----------------------------------------------------------------------------
--   insert  before_05_lock_edits      once per statement, unless a function of the backend inserts one row
--           before_10_set_channel     `dashboard` for edits there; the backend chooses `api` or `import`
--           before_20_validate        check the values; lock the text; drop a repetition
--           after_10_apply            update copies, retained text and queue
--   update, delete, truncate          before_90_refuse_changes, before_95_refuse_truncate

create function private.set_correction_channel() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if current_user = 'prompt_maintainer' then
    return new;
  end if;
  if current_user = 'postgres' then
    new.channel := 'dashboard';
    new.reviewer := coalesce(nullif(btrim(new.reviewer), ''), 'dashboard');
  elsif new.channel is null or new.channel not in ('api', 'import') then
    raise exception 'The channel of a correction must be `api` or `import`.'
      using errcode = 'check_violation', hint = 'Set channel.';
  end if;
  return new;
end
$$;

create trigger before_10_set_channel before insert on public.correction_events
  for each row execute function private.set_correction_channel();

create function private.is_marked_as_deleted(user_id uuid) returns boolean
language plpgsql stable
security definer
set search_path = ''
as $$
begin
  return exists (select from auth.users where users.id = user_id and deleted_at is not null);
end
$$;

-- Whether a name is the id of a user who was erased, or whose account is marked as deleted. Their tokens may be valid
-- for some time.
create function private.is_former_user(name text) returns boolean
language plpgsql stable
set search_path = ''
as $$
begin
  return private.is_user_id(name) and (
    exists (select from private.tombstones where user_key = private.user_key(name::uuid))
    or private.is_marked_as_deleted(name::uuid)
  );
end
$$;

-- The latest event of each reviewer about a text. `Grace` and `grace` are one reviewer. A reviewer may have many, so the
-- index is searched for the latest one of each, and none of the others is read.
create function private.latest_events(p_text_key bytea) returns setof public.correction_events
language plpgsql stable
set search_path = ''
set enable_sort = off
set enable_bitmapscan = off
set enable_seqscan = off
as $$
begin
  return query
  with recursive latest as (
    (
      select id, private.fold_name(reviewer) as name from public.correction_events
      where text_key = p_text_key order by private.fold_name(reviewer), id desc limit 1
    )
    union all
    select next.id, next.name from latest cross join lateral (
      select events.id, private.fold_name(events.reviewer) as name from public.correction_events events
      where text_key = p_text_key and private.fold_name(events.reviewer) > latest.name
      order by private.fold_name(events.reviewer), events.id desc limit 1
    ) as next
  )
  select event.* from latest cross join lateral (
    select * from public.correction_events events where events.id = latest.id limit 1
  ) as event;
end
$$;

set role prompt_maintainer;

-- Refuses a reviewer who was erased, or whose account is marked as deleted. The lock is held until this transaction ends, so that no correction in
-- the name of a user outlives their erasure.
create function private.refuse_erased_reviewer(reviewer text) returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  if not private.is_user_id(reviewer) then
    return;
  end if;
  if not private.try_lock_person_shared(reviewer::uuid) then
    raise exception 'An erasure holds the lock of this reviewer.'
      using errcode = 'lock_not_available', hint = 'Send the correction again.';
  end if;
  if private.is_former_user(reviewer) then
    raise exception 'The account of this reviewer was deleted.'
      using errcode = 'PT403', hint = 'Sign in with another account.';
  end if;
end
$$;

-- The number of the latest event about a text, of all reviewers. 0: there is none.
create function private.latest_event(p_text_key bytea) returns bigint
language sql stable
set search_path = ''
as $$
  select coalesce(max(id), 0) from private.latest_events(p_text_key)
$$;

-- The most corrections of one reviewer on one text: the erasure of a text deletes them all.
create function private.max_corrections_of_a_text() returns integer
language sql immutable
set search_path = ''
as $$
  select 1000
$$;

-- Refuses values before a constraint would write them, whatever they are, to the server's log.
create function private.validate_correction() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  latest public.correction_events;
  decision public.correction_events;
begin
  if new.log_id is null then
    select predicted_intent into new.from_intent from public.review_queue where text_key = new.text_key;
  else
    select text_key, predicted_intent into new.text_key, new.from_intent
    from public.nlu_prompt_logs where id = new.log_id;
  end if;
  if not found then
    raise exception 'No captured prompt has this id.'
      using errcode = 'PT404', hint = 'Send the log_id that the classification returned.';
  end if;
  if new.reviewer is null then
    raise exception 'A correction needs a reviewer.'
      using errcode = 'check_violation', hint = 'Set reviewer.';
  end if;
  new.reviewer := private.reviewer_name(new.reviewer);
  if private.is_reserved_reviewer(new.reviewer)
    and not (new.channel = 'dashboard' and (new.reviewer = 'dashboard' or new.to_intent is null)) then
    raise exception 'This reviewer name is empty or reserved.'
      using errcode = 'check_violation', constraint = 'reviewer_is_a_name',
        hint = 'Set reviewer to your own name. Reserved: dashboard, legacy, erased-...';
  end if;
  if char_length(new.reviewer) > 200 or char_length(new.notes) not between 1 and 2000 then
    raise exception 'A reviewer''s name has at most 200 characters, notes have 1 to 2,000.'
      using errcode = 'check_violation', hint = 'Shorten the text. Without notes, send null.';
  end if;

  perform private.lock_texts(array[new.text_key]);
  -- After the wait, since the account of the reviewer may have been deleted meanwhile.
  perform private.refuse_erased_reviewer(new.reviewer);
  if not exists (select from public.nlu_prompt_logs where id = new.log_id and text_key = new.text_key)
    and (new.log_id is not null or not exists (select from public.nlu_prompt_logs where text_key = new.text_key))
  then
    raise exception 'The prompt was deleted.' using errcode = 'PT404';
  end if;
  select * into latest from public.correction_events where id = private.latest_event(new.text_key);
  decision := private.find_decision(new.text_key);
  new.from_intent := coalesce(decision.to_intent, new.from_intent);

  if new.to_intent is not null and new.to_intent is distinct from decision.to_intent
    and not private.is_active_intent(new.to_intent) then
    raise exception 'This intent is not in the catalogue, or is retired.'
      using errcode = 'foreign_key_violation', constraint = 'to_intent_is_in_the_catalogue',
        hint = 'Choose one of public.intent_catalogue whose retired_at is empty.';
  end if;
  if new.to_secondary_intents is not null and new.to_intent is null then
    raise exception 'Secondary intents need a primary one.'
      using errcode = 'check_violation', constraint = 'to_secondary_intents_belong_to_an_intent',
        hint = 'Set to_intent, or send no secondary intents.';
  end if;
  perform private.validate_secondary_intents(
    new.to_secondary_intents, new.to_intent, decision.to_secondary_intents
  );
  -- A repetition appends nothing, unless it waited for its row: then the time of the decision is a later one.
  if new.deferred_at is null and (latest.reviewer, latest.to_intent, latest.to_secondary_intents, latest.notes)
    is not distinct from (new.reviewer, new.to_intent, new.to_secondary_intents, new.notes) then
    return null;
  end if;
  if new.channel <> 'dashboard' and private.max_corrections_of_a_text() <= (
    select count(*) from (
      select from public.correction_events events
      where events.text_key = new.text_key
        and private.fold_name(events.reviewer) = private.fold_name(new.reviewer)
      limit private.max_corrections_of_a_text()
    ) as counted
  ) then
    raise exception 'This reviewer has corrected this text too often.'
      using errcode = 'PT429', hint = 'Decide the text in the dashboard.';
  end if;

  -- The id that the insert drew before it waited for the lock may be smaller than that of a later correction.
  new.id := nextval('public.correction_events_id_seq');
  new.corrected_at := clock_timestamp();
  return new;
end
$$;

set role postgres;

create trigger before_20_validate before insert on public.correction_events
  for each row execute function private.validate_correction();

-- The event that decides a text: the latest one of all that stand. The latest event of a reviewer stands, unless it
-- withdraws their vote. If none stands, returns the latest event, which has no intent.
create function private.find_decision(p_text_key bytea) returns public.correction_events
language sql stable
set search_path = ''
as $$
  select * from private.latest_events(p_text_key) order by to_intent is null, id desc limit 1
$$;

-- Whether another intent has at least as many votes on the text. Each reviewer's latest event counts.
create function private.is_disputed(p_text_key bytea, label text) returns boolean
language sql stable
set search_path = ''
as $$
  with counted as (
    select to_intent, count(*) as votes from private.latest_events(p_text_key)
    where to_intent is not null and reviewer <> all (private.anonymous_reviewers())
    group by to_intent
  )
  select label is not null and exists (
    select from counted
    where to_intent <> label
      and votes >= coalesce((select votes from counted where to_intent = label), 0)
  )
$$;

-- The most copies of a text on which a transaction shows a correction, since it holds the lock of the text meanwhile.
create function private.max_copies_shown() returns integer
language sql immutable
set search_path = ''
as $$
  select 400
$$;

-- The next copies of a text that may show its correction, in the order of their ids.
create function private.next_copies(p_text_key bytea, after_id uuid) returns uuid[]
language plpgsql stable
set search_path = ''
set enable_sort = off  -- as in count_copies (06)
as $$
begin
  return array(
    select id from public.nlu_prompt_logs
    where text_key = p_text_key and id > after_id
      and (has_review_reason or is_audited or corrected_intent is not null)
    order by id limit private.max_copies_shown()
  );
end
$$;

-- Shows a correction on these rows of its text. A sender sees a correction only on the named row and on rows that were
-- chosen for review before. On any other copy it
-- would reveal that somebody else sent the same text, and so would an earlier decision that stands again after a
-- retraction: a row that was captured after it shows none. Notes may be about the sender of the named row, so other
-- rows do not get them.
create function private.show_correction(event public.correction_events, disputed boolean, log_ids uuid[])
returns void
language plpgsql
set search_path = ''
as $$
begin
  update public.nlu_prompt_logs logs
  set corrected_intent = shown.to_intent, corrected_secondary_intents = shown.to_secondary_intents,
    corrected_by = shown.reviewer, is_disputed = shown.disputed, correction_notes = shown.notes
  from (
    select copies.id, decision.* from public.nlu_prompt_logs copies cross join lateral (
      select (copies.id = event.log_id) is true or copies.created_at <= event.corrected_at as is_shown
    ) as judged cross join lateral (
      select case when is_shown then event.to_intent end as to_intent,
        case when is_shown then event.to_secondary_intents end as to_secondary_intents,
        case when is_shown and event.to_intent is not null then event.reviewer end as reviewer,
        is_shown and show_correction.disputed as disputed,
        case when copies.id = event.log_id and event.to_intent is not null then event.notes end as notes
    ) as decision
    where copies.id = any (log_ids) and copies.text_key = event.text_key
      and (
        copies.id = event.log_id or copies.corrected_intent is not null
        or (
          (copies.has_review_reason or copies.is_audited) and is_shown
          -- A later failure chooses a row that the reviewer did not have before them.
          and (copies.was_successful is not false or copies.outcome_recorded_at <= event.corrected_at)
        )
      )
      and (
        copies.corrected_intent, copies.corrected_secondary_intents, copies.corrected_by, copies.is_disputed,
        copies.correction_notes
      ) is distinct from (
        decision.to_intent, decision.to_secondary_intents, decision.reviewer, decision.disputed, decision.notes
      )
  ) as shown
  where logs.id = shown.id;
end
$$;

-- Shows a correction on the next copies of its text. If there may be more, `complete_captures` goes on after them.
create function private.show_on_next_copies(event public.correction_events, disputed boolean, after_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
  copies uuid[] := private.next_copies(event.text_key, after_id);
begin
  perform private.show_correction(event, disputed, copies);
  if cardinality(copies) = private.max_copies_shown() then
    insert into private.incomplete_captures (log_id, text_key, shows_copies)
    values (copies[cardinality(copies)], event.text_key, true);
  end if;
end
$$;

-- Whether the copies of a text show a correction at once. Where several follow one another, they show the last one: each
-- may change as many rows as are shown at once.
create function private.let_copies_show_later(is_later boolean) returns void
language plpgsql
set search_path = ''
as $$
begin
  perform set_config('prompt_capture.copies_show_later', case when is_later then 'yes' else '' end, true);
end
$$;

-- Gives a text the label of the event that decides it, unless reviewers disagree. Votes are about the primary intent;
-- that event alone decides the secondary ones.
create function private.apply_decision(p_text_key bytea) returns void
language plpgsql
set search_path = ''
as $$
declare
  event public.correction_events := private.find_decision(p_text_key);
  disputed boolean := private.is_disputed(p_text_key, event.to_intent);
begin
  -- Waits for captures that hold the item, or are adding it, and then sees their rows.
  if not exists (select from public.review_queue where text_key = p_text_key) then
    perform private.lock_new_queue_item(p_text_key);
  end if;
  perform from public.review_queue where text_key = p_text_key for update;
  perform private.show_correction(event, disputed, array[event.log_id]);
  if current_setting('prompt_capture.copies_show_later', true) is distinct from 'yes' then
    perform private.show_on_next_copies(event, disputed, '00000000-0000-0000-0000-000000000000');
  end if;
  -- A retained text has a label by definition. Its rows carry the text while it has none.
  if event.to_intent is null then
    delete from public.labelled_texts where text_key = event.text_key;
  elsif not disputed then
    update public.labelled_texts
    set intent = event.to_intent, secondary_intents = event.to_secondary_intents
    where text_key = event.text_key;
  end if;
  perform private.update_queue_item(event, disputed);
  perform private.update_disagreement(event, disputed);
end
$$;

set role prompt_maintainer;

create function private.apply_correction() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.apply_decision(new.text_key);
  return null;
end
$$;

set role postgres;

create trigger after_10_apply after insert on public.correction_events
  for each row execute function private.apply_correction();

create function private.refuse_event_changes() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  -- The foreign key clears the id of a row that was deleted.
  if tg_op = 'UPDATE' and new.log_id is null
    and (to_jsonb(new) - 'log_id') = (to_jsonb(old) - 'log_id')
    and not exists (select from public.nlu_prompt_logs where id = old.log_id) then
    return new;
  end if;
  raise exception 'The history of corrections cannot be changed or deleted.'
    using errcode = 'insufficient_privilege',
      hint = 'Correct it by another correction: set corrected_intent and reviewer in review_queue.';
end
$$;

create trigger before_90_refuse_changes before update or delete on public.correction_events
  for each row when (current_user <> 'prompt_maintainer')
  execute function private.refuse_event_changes();
create trigger before_95_refuse_truncate before truncate on public.correction_events
  for each statement execute function private.refuse_truncate();

-- Edits of captured rows in the dashboard ------------------------------------------------------------

set role prompt_maintainer;

-- Excludes all other changes of texts until the transaction ends: before an edit in the dashboard, or the deletion
-- of an account, locks its row. All later changes of texts queue up behind a statement that waits for this lock, so
-- it soon gives up.
create function private.lock_edits_first() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  previous_timeout text := current_setting('lock_timeout');
begin
  begin
    perform set_config('lock_timeout', '2s', true);
    perform private.lock_edits();
  exception when lock_not_available then
    raise exception 'Another change of texts is under way. Nothing was saved.'
      using errcode = 'lock_not_available', hint = 'Try again in a few seconds.';
  end;
  perform set_config('lock_timeout', previous_timeout, true);
  perform private.end_idle_transaction();
  return null;
end
$$;

create function private.append_log_edit() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into public.correction_events
    (log_id, to_intent, to_secondary_intents, reviewer, notes, channel)
  values (
    new.id, new.corrected_intent, new.corrected_secondary_intents,
    -- An edit that clears the intent withdraws the vote of the reviewer whose decision the row showed.
    coalesce(new.corrected_by, case when new.corrected_intent is null then old.corrected_by end, 'dashboard'),
    new.correction_notes, 'dashboard'
  );
  return null;
end
$$;

set role postgres;

create trigger before_05_lock_edits before update on public.nlu_prompt_logs
  for each statement when (
    current_user <> 'prompt_maintainer'
    and current_setting('prompt_capture.changes_one_row', true) is distinct from 'yes'
  )
  execute function private.lock_edits_first();
create trigger before_05_lock_edits before insert on public.correction_events
  for each statement when (
    current_user <> 'prompt_maintainer'
    and current_setting('prompt_capture.changes_one_row', true) is distinct from 'yes'
  )
  execute function private.lock_edits_first();
create trigger after_10_append_log_edit after update on public.nlu_prompt_logs
  for each row
  when (
    current_user <> 'prompt_maintainer'
    and (
      new.corrected_intent, new.corrected_secondary_intents, new.corrected_by, new.correction_notes
    ) is distinct from (
      old.corrected_intent, old.corrected_secondary_intents, old.corrected_by, old.correction_notes
    )
  )
  execute function private.append_log_edit();

-- Intents that corrections name -----------------------------------------------------------------------

set role prompt_maintainer;

-- Keeps an intent in the catalogue that corrections name as a secondary one: the elements of an array have no
-- foreign keys. Corrections that are under way end before the statement begins, as before an edit.
create function private.refuse_used_intent() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_op = 'UPDATE' and new.intent = old.intent then
    return new;
  end if;
  if exists (
    select from public.correction_events where old.intent = any (to_secondary_intents)
  ) then
    raise exception 'Corrections name this intent as a secondary one.'
      using errcode = 'foreign_key_violation', constraint = 'secondary_intents_are_in_the_catalogue',
        hint = 'Retire it instead: set retired_at.';
  end if;
  return case tg_op when 'UPDATE' then new else old end;
end
$$;

set role postgres;

create trigger before_05_lock_edits before delete or update of intent on public.intent_catalogue
  for each statement execute function private.lock_edits_first();
create trigger before_10_refuse_used before delete or update of intent on public.intent_catalogue
  for each row execute function private.refuse_used_intent();
