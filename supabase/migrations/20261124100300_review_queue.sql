-- What waits for a person: one row for a text, however many people sent it, best first.
--
-- A base table, because the dashboard edits tables and offers foreign keys as drop-downs, and does
-- neither for views. The database fills it; a reviewer sets `corrected_intent` and `reviewer`.
--
-- The table editor sorts by the primary key, which therefore begins with the place in the queue, and
-- finds a row again by the primary key, which therefore stays put while people work: a row is moved
-- at night, or when a decision about it falls. An edit that finds its row no more is refused.

create table public.review_queue (
  place integer not null,
  text text not null,
  corrected_intent text,
  reviewer text,
  notes text,
  predicted_intent text not null,
  runner_up_intent text,
  runner_up_confidence double precision,
  confidence double precision not null,
  reasons text[] not null,
  times_sent integer not null,
  users integer not null,
  days_waiting integer not null default 0,
  waiting_since timestamptz,
  decided_at timestamptz,
  sampling_probability double precision,
  id bigint generated always as identity,
  text_key bytea not null,

  constraint review_queue_pkey primary key (place, id),
  constraint review_queue_has_a_text_once unique (text_key),
  constraint queued_intent_is_in_the_catalogue
    foreign key (corrected_intent) references public.intent_catalogue (intent),
  constraint reasons_are_known check (
    reasons <@ array['disagreement', 'failed_workflow', 'out_of_scope', 'low_confidence', 'random_audit']
  ),
  constraint an_item_waits_or_is_decided check ((waiting_since is null) = (decided_at is not null))
);

comment on table public.review_queue is
  'Texts that wait for a person. Set corrected_intent and reviewer; the database does the rest.';
comment on column public.review_queue.place is
  'The place in the queue, lowest first, as of last night; 1000000 for what was decided before.';
comment on column public.review_queue.text is 'The message, normalised: what its copies have in common.';
comment on column public.review_queue.corrected_intent is
  'The reviewer''s intent; the predicted one, to confirm it. Empty: nobody has decided, or reviewers disagree.';
comment on column public.review_queue.reviewer is
  'Who decided. Left empty, the edit counts as the `dashboard`''s and for no agreement.';
comment on column public.review_queue.notes is 'The reviewer''s reasons, if they like.';
comment on column public.review_queue.predicted_intent is 'The model''s first choice.';
comment on column public.review_queue.runner_up_intent is 'The model''s second choice, if it has one.';
comment on column public.review_queue.runner_up_confidence is 'How sure the model was of that.';
comment on column public.review_queue.confidence is 'How sure the model was.';
comment on column public.review_queue.reasons is
  'Why it is here: disagreement, failed_workflow, out_of_scope, low_confidence, random_audit. Empty: decided without having been here.';
comment on column public.review_queue.times_sent is 'How many messages say it.';
comment on column public.review_queue.users is 'How many people sent it.';
comment on column public.review_queue.days_waiting is 'For how many days it waits; counted every night.';
comment on column public.review_queue.waiting_since is 'Since when it waits.';
comment on column public.review_queue.decided_at is 'When it was decided.';
comment on column public.review_queue.sampling_probability is
  'With which probability it was chosen: 1 for cause, less at random.';
comment on column public.review_queue.id is 'The item''s own number.';
comment on column public.review_queue.text_key is 'The text, by its keyed hash.';

alter table public.review_queue enable row level security;
alter table public.review_queue force row level security;
revoke all on public.review_queue
  from public, anon, authenticated, service_role, prompt_writer, prompt_exporter;

-- What a sender is not shown must not be what an export leaves out: whether a text is decided is
-- asked of the queue, so these no longer tell the rows that show a decision apart.
drop index public.nlu_prompt_logs_to_review, public.nlu_prompt_logs_to_learn_from;
create index nlu_prompt_logs_to_review
  on public.nlu_prompt_logs (created_at, id)
  where confidence < 0.7;

-- The foreign key's own.
create index review_queue_by_intent on public.review_queue (corrected_intent);

-- How it is filled --------------------------------------------------------------------------

create function private.reasons_of(log public.nlu_prompt_logs) returns text[]
language sql stable
set search_path = ''
as $$
  select case when log.sampling_probability is null then '{}' else array_remove(array[
    case when log.was_successful is false then 'failed_workflow' end,
    case when log.predicted_intent = 'unknown'
      or log.scope < (select min_scope from private.settings) then 'out_of_scope' end,
    case when log.confidence < (select review_threshold from private.settings)
      then 'low_confidence' end,
    case when log.sampling_probability < 1 then 'random_audit' end
  ], null) end
