-- Every correction is an event, only ever appended. The log row shows the latest one.
--
-- There is one path: a row in this table. The API and the import insert it; an edit in the
-- dashboard, of a log row or of the queue, is turned into one. A model sees nothing but a text, so
-- a correction is about a text: it labels all of its copies, later ones too. Where the copies' own
-- senders look, only those show it that were themselves chosen for review before it was made.

create table public.correction_events (
  id bigint generated always as identity,
  log_id uuid,
  text_key bytea not null,
  from_intent text not null,
  to_intent text,
  reviewer text not null,
  notes text,
  channel text not null,
  corrected_at timestamptz not null default now(),

  constraint correction_events_pkey primary key (id),
  constraint corrected_prompt_is_captured
    foreign key (log_id) references public.nlu_prompt_logs (id) on delete set null,
  constraint to_intent_is_in_the_catalogue
    foreign key (to_intent) references public.intent_catalogue (intent),
  constraint reviewer_has_1_to_200_characters check (char_length(reviewer) between 1 and 200),
  constraint notes_have_1_to_2000_characters check (char_length(notes) between 1 and 2000),
  constraint door_is_known check (channel in ('api', 'import', 'dashboard', 'migration'))
);

comment on table public.correction_events is
  'Who corrected which text from which intent to which, why, when, and through which channel.';
comment on column public.correction_events.id is 'In the order of recording.';
comment on column public.correction_events.log_id is
  'The captured row that the reviewer named. Null once it is gone and a copy is left.';
comment on column public.correction_events.text_key is 'The text, by its keyed hash.';
comment on column public.correction_events.from_intent is
  'What the row said before: an earlier correction, or the prediction. The same as to_intent, where it was confirmed.';
comment on column public.correction_events.to_intent is
  'What the reviewer says. Null: the correction was withdrawn.';
comment on column public.correction_events.reviewer is
  'A user''s id, a name that the backend gave, `dashboard` for an unsigned edit there, or a pseudonym of somebody erased.';
comment on column public.correction_events.notes is 'The reviewer''s reasons.';
comment on column public.correction_events.channel is
  '`api`, `import`, `dashboard`, or `migration` for what was corrected before there were events.';
comment on column public.correction_events.corrected_at is 'Set by the database.';

alter table public.correction_events enable row level security;
alter table public.correction_events force row level security;
revoke all on public.correction_events
  from public, anon, authenticated, service_role, prompt_writer, prompt_exporter;

-- The votes on a text; what a reviewer did; the foreign keys' own.
create index correction_events_of_a_text on public.correction_events (text_key, reviewer, id desc);
create index correction_events_by_reviewer on public.correction_events (reviewer, corrected_at);
create index correction_events_of_a_prompt on public.correction_events (log_id);
create index correction_events_by_intent on public.correction_events (to_intent);

insert into public.correction_events
  (log_id, text_key, from_intent, to_intent, reviewer, notes, channel, corrected_at)
select id, text_key, predicted_intent, corrected_intent, corrected_by,
  nullif(left(correction_notes, 2000), ''), 'migration', corrected_at
from public.nlu_prompt_logs
where corrected_intent is not null
order by corrected_at;

-- Before it is appended ---------------------------------------------------------------------

-- What stands for a reviewer where nobody signed: `dashboard` in an edit there that names nobody,
-- `legacy` for whoever corrected before there was a history. These are no votes.
create function private.unsigned() returns text[]
language sql immutable
set search_path = ''
as $$
  select array['dashboard', 'legacy']
$$;

-- Names that nobody can sign with: those, none at all, and the pseudonyms of people erased.
create function private.is_reserved(reviewer text) returns boolean
language sql immutable
set search_path = ''
as $$
  select private.normalise(reviewer) = any (array_append(private.unsigned(), ''))
    or private.normalise(reviewer) like 'erased-%'
$$;

-- Which channel somebody came through follows from who they are. Runs as whoever inserts.
create function private.sign_correction() returns trigger
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
    raise exception 'The backend corrects through the channel `api` or `import`.'
      using errcode = 'check_violation', hint = 'Set channel.';
  end if;
  return new;
end
$$;