$$;

-- What is most likely wrong and most often said comes first. An audit goes before the uncertain:
-- it is short, and a figure that waits for its last items is no figure.
create function private.place(reasons text[], confidence double precision, times_sent integer)
returns integer
language sql immutable
set search_path = ''
as $$
  select round(1000 * (1 - case
    when 'disagreement' = any (reasons) then 1
    when 'failed_workflow' = any (reasons) then 0.9
    when 'random_audit' = any (reasons) then 0.8
    when 'out_of_scope' = any (reasons) then greatest(0.5, 1 - confidence)
    else least(1, greatest(0, 1 - confidence))
  end) / (1 + ln(greatest(times_sent, 1))))::integer
$$;

create function private.merged(these text[], those text[]) returns text[]
language sql immutable
set search_path = ''
as $$
  select coalesce(array_agg(distinct reason order by reason), '{}')
  from unnest(these || those) as listed (reason)
$$;

-- A text joins the queue, or what is known of it changes.
create function private.queue_text(log public.nlu_prompt_logs) returns void
language plpgsql
set search_path = ''
as $$
declare
  why text[] := private.reasons_of(log);
begin
  insert into public.review_queue (
    place, text, corrected_intent, reviewer, predicted_intent, runner_up_intent, runner_up_confidence,
    confidence, reasons, times_sent, users, waiting_since, decided_at, sampling_probability, text_key
  )
  select
    case when kept.intent is not null or why = '{}' then 1000000
      else private.place(why, log.confidence, copies.times_sent) end,
    private.normalise(log.prompt), kept.intent, case when kept.intent is not null then (
      select reviewer from public.correction_events events
      where events.text_key = log.text_key order by id desc limit 1
    ) end,
    log.predicted_intent, coalesce(log.runner_up_intent, log.secondary_intents -> 0 ->> 'intent'),
    coalesce(
      log.runner_up_confidence,
      case jsonb_typeof(log.secondary_intents -> 0 -> 'confidence') when 'number'
        then (log.secondary_intents -> 0 ->> 'confidence')::double precision end
    ),
    log.confidence, why, copies.times_sent, copies.users,
    case when kept.intent is null then log.created_at end, kept.labelled_at,
    log.sampling_probability, log.text_key
  from (
    select count(*)::integer as times_sent, count(distinct user_id)::integer as users
    from public.nlu_prompt_logs where text_key = log.text_key
  ) as copies
  left join public.labelled_texts kept on kept.text_key = log.text_key
  on conflict (text_key) do update
  set reasons = private.merged(review_queue.reasons, excluded.reasons),
    sampling_probability = greatest(review_queue.sampling_probability, excluded.sampling_probability);
end
$$;

-- Cheap, as somebody waits for the capture: two look-ups for most messages. It waits for nobody: an
-- item that is being decided this moment is left alone, and counted at the latest at night. A text
-- that a person labelled before its rows were deleted comes back decided.
create function private.queue_capture() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  item public.review_queue;
begin
  select * into item from public.review_queue
  where text_key = new.text_key for update skip locked;

  if item.text_key is null then
    if (
        new.sampling_probability is not null
        or exists (select from public.labelled_texts where text_key = new.text_key)
      )
      and not exists (select from public.review_queue where text_key = new.text_key)
      and pg_try_advisory_xact_lock(2, hashtext(encode(new.text_key, 'hex'))) then
      perform private.queue_text(new);
    end if;
    return null;
  end if;

  item.times_sent := item.times_sent + 1;
  if not exists (
    select from public.nlu_prompt_logs
    where text_key = new.text_key and user_id = new.user_id and id <> new.id
  ) then
    item.users := item.users + 1;
  end if;
  item.reasons := private.merged(item.reasons, private.reasons_of(new));
  update public.review_queue
  set times_sent = item.times_sent, users = item.users, reasons = item.reasons,
    sampling_probability = greatest(item.sampling_probability, new.sampling_probability)
  where text_key = item.text_key;
  return null;
end
$$;

create function private.queue_failure() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if new.sampling_probability is not null then
    perform private.queue_text(new);
  end if;
  return null;
end
$$;

-- After an event: the item is decided, disputed or waiting again.
create function private.settle_queue(event public.correction_events, disputed boolean) returns void
language plpgsql
set search_path = ''
as $$
declare
  is_decided boolean := event.to_intent is not null and not disputed;
  queued public.review_queue;
begin
  if not exists (select from public.review_queue where text_key = event.text_key) then
    perform private.queue_text(logs) from public.nlu_prompt_logs logs where id = event.log_id;
  end if;
  select * into queued from public.review_queue where text_key = event.text_key;
  if disputed then
    queued.reasons := private.merged(queued.reasons, array['disagreement']);
  else
    queued.reasons := array_remove(queued.reasons, 'disagreement');
  end if;
  update public.review_queue
  set corrected_intent = case when is_decided then event.to_intent end,
    reviewer = case when is_decided then event.reviewer end,
    notes = case when is_decided then event.notes end,
    reasons = queued.reasons,
    decided_at = case when is_decided then now() end,
    waiting_since = case when not is_decided then coalesce(queued.waiting_since, now()) end,
    days_waiting = case when is_decided or queued.waiting_since is null then 0 else days_waiting end,
    -- What is decided stays where it stood, under the reviewer's eyes, until the night.
    place = case when is_decided then queued.place
      else private.place(queued.reasons, queued.confidence, queued.times_sent) end
  where text_key = event.text_key;
end
$$;

create trigger queue_capture after insert on public.nlu_prompt_logs
  for each row execute function private.queue_capture();
create trigger queue_failure after update of was_successful on public.nlu_prompt_logs
  for each row
  when (new.was_successful is false and old.was_successful is distinct from false)
  execute function private.queue_failure();

-- How it is edited --------------------------------------------------------------------------

create function private.check_queue_edit() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.corrected_intent := nullif(lower(btrim(new.corrected_intent)), '');
  new.reviewer := nullif(btrim(new.reviewer), '');
  new.notes := nullif(btrim(new.notes), '');

  if to_jsonb(new) - array['corrected_intent', 'reviewer', 'notes']
    <> to_jsonb(old) - array['corrected_intent', 'reviewer', 'notes'] then
    raise exception 'Only corrected_intent, reviewer and notes can be edited here.'
      using errcode = 'insufficient_privilege',
        hint = 'Undo the other changes. The database itself sets everything else.';
  end if;
  if new.corrected_intent is not null
    and new.corrected_intent is distinct from old.corrected_intent
    and not exists (
      select from public.intent_catalogue
      where intent = new.corrected_intent and (retired_at is null or retired_at > now())
    ) then
    raise exception 'This intent is not in the catalogue, or is retired.'
      using errcode = 'foreign_key_violation', constraint = 'queued_intent_is_in_the_catalogue',
        hint = 'Choose one from the drop-down of corrected_intent whose retired_at is empty.';
  end if;
  if private.is_reserved(new.reviewer) and new.reviewer is distinct from old.reviewer
    and new.reviewer <> 'dashboard' then
    raise exception 'Nobody can review under this name.'
      using errcode = 'check_violation',
        hint = 'Set reviewer to your own name. Kept for other uses: dashboard, legacy, erased-...';
  end if;
  if char_length(new.reviewer) > 200 or char_length(new.notes) > 2000 then
    raise exception 'A reviewer''s name has at most 200 characters, notes have at most 2,000.'
      using errcode = 'check_violation', hint = 'Shorten it.';
  end if;

  -- The last reviewer's name does not stand for somebody else's edit.
  if old.corrected_intent is not null and new.reviewer is not distinct from old.reviewer
    and (new.corrected_intent, new.notes) is distinct from (old.corrected_intent, old.notes) then
    new.reviewer := 'dashboard';
  end if;
  if new.corrected_intent is not null and new.reviewer is null then
    new.reviewer := 'dashboard';
  end if;
  return new;
end
$$;

create function private.append_edit_of_the_queue() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- Of the copies, the first that was chosen for review.
  insert into public.correction_events (log_id, to_intent, reviewer, notes, channel)
  select id, new.corrected_intent, coalesce(new.reviewer, 'dashboard'), new.notes, 'dashboard'
  from public.nlu_prompt_logs
  where text_key = new.text_key
  order by sampling_probability is null, created_at, id
  limit 1;
  return null;
end
$$;

create function private.refuse_queue_changes() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  raise exception 'The database fills and empties the review queue itself.'
    using errcode = 'insufficient_privilege',
      hint = 'Decide an item instead: set corrected_intent and reviewer. To confirm the model, choose predicted_intent.';
end
$$;

-- Runs even where an update reached no row: the only sign that the editor had an old place.
create function private.refuse_edits_of_nothing() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if not exists (select from edited) then
    raise exception 'This row has moved since you opened the table. Nothing was saved.'
      using errcode = 'no_data_found', hint = 'Reload the table and edit the row again.';
  end if;
  return null;
end
$$;

create trigger check_edit before update on public.review_queue
  for each row when (current_user <> 'prompt_maintainer')
  execute function private.check_queue_edit();