-- Refused before a constraint would write what was sent, which may be anything, to the log.
create function private.check_correction() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  latest public.correction_events;
begin
  select text_key, predicted_intent into new.text_key, new.from_intent
  from public.nlu_prompt_logs where id = new.log_id;
  if not found then
    raise exception 'No captured prompt has this id.'
      using errcode = 'PT404', hint = 'Send the id that the classification answered.';
  end if;
  if new.reviewer is null then
    raise exception 'A correction names its reviewer.'
      using errcode = 'check_violation', hint = 'Set reviewer.';
  end if;
  new.reviewer := btrim(new.reviewer);
  if private.is_reserved(new.reviewer)
    and not (new.channel = 'dashboard' and new.reviewer = 'dashboard') then
    raise exception 'Nobody can review under this name.'
      using errcode = 'check_violation', constraint = 'reviewer_is_a_name',
        hint = 'Set reviewer to your own name. Kept for other uses: dashboard, legacy, erased-...';
  end if;
  if char_length(new.reviewer) > 200 or char_length(new.notes) not between 1 and 2000 then
    raise exception 'A reviewer''s name has at most 200 characters, notes have 1 to 2,000.'
      using errcode = 'check_violation', hint = 'Shorten it.';
  end if;

  -- One vote on a text is counted after the other.
  perform pg_advisory_xact_lock(1, hashtext(encode(new.text_key, 'hex')));
  select * into latest from public.correction_events events
  where events.text_key = new.text_key order by id desc limit 1;
  new.from_intent := coalesce(latest.to_intent, new.from_intent);

  if new.to_intent is not null and new.to_intent is distinct from latest.to_intent and not exists (
    select from public.intent_catalogue
    where intent = new.to_intent and (retired_at is null or retired_at > now())
  ) then
    raise exception 'This intent is not in the catalogue, or is retired.'
      using errcode = 'foreign_key_violation', constraint = 'to_intent_is_in_the_catalogue',
        hint = 'Choose one of public.intent_catalogue whose retired_at is empty.';
  end if;
  if (latest.reviewer, latest.to_intent, latest.notes)
    is not distinct from (new.reviewer, new.to_intent, new.notes) then
    return null;  -- the same again: nothing to append
  end if;

  new.corrected_at := now();
  return new;
end
$$;

-- After it was appended ---------------------------------------------------------------------

-- Whether an intent has no more votes on a text than another one. Each reviewer's latest counts, and
-- what nobody signed is no vote.
create function private.is_disputed(of_text bytea, label text) returns boolean
language sql stable
set search_path = ''
as $$
  with votes as (
    select distinct on (reviewer) to_intent
    from public.correction_events
    where text_key = of_text and reviewer <> all (private.unsigned())
    order by reviewer, id desc
  ), counted as (
    select to_intent, count(*) as votes from votes where to_intent is not null group by to_intent
  )
  select label is not null and exists (
    select from counted
    where to_intent <> label
      and votes >= coalesce((select votes from counted where to_intent = label), 0)
  )
$$;

create function private.apply_correction() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  disputed boolean := private.is_disputed(new.text_key, new.to_intent);
  signed text := case when new.to_intent is not null then new.reviewer end;
  reasons text := case when new.to_intent is not null then new.notes end;
begin
  -- What a sender may see: an answer to what they sent themselves. A copy that nobody chose, or that
  -- came later, would tell that somebody else had sent the text. Notes may be about whoever sent the
  -- row that was named, so other rows do not get them.
  update public.nlu_prompt_logs logs
  set corrected_intent = new.to_intent, corrected_by = signed, is_disputed = disputed,
    correction_notes = case when logs.id = new.log_id then reasons end
  where text_key = new.text_key
    and (
      logs.id = new.log_id or logs.sampling_probability is not null
      or logs.corrected_intent is not null
    )
    and (corrected_intent, corrected_by, is_disputed, correction_notes) is distinct from (
      new.to_intent, signed, disputed, case when logs.id = new.log_id then reasons end
    );
  update public.labelled_texts set intent = new.to_intent
  where text_key = new.text_key and not disputed and new.to_intent is not null;
  perform private.settle_queue(new, disputed);
  return null;
end
$$;

create trigger a_sign_correction before insert on public.correction_events
  for each row execute function private.sign_correction();
create trigger check_correction before insert on public.correction_events
  for each row execute function private.check_correction();
create trigger apply_correction after insert on public.correction_events
  for each row execute function private.apply_correction();

-- An edit of a log row in the dashboard becomes an event. The last reviewer's name does not sign it.
create function private.append_edit_of_a_log() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into public.correction_events (log_id, to_intent, reviewer, notes, channel)
  values (
    new.id, new.corrected_intent, coalesce(new.corrected_by, 'dashboard'), new.correction_notes,
    'dashboard'
  );
  return null;
end
$$;

create trigger append_correction after update on public.nlu_prompt_logs
  for each row
  when (
    current_user <> 'prompt_maintainer'
    and (new.corrected_intent, new.corrected_by, new.correction_notes)
      is distinct from (old.corrected_intent, old.corrected_by, old.correction_notes)
  )
  execute function private.append_edit_of_a_log();