create trigger append_edit after update on public.review_queue
  for each row
  when (
    current_user <> 'prompt_maintainer'
    and num_nonnulls(old.corrected_intent, new.corrected_intent) > 0
    and (new.corrected_intent, new.reviewer, new.notes)
      is distinct from (old.corrected_intent, old.reviewer, old.notes)
  )
  execute function private.append_edit_of_the_queue();
create trigger find_the_row after update on public.review_queue
  referencing new table as edited
  for each statement when (current_user <> 'prompt_maintainer')
  execute function private.refuse_edits_of_nothing();
create trigger keep_items before insert or delete on public.review_queue
  for each row when (current_user <> 'prompt_maintainer')
  execute function private.refuse_queue_changes();
create trigger keep_all_items before truncate on public.review_queue
  for each statement execute function private.refuse_queue_changes();

-- When rows go ------------------------------------------------------------------------------
-- However they go (retention, erasure, with their user): what is left of their texts is put right.

create function private.forget_texts() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.recount(array(select distinct text_key from gone));
  return null;
end
$$;

create function private.recount(texts bytea[]) returns void
language plpgsql
set search_path = ''
as $$
begin
  delete from public.review_queue queue
  where queue.text_key = any (texts)
    and not exists (select from public.nlu_prompt_logs logs where logs.text_key = queue.text_key);
  delete from public.correction_events events
  where events.text_key = any (texts)
    and not exists (select from public.nlu_prompt_logs logs where logs.text_key = events.text_key)
    and not exists (select from public.labelled_texts kept where kept.text_key = events.text_key);
  update public.review_queue queue
  set times_sent = counted.times_sent, users = counted.users
  from (
    select logs.text_key, count(*)::integer as times_sent, count(distinct user_id)::integer as users
    from public.nlu_prompt_logs logs
    where logs.text_key = any (texts)
      and exists (select from public.review_queue known where known.text_key = logs.text_key)
    group by logs.text_key
  ) as counted
  where queue.text_key = counted.text_key
    and (queue.times_sent, queue.users) <> (counted.times_sent, counted.users);
end
$$;

create trigger forget_texts after delete on public.nlu_prompt_logs
  referencing old table as gone
  for each statement execute function private.forget_texts();

revoke all on function
  private.reasons_of(public.nlu_prompt_logs),
  private.place(text[], double precision, integer),
  private.merged(text[], text[]),
  private.queue_text(public.nlu_prompt_logs),
  private.queue_capture(),
  private.queue_failure(),
  private.settle_queue(public.correction_events, boolean),
  private.check_queue_edit(),
  private.append_edit_of_the_queue(),
  private.refuse_edits_of_nothing(),
  private.refuse_queue_changes(),
  private.forget_texts(),
  private.recount(bytea[])
from public, anon, authenticated, service_role;
grant execute on function
  private.reasons_of(public.nlu_prompt_logs),
  private.place(text[], double precision, integer),
  private.merged(text[], text[]),
  private.queue_text(public.nlu_prompt_logs),
  private.settle_queue(public.correction_events, boolean),
  private.recount(bytea[])
to prompt_maintainer;

-- Rights ------------------------------------------------------------------------------------
-- Reviewers work in the dashboard, whose edits arrive as the table's owner. The backend reads, and
-- corrects by appending events. Nobody else has to do with other people's texts.

grant select (
  place, text, corrected_intent, reviewer, notes, predicted_intent, runner_up_intent,
  runner_up_confidence, confidence, reasons, times_sent, users, days_waiting, waiting_since, decided_at, sampling_probability, id,
  text_key
) on public.review_queue to service_role;

grant select, insert, delete on public.review_queue to prompt_maintainer;
grant update (
  place, corrected_intent, reviewer, notes, reasons, times_sent, users, days_waiting,
  waiting_since, decided_at, sampling_probability
) on public.review_queue to prompt_maintainer;

-- The exporter reads labels, and which of them are disputed; no text, name or note.
grant select (text_key, corrected_intent, reasons) on public.review_queue to prompt_exporter;
create policy "The exporter reads the label of every text"
  on public.review_queue for select to prompt_exporter using (true);

create policy "The keeper reads the queue"
  on public.review_queue for select to prompt_maintainer using (true);
create policy "The keeper queues texts"
  on public.review_queue for insert to prompt_maintainer with check (true);
create policy "The keeper counts and settles"
  on public.review_queue for update to prompt_maintainer using (true) with check (true);
create policy "The keeper takes out texts that are gone"
  on public.review_queue for delete to prompt_maintainer using (true);