create trigger append_correction_of_a_new_row after insert on public.nlu_prompt_logs
  for each row when (new.corrected_intent is not null)
  execute function private.append_edit_of_a_log();

-- What the keeper writes was checked when the event was appended.
create or replace function private.stamp_correction() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if (new.corrected_intent, new.correction_notes, new.corrected_by)
    is not distinct from (old.corrected_intent, old.correction_notes, old.corrected_by) then
    new.corrected_at := old.corrected_at;
    return new;
  end if;

  if new.corrected_intent is null then
    if old.corrected_intent is null then
      raise exception 'A correction names an intent.'
        using errcode = 'check_violation', hint = 'Set corrected_intent, or leave the notes and the reviewer empty.';
    end if;
    -- The correction was withdrawn: what belongs to it goes along.
    new.correction_notes := null;
    new.corrected_by := null;
    new.corrected_at := null;
    return new;
  end if;

  new.corrected_at := now();
  if current_user = 'prompt_maintainer' then
    return new;
  end if;

  -- Unknown intents are refused here, before the foreign key would write what was sent, which may
  -- be anything, to the server's log.
  if new.corrected_intent is distinct from old.corrected_intent and not exists (
    select from public.intent_catalogue
    where intent = new.corrected_intent and (retired_at is null or retired_at > now())
  ) then
    raise exception 'This intent is not in the catalogue, or is retired.'
      using errcode = 'foreign_key_violation',
        constraint = 'corrected_intent_is_in_the_catalogue',
        hint = 'Choose one of public.intent_catalogue whose retired_at is empty.';
  end if;

  if new.corrected_by is not distinct from old.corrected_by then
    new.corrected_by := 'dashboard';
  end if;
  return new;
end
$$;

-- Guards ------------------------------------------------------------------------------------

create function private.refuse_changes_of_events() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  -- The foreign key lets go of a row that is gone.
  if tg_op = 'UPDATE' and new.log_id is null
    and (to_jsonb(new) - 'log_id') = (to_jsonb(old) - 'log_id')
    and not exists (select from public.nlu_prompt_logs where id = old.log_id) then
    return new;
  end if;
  raise exception 'A correction is history and cannot be changed or deleted.'
    using errcode = 'insufficient_privilege',
      hint = 'Correct it by another one: set corrected_intent and reviewer in review_queue.';
end
$$;

create trigger keep_history before update or delete on public.correction_events
  for each row when (current_user <> 'prompt_maintainer')
  execute function private.refuse_changes_of_events();
create trigger keep_all_history before truncate on public.correction_events
  for each statement execute function private.refuse_truncate();

revoke all on function
  private.unsigned(),
  private.is_reserved(text),
  private.sign_correction(),
  private.check_correction(),
  private.is_disputed(bytea, text),
  private.apply_correction(),
  private.append_edit_of_a_log(),
  private.refuse_changes_of_events()
from public, anon, authenticated, service_role;
grant execute on function private.is_disputed(bytea, text) to prompt_maintainer;
grant execute on function private.unsigned(), private.is_reserved(text) to prompt_maintainer;

-- Rights ------------------------------------------------------------------------------------
-- Users get nothing: their own rows show what became of them, and who reviews is not theirs to
-- know. The backend reads all, as it passes row level security by, and appends. Nobody updates or
-- deletes; the keeper does, to erase.

grant select (
  id, log_id, text_key, from_intent, to_intent, reviewer, notes, channel, corrected_at
) on public.correction_events to service_role;
grant insert (log_id, to_intent, reviewer, notes, channel)
  on public.correction_events to service_role;
revoke update (corrected_intent, correction_notes, corrected_by)
  on public.nlu_prompt_logs from service_role;

grant select, delete on public.correction_events to prompt_maintainer;
grant insert (log_id, to_intent, reviewer, notes, channel)
  on public.correction_events to prompt_maintainer;
grant update (reviewer, notes) on public.correction_events to prompt_maintainer;

create policy "The keeper reads every correction"
  on public.correction_events for select to prompt_maintainer using (true);
create policy "The keeper appends what was edited in the dashboard"
  on public.correction_events for insert to prompt_maintainer with check (true);
create policy "The keeper puts a pseudonym for a reviewer who was erased"
  on public.correction_events for update to prompt_maintainer using (true) with check (true);
create policy "The keeper deletes the corrections of texts that are gone"
  on public.correction_events for delete to prompt_maintainer using (true);
