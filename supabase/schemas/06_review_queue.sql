-- The review queue: one row per text that waits for a reviewer or was decided, however many users sent it,
-- best first.
--
-- It is a base table, because the dashboard edits tables and offers foreign keys as drop-downs, and does
-- neither for views. The database fills it. A reviewer sets `corrected_intent` and `reviewer`.
--
-- The table editor sorts by the primary key, which therefore begins with the rank. It also finds a row
-- again by the primary key, which therefore changes only at night, or when the text is disputed or its
-- correction retracted. An edit that no longer finds its row is refused.

create table public.review_queue (
  rank integer not null,
  text text not null,
  corrected_intent text,
  corrected_secondary_intents text[],
  reviewer text,
  notes text,
  predicted_intent text not null,
  predicted_secondary_intents text[] not null default '{}',
  runner_up_intent text,
  runner_up_confidence double precision,
  confidence double precision not null,
  reasons text[] not null,
  times_sent integer not null,
  user_count integer not null,
  days_waiting integer not null default 0,
  waiting_since timestamptz,
  decided_at timestamptz,
  change_number bigint not null default 0,
  id bigint generated always as identity,
  text_key bytea not null,

  constraint review_queue_pkey primary key (rank, id),
  constraint review_queue_text_key_is_unique unique (text_key),
  constraint queued_intent_is_in_the_catalogue
    foreign key (corrected_intent) references public.intent_catalogue (intent),
  constraint reasons_are_known check (
    reasons <@ array[
      'disagreement', 'random_audit', 'failed_workflow', 'out_of_scope', 'low_confidence', 'needs_review',
      'random_fill', 'model_disagreement'
    ]
  ),
  constraint an_item_waits_or_is_decided check ((waiting_since is null) = (decided_at is not null))
);

comment on table public.review_queue is
  'Texts that wait for a reviewer or were decided. Set corrected_intent and reviewer; the database does the rest.';
comment on column public.review_queue.rank is
  'The order of review, lowest first, as of last night; 1000000 for texts that were decided before, are reviewed blind, or were decided as near-duplicates.';
comment on column public.review_queue.text is 'The normalised message: what its copies have in common.';
comment on column public.review_queue.corrected_intent is
  'The reviewer''s intent; choose the predicted one to confirm it. Empty: undecided, or reviewers disagree.';
comment on column public.review_queue.corrected_secondary_intents is
  'The reviewer''s further intents, in order, as a list: ["email", "reminder"]. []: there are none. Empty: the decision does not say.';
comment on column public.review_queue.reviewer is
  'Who decided. If left empty, the edit is recorded as `dashboard` and casts no vote.';
comment on column public.review_queue.notes is 'The reviewer''s reasons. Optional.';
comment on column public.review_queue.predicted_intent is 'The predicted intent.';
comment on column public.review_queue.predicted_secondary_intents is
  'The predicted secondary intents, in order.';
comment on column public.review_queue.runner_up_intent is
  'The model''s second-best intent, or the first secondary intent where there is no runner-up.';
comment on column public.review_queue.runner_up_confidence is 'The probability of the runner-up.';
comment on column public.review_queue.confidence is
  'The probability that the predicted intent is right.';
comment on column public.review_queue.reasons is
  'Why the text is here: disagreement, random_audit, failed_workflow, out_of_scope, low_confidence, needs_review, random_fill; model_disagreement: it is decided in model_disagreements. Empty: decided without having been queued.';
comment on column public.review_queue.times_sent is
  'How many messages have this text, within the daily caps of their senders.';
comment on column public.review_queue.user_count is
  'How many users sent it, within their daily caps.';
comment on column public.review_queue.days_waiting is 'For how many days it has waited; updated every night.';
comment on column public.review_queue.waiting_since is 'Since when it has waited.';
comment on column public.review_queue.decided_at is 'When it was decided.';
comment on column public.review_queue.change_number is
  'The number of the latest correction, or of the change by which a random text entered the queue: exports read windows of these. 0 for all others, whose rows changed.';
comment on column public.review_queue.id is 'The number of the item.';
comment on column public.review_queue.text_key is 'The text key.';

-- The foreign key.
create index review_queue_by_intent on public.review_queue (corrected_intent);
-- An item by its number, whatever its rank.
create unique index review_queue_by_id on public.review_queue (id);
-- The newest change.
create index review_queue_by_change_number on public.review_queue (change_number);
-- The items that show a reviewer's name: an erasure of the reviewer replaces it.
create index review_queue_by_reviewer on public.review_queue (private.fold_name(reviewer)) where reviewer is not null;

-- Estimates would reveal texts and names: see 04_prompt_logs.sql.
alter table public.review_queue
  alter column text set statistics 0,
  alter column reviewer set statistics 0,
  alter column notes set statistics 0;
alter index public.review_queue_by_reviewer alter column 1 set statistics 0;

-- Reviewers work in the dashboard, whose edits arrive as the owner of the table. Users get nothing.
alter table public.review_queue enable row level security;
alter table public.review_queue force row level security;

create policy "The exporter reads the label of every text"
  on public.review_queue for select to prompt_exporter using (true);
create policy "The maintainer reads the queue"
  on public.review_queue for select to prompt_maintainer using (true);
create policy "The maintainer adds texts to the queue"
  on public.review_queue for insert to prompt_maintainer with check (true);
create policy "The maintainer updates queue items"
  on public.review_queue for update to prompt_maintainer using (true) with check (true);
create policy "The maintainer removes texts without rows"
  on public.review_queue for delete to prompt_maintainer using (true);

-- Reasons and rank ----------------------------------------------------------------------------------

-- Why these rows were chosen for review, in alphabetical order.
create function private.review_reasons(logs public.nlu_prompt_logs[]) returns text[]
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select array_remove(array[
      case when bool_or(has_review_reason and was_successful is false) then 'failed_workflow' end,
      case when bool_or(has_review_reason and is_unsure) then 'low_confidence' end,
      -- By a threshold that the database does not know.
      case when bool_or(has_review_reason and needs_review and not (is_unsure or is_out_of_scope)) then 'needs_review' end,
      case when bool_or(has_review_reason and is_out_of_scope) then 'out_of_scope' end,
      case when bool_or(is_audited) then 'random_audit' end
    ], null)
    from private.settings cross join unnest(logs) as log cross join lateral (
      select log.confidence < review_threshold as is_unsure, coalesce(case
          when log.predicted_intent = 'unknown' then log.confidence < review_threshold
          else log.scope < min_scope
        end, false) as is_out_of_scope
    ) as judged
  );
end
$$;

create function private.rank_when_decided() returns integer
language sql immutable
set search_path = ''
as $$
  select 1000000
$$;

-- Texts of the pool are decided elsewhere (16_evaluation.sql). Disputed texts come first: they need a decision more than a label. Audits are next, the oldest first, since
-- the figures of the audit end where the first one waits. Then come texts with a small margin between the two
-- best intents, of which a label teaches the most (margin sampling: Scheffer, Decomain and Wrobel 2001), and
-- those that are often sent. Random texts come last.
create function private.review_rank(
  reasons text[], confidence double precision, runner_up_confidence double precision, times_sent integer
) returns integer
language sql immutable
set search_path = ''
as $$
  select case
    when 'model_disagreement' = any (reasons) then private.rank_when_decided()
    when 'disagreement' = any (reasons) then 0
    when 'random_audit' = any (reasons) then 1
    when reasons = array['random_fill'] then 2000
    else 2 + round(1000 * least(
      case
        when 'failed_workflow' = any (reasons) then 0.1
        when 'out_of_scope' = any (reasons) then 0.5
        else 1
      end,
      greatest(0, confidence - coalesce(runner_up_confidence, 0))
    ) / (1 + ln(greatest(times_sent, 1))))::integer
  end
$$;

create function private.array_union(one text[], other text[]) returns text[]
language plpgsql immutable
set search_path = ''
as $$
begin
  return (
    select coalesce(array_agg(distinct item order by item), '{}')
    from unnest(one || other) as items (item)
  );
end
$$;

-- How the queue is filled ---------------------------------------------------------------------------

-- What captures could not do without waiting: count themselves in the queue, or apply the changes that
-- arrived before them; and what a correction of a text with many copies left. `private.complete_captures` does it
-- within a minute.
create table private.incomplete_captures (
  id bigint generated always as identity,
  log_id uuid not null,
  text_key bytea not null,
  captured_at timestamptz not null default now(),
  shows_copies boolean not null default false,

  constraint incomplete_captures_pkey primary key (id)
);

comment on table private.incomplete_captures is
  'Captures that met another change of their text, and wait to be completed.';
comment on column private.incomplete_captures.id is 'In the order of capture.';
comment on column private.incomplete_captures.log_id is 'The id of the row.';
comment on column private.incomplete_captures.text_key is 'The text key of the row.';
comment on column private.incomplete_captures.captured_at is 'When the row was captured.';
comment on column private.incomplete_captures.shows_copies is
  'Whether the copies after this row, in the order of their ids, may not show the decision about their text yet.';

alter table private.incomplete_captures enable row level security;
alter table private.incomplete_captures force row level security;

create policy "The maintainer reads what is incomplete"
  on private.incomplete_captures for select to prompt_maintainer using (true);
create policy "The maintainer records what is incomplete"
  on private.incomplete_captures for insert to prompt_maintainer with check (true);
create policy "The maintainer deletes what it completed"
  on private.incomplete_captures for delete to prompt_maintainer using (true);
create policy "The maintainer locks what it completes"
  on private.incomplete_captures for update to prompt_maintainer using (true);

-- The intents in predicted secondary intents. Rows of the first version may hold anything.
create function private.intent_names(secondary_intents jsonb) returns text[]
language sql immutable
set search_path = ''
as $$
  select array(
    select jsonb_array_elements_text(
      jsonb_path_query_array(secondary_intents, '$[*].intent ? (@.type() == "string")')
    )
  )
$$;

-- A probability in predicted secondary intents, or null for anything else. Numbers of JSON have no limits, and rows
-- of the first version may hold anything.
create function private.as_probability(raw jsonb) returns double precision
language sql immutable
set search_path = ''
as $$
  select case when jsonb_typeof(raw) = 'number' then
    case when raw::numeric between 0 and 1 then round(raw::numeric, 15)::double precision end
  end
$$;

-- The most copies of a text that are read while a user waits.
create function private.max_copies_read() returns integer
language sql immutable
set search_path = ''
as $$
  select 1000
$$;

-- The most copies of a text that are counted while its lock is held. Beyond it, captures and deletions alone change
-- its counts.
create function private.max_copies_counted() returns integer
language sql immutable
set search_path = ''
as $$
  select 50000
$$;

-- How often a text was sent within the daily caps, and by how many users. Reads copies in the order of the index, and
-- only as far as the limit: without statistics, the planner takes a text for rare, and would sort all its copies.
create function private.count_copies(
  p_text_key bytea, max_copies integer, out times_sent integer, out user_count integer
)
language plpgsql stable
set search_path = ''
set enable_sort = off
as $$
begin
  select count(*), count(distinct user_id) into times_sent, user_count from (
    select user_id from public.nlu_prompt_logs where text_key = p_text_key and within_daily_cap
    order by user_id limit max_copies
  ) as copies;
end
$$;

-- The copy within the daily cap that changed longest ago.
create function private.oldest_copy(p_text_key bytea) returns public.nlu_prompt_logs
language plpgsql stable
set search_path = ''
set enable_sort = off  -- as in count_copies
as $$
declare
  log public.nlu_prompt_logs;
begin
  select * into log from public.nlu_prompt_logs
  where text_key = p_text_key and within_daily_cap order by change_number limit 1;
  return log;
end
$$;

-- Adds the item of a text, which does not exist; the caller holds the lock of a new item. A text that was
-- labelled before its rows were deleted comes back decided. Copies beyond a limit are counted within a minute.
create function private.add_queue_item(log public.nlu_prompt_logs, reasons text[]) returns void
language plpgsql
set search_path = ''
as $$
declare
  runner_up_confidence double precision := coalesce(
    log.runner_up_confidence,
    private.as_probability(log.secondary_intents -> 0 -> 'confidence')
  );
  copies_read integer;
begin
  if exists (select from public.model_disagreements where text_key = log.text_key) then
    reasons := private.array_union(reasons, array['model_disagreement']);
  end if;
  insert into public.review_queue (
    rank, text, corrected_intent, corrected_secondary_intents, reviewer, predicted_intent,
    predicted_secondary_intents, runner_up_intent, runner_up_confidence, confidence, reasons, times_sent,
    user_count, waiting_since, decided_at, text_key
  )
  select
    case when retained.intent is not null
        or (add_queue_item.reasons = '{}' and not (log.has_review_reason or log.is_audited))
      then private.rank_when_decided()
      else private.review_rank(
        add_queue_item.reasons, log.confidence, runner_up_confidence, copies.times_sent
      ) end,
    private.normalise_text(log.prompt), retained.intent, retained.secondary_intents,
    case when retained.intent is not null then (private.find_decision(log.text_key)).reviewer end,
    log.predicted_intent,
    case when log.secondary_intents = '[]' then '{}' else private.intent_names(log.secondary_intents) end,
    coalesce(log.runner_up_intent, log.secondary_intents -> 0 ->> 'intent'),
    runner_up_confidence, log.confidence, add_queue_item.reasons, copies.times_sent, copies.user_count,
    case when retained.intent is null then log.created_at end, retained.labelled_at, log.text_key
  from private.count_copies(log.text_key, private.max_copies_read()) as copies
  left join public.labelled_texts retained on retained.text_key = log.text_key
  returning times_sent into copies_read;
  if copies_read = private.max_copies_read() then
    insert into private.incomplete_captures (log_id, text_key) values (log.id, log.text_key);
  end if;
end
$$;

-- The first of these texts that together have at most `max_copies_counted` copies, and at least one text.
create function private.limit_copies(text_keys bytea[]) returns bytea[]
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select array_agg(text_key order by position) from (
      select text_key, position, sum(times_sent) over (order by position) as copies
      from unnest(text_keys) with ordinality as texts (text_key, position)
      left join public.review_queue using (text_key)
    ) as counted
    where position = 1 or copies <= private.max_copies_counted() or copies is null
  );
end
$$;

-- What the queue shows after copies were counted: the count, or where not all were counted, a number that captures and
-- deletions have changed since.
create function private.refreshed_count(shown integer, counted integer, copies_counted integer) returns integer
language sql immutable
set search_path = ''
as $$
  select case when copies_counted < private.max_copies_counted() then counted else greatest(shown, counted) end
$$;

-- Adds rows of one text to its item, or adds the item if one of them was chosen for review or the text has a
-- label. New rows are counted; others only bring their reasons. Does not wait: returns false where another
-- transaction holds the item, or is adding it.
create function private.try_queue_logs(logs public.nlu_prompt_logs[], are_new boolean) returns boolean
language plpgsql
set search_path = ''
as $$
declare
  item public.review_queue;
  first_log public.nlu_prompt_logs := logs[1];
  are_chosen boolean := (select bool_or(has_review_reason or is_audited) from unnest(logs));
begin
  if not exists (select from public.review_queue where text_key = first_log.text_key) then
    if not are_chosen
      and not exists (select from public.labelled_texts where text_key = first_log.text_key) then
      return not are_new or private.try_lock_new_queue_item_shared(first_log.text_key);
    end if;
    if not private.try_lock_new_queue_item(first_log.text_key)
      or exists (select from public.review_queue where text_key = first_log.text_key) then
      return false;
    end if;
    select * into first_log from unnest(logs)
    order by not (has_review_reason or is_audited), created_at, id limit 1;
    perform private.add_queue_item(first_log, private.review_reasons(logs));
    return true;
  end if;

  select * into item from public.review_queue
  where text_key = first_log.text_key for update skip locked;
  if not found then
    return false;
  end if;
  if are_new then
    item.times_sent := item.times_sent + cardinality(logs);
    item.user_count := item.user_count + (
      select count(distinct log.user_id) from unnest(logs) as log
      where not exists (
        select from public.nlu_prompt_logs earlier
        where earlier.text_key = log.text_key and earlier.user_id = log.user_id
          and earlier.within_daily_cap and earlier.id not in (select id from unnest(logs))
      )
    );
  end if;
  update public.review_queue
  set times_sent = item.times_sent, user_count = item.user_count,
    reasons = private.array_union(item.reasons, private.review_reasons(logs))
  where text_key = item.text_key;
  return true;
end
$$;

-- Locks the item of a text, or the right to add it. Returns false where another transaction holds it.
create function private.try_lock_queue_item(p_text_key bytea) returns boolean
language plpgsql
set search_path = ''
as $$
begin
  if not exists (select from public.review_queue where text_key = p_text_key) then
    return private.try_lock_new_queue_item(p_text_key)
      and not exists (select from public.review_queue where text_key = p_text_key);
  end if;
  perform from public.review_queue where text_key = p_text_key for update skip locked;
  return found;
end
$$;

-- Returns the texts that are locked now with their items. Jobs lock so: they wait for nobody.
create function private.try_lock_items(text_keys bytea[]) returns bytea[]
language sql
set search_path = ''
as $$
  select coalesce(array_agg(text_key order by text_key), '{}')
  from unnest(private.try_lock_texts(text_keys)) as locked (text_key)
  where private.try_lock_queue_item(text_key)
$$;

-- Brings the item of a text up to date with its rows, or adds it: with the counts of at most `max_copies_counted`, and
-- the reasons of these rows and of at most `max_copies_read` others. Waits for captures that hold the item. The caller holds the lock
-- of the text.
create function private.refresh_queue_item(p_text_key bytea, log_ids uuid[] default '{}') returns void
language plpgsql
set search_path = ''
set enable_sort = off  -- as in count_copies
as $$
declare
  log public.nlu_prompt_logs;
begin
  if not exists (select from public.review_queue where text_key = p_text_key) then
    perform private.lock_new_queue_item(p_text_key);
    select * into log from public.nlu_prompt_logs logs
    where text_key = p_text_key and (has_review_reason or is_audited) order by id limit 1;
    if log.id is null and exists (select from public.labelled_texts where text_key = p_text_key) then
      log := private.oldest_copy(p_text_key);
    end if;
    if log.id is not null and not exists (select from public.review_queue where text_key = p_text_key) then
      perform private.add_queue_item(log, private.review_reasons(array[log]));
      -- The item gives the row the label of the retained text, which is a change for exports.
      update public.labelled_texts set change_number = 0 where text_key = p_text_key;
    end if;
  end if;

  perform from public.review_queue where text_key = p_text_key for update;
  update public.review_queue queue
  set times_sent = private.refreshed_count(queue.times_sent, counted.times_sent, counted.times_sent),
    user_count = private.refreshed_count(queue.user_count, counted.user_count, counted.times_sent),
    reasons = private.array_union(queue.reasons, private.review_reasons(array(
      select named from public.nlu_prompt_logs named where named.id = any (log_ids)
      union all
      (
        select chosen from public.nlu_prompt_logs chosen
        where text_key = p_text_key and (has_review_reason or is_audited)
        limit private.max_copies_read()
      )
    )))
  from private.count_copies(p_text_key, private.max_copies_counted()) as counted
  where queue.text_key = p_text_key;
end
$$;

set role prompt_maintainer;

-- Adds one batch of random texts without a decision, while fewer than `min_queue_items` wait; returns how many.
-- Text keys are keyed hashes, so the texts after a random key are a random sample. It reads one batch of rows and
-- starts elsewhere each time, so its cost does not grow with the table, and it may find nothing where nearly
-- everything was reviewed. Rows do not show that their text was taken: it would reveal to their senders what others
-- sent.
create function private.fill_queue() returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  settings private.settings;
  wanted integer;
  added integer := 0;
  start_key bytea := extensions.gen_random_bytes(16);
  candidates bytea[];
  filled_key bytea;
  log public.nlu_prompt_logs;
begin
  select * into strict settings from private.settings;
  wanted := settings.min_queue_items - (
    select count(*) from (
      select from public.review_queue
      where rank < private.rank_when_decided() and waiting_since is not null
      order by rank limit settings.min_queue_items
    ) as waiting
  );
  if wanted <= 0 then
    return 0;
  end if;
  with after_key as (
    select logs.text_key, within_daily_cap from public.nlu_prompt_logs logs
    where logs.text_key >= start_key order by logs.text_key limit settings.retention_batch_rows
  ), before_key as (
    select logs.text_key, within_daily_cap from public.nlu_prompt_logs logs
    where logs.text_key < start_key order by logs.text_key
    limit settings.retention_batch_rows - (select count(*) from after_key)
  )
  select private.try_lock_items(array_agg(texts.text_key)) into candidates from (
    select read.text_key from (table after_key union all table before_key) as read
    where within_daily_cap
      and not exists (select from public.review_queue queue where queue.text_key = read.text_key)
    group by read.text_key order by read.text_key < start_key, read.text_key
    limit wanted
  ) as texts;
  foreach filled_key in array coalesce(candidates, '{}') loop
    log := private.oldest_copy(filled_key);
    if log.id is not null and not exists (
      select from public.review_queue queue where queue.text_key = filled_key
    ) then
      perform private.add_queue_item(log, array['random_fill']);
      update public.review_queue queue set change_number = private.next_change_number()
      where queue.text_key = filled_key;
      added := added + 1;
    end if;
  end loop;
  return added;
end
$$;

create function private.queue_failure() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if new.has_review_reason and not private.try_queue_logs(array[new], false) then
    insert into private.incomplete_captures (log_id, text_key) values (new.id, new.text_key);
  end if;
  return null;
end
$$;

set role postgres;

create trigger after_20_queue_failure after update of was_successful on public.nlu_prompt_logs
  for each row
  when (new.was_successful is false and old.was_successful is distinct from false)
  execute function private.queue_failure();

-- Called after a correction: the item is decided, disputed, or waiting again.
create function private.update_queue_item(event public.correction_events, disputed boolean) returns void
language plpgsql
set search_path = ''
as $$
declare
  is_decided boolean := event.to_intent is not null and not disputed;
  item public.review_queue;
begin
  if not exists (select from public.review_queue where text_key = event.text_key) then
    perform private.lock_new_queue_item(event.text_key);
    perform private.add_queue_item(logs, private.review_reasons(array[logs]))
    from public.nlu_prompt_logs logs
    where id = event.log_id
      and not exists (select from public.review_queue where text_key = event.text_key);
  end if;
  select * into item from public.review_queue where text_key = event.text_key for update;
  if disputed then
    item.reasons := private.array_union(item.reasons, array['disagreement']);
  else
    item.reasons := array_remove(item.reasons, 'disagreement');
  end if;
  update public.review_queue
  set corrected_intent = case when is_decided then event.to_intent end,
    corrected_secondary_intents = case when is_decided then event.to_secondary_intents end,
    reviewer = case when is_decided then event.reviewer end,
    notes = case when is_decided then event.notes end,
    reasons = item.reasons,
    -- A row or a retained text that the correction does not change still has another label now.
    change_number = private.next_change_number(),
    decided_at = case when is_decided then event.corrected_at end,
    waiting_since = case when not is_decided then coalesce(item.waiting_since, now()) end,
    days_waiting = case when is_decided or item.waiting_since is null then 0 else days_waiting end,
    -- A decided item keeps its rank until the night, so that it stays where the reviewer sees it.
    rank = case when is_decided then item.rank else private.current_rank(item, item.times_sent) end
  where text_key = event.text_key;
end
$$;

-- How the queue is edited ---------------------------------------------------------------------------
--   update  before_05_lock_edits        once per statement: exclude other changes of texts
--           before_10_validate_edit     normalise the values; refuse other columns
--           after_10_append_edit        the edit becomes a correction event
--           after_20_refuse_lost_edit   once per statement: an edit that reached no row fails
--   insert, delete, truncate            before_90_refuse_changes, before_95_refuse_truncate
-- None of these run for the maintainer, except for truncate.

create function private.validate_queue_edit() returns trigger
language plpgsql
set search_path = ''
as $$
declare
  editable constant text[] := array['corrected_intent', 'corrected_secondary_intents', 'reviewer', 'notes'];
begin
  new.corrected_intent := private.find_intent(new.corrected_intent);
  if new.corrected_secondary_intents is distinct from old.corrected_secondary_intents then
    new.corrected_secondary_intents := private.find_secondary_intents(new.corrected_secondary_intents);
  end if;
  new.reviewer := nullif(private.reviewer_name(new.reviewer), '');
  new.notes := nullif(btrim(new.notes, E' \t\n\r\u00a0'), '');
  if new.reviewer is distinct from old.reviewer then
    perform private.refuse_erased_reviewer(new.reviewer);
  end if;

  if to_jsonb(new) - editable <> to_jsonb(old) - editable then
    raise exception 'Only corrected_intent, corrected_secondary_intents, reviewer and notes can be edited here.'
      using errcode = 'insufficient_privilege',
        hint = 'Undo the other changes. The database sets all other columns.';
  end if;
  if new.corrected_intent is not null
    and new.corrected_intent is distinct from old.corrected_intent
    and not private.is_active_intent(new.corrected_intent) then
    raise exception 'This intent is not in the catalogue, or is retired.'
      using errcode = 'foreign_key_violation', constraint = 'queued_intent_is_in_the_catalogue',
        hint = 'Choose one from the drop-down of corrected_intent whose retired_at is empty.';
  end if;
  if private.is_reserved_reviewer(new.reviewer) and new.reviewer is distinct from old.reviewer
    and new.reviewer <> 'dashboard' then
    raise exception 'This reviewer name is reserved.'
      using errcode = 'check_violation',
        hint = 'Set reviewer to your own name. Reserved: dashboard, legacy, erased-...';
  end if;
  if char_length(new.reviewer) > 200 or char_length(new.notes) > 2000 then
    raise exception 'A reviewer''s name has at most 200 characters, notes have at most 2,000.'
      using errcode = 'check_violation', hint = 'Shorten it.';
  end if;

  -- The previous decision's secondary intents do not belong to another one, and none belong to no decision.
  if old.corrected_intent is not null and new.corrected_intent is distinct from old.corrected_intent and (
    new.corrected_intent is null
    or new.corrected_secondary_intents is not distinct from old.corrected_secondary_intents
  ) then
    new.corrected_secondary_intents := null;
  end if;
  perform private.validate_secondary_intents(
    new.corrected_secondary_intents, new.corrected_intent, old.corrected_secondary_intents
  );
  -- The previous decision's notes do not explain another one. Those of an item that waits were typed for this one.
  if old.corrected_intent is not null and new.corrected_intent is distinct from old.corrected_intent
    and new.notes is not distinct from old.notes then
    new.notes := null;
  end if;
  -- An edit that clears the intent withdraws the vote of the reviewer whose decision the item shows.
  if new.corrected_intent is null and old.corrected_intent is not null then
    new.reviewer := coalesce(new.reviewer, old.reviewer);
  -- The previous reviewer's name does not sign an edit that names nobody.
  elsif old.corrected_intent is not null and new.reviewer is not distinct from old.reviewer
    and (new.corrected_intent, new.corrected_secondary_intents, new.notes)
      is distinct from (old.corrected_intent, old.corrected_secondary_intents, old.notes) then
    new.reviewer := 'dashboard';
  end if;
  if new.corrected_intent is not null and new.reviewer is null then
    new.reviewer := 'dashboard';
  end if;
  return new;
end
$$;

create trigger before_05_lock_edits before update on public.review_queue
  for each statement when (current_user <> 'prompt_maintainer')
  execute function private.lock_edits_first();
create trigger before_10_validate_edit before update on public.review_queue
  for each row when (current_user <> 'prompt_maintainer')
  execute function private.validate_queue_edit();

-- The row that a decision about an item names: the first copy that was chosen for review, or shows a correction
-- already. The sender of another copy would learn that somebody else had sent the text, unless it was taken at
-- random. Null: there is none.
create function private.copy_to_correct(p_text_key bytea, reasons text[]) returns uuid
language sql stable
set search_path = ''
set enable_sort = off  -- as in count_copies
as $$
  select coalesce(
    (
      select id from public.nlu_prompt_logs
      where text_key = p_text_key and (has_review_reason or is_audited) order by id limit 1
    ),
    (
      select id from public.nlu_prompt_logs
      where text_key = p_text_key and corrected_intent is not null order by id limit 1
    ),
    (
      select id from public.nlu_prompt_logs
      where text_key = p_text_key and 'random_fill' = any (reasons) order by change_number limit 1
    )
  )
$$;

set role prompt_maintainer;

create function private.append_queue_edit() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  decision public.correction_events;
begin
  insert into public.correction_events
    (log_id, text_key, to_intent, to_secondary_intents, reviewer, notes, channel)
  values (
    private.copy_to_correct(new.text_key, new.reasons),
    new.text_key, new.corrected_intent, new.corrected_secondary_intents, coalesce(new.reviewer, 'dashboard'),
    new.notes, 'dashboard'
  );
  if not found then
    -- It repeats the latest correction.
    decision := private.find_decision(new.text_key);
    perform private.update_queue_item(decision, private.is_disputed(new.text_key, decision.to_intent));
  end if;
  return null;
end
$$;

set role postgres;

create trigger after_10_append_edit after update on public.review_queue
  for each row
  when (
    current_user <> 'prompt_maintainer'
    and num_nonnulls(old.corrected_intent, new.corrected_intent) > 0
    and (new.corrected_intent, new.corrected_secondary_intents, new.reviewer, new.notes)
      is distinct from (old.corrected_intent, old.corrected_secondary_intents, old.reviewer, old.notes)
  )
  execute function private.append_queue_edit();

-- A statement trigger fires even where the update reached no row. That is the only sign that the table
-- editor used an outdated rank.
create function private.refuse_lost_edit() returns trigger
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

create trigger after_20_refuse_lost_edit after update on public.review_queue
  referencing new table as edited
  for each statement when (current_user <> 'prompt_maintainer')
  execute function private.refuse_lost_edit();

create function private.refuse_queue_changes() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  raise exception 'Rows of the review queue cannot be added or removed by hand.'
    using errcode = 'insufficient_privilege',
      hint = 'Decide an item instead: set corrected_intent and reviewer. To confirm the model, choose predicted_intent.';
end
$$;

create trigger before_90_refuse_changes before insert or delete on public.review_queue
  for each row when (current_user <> 'prompt_maintainer')
  execute function private.refuse_queue_changes();
create trigger before_95_refuse_truncate before truncate on public.review_queue
  for each statement execute function private.refuse_queue_changes();

-- When rows are deleted -----------------------------------------------------------------------------

-- Clears the notes about rows that are to be deleted: a note may quote the message that it is about. Notes of an
-- item that nobody has decided yet, and of a decision that names no row, may be about any row of the text.
create function private.clear_notes(log_ids uuid[]) returns void
language plpgsql
set search_path = ''
as $$
declare
  -- An array, not a subquery: no plan for it reads the corrections of other texts. And the decision about a text, which
  -- may have many corrections, is looked up once, not for each of its rows.
  texts constant bytea[] := array(select distinct text_key from public.nlu_prompt_logs where id = any (log_ids));
begin
  update public.review_queue queue set notes = null
  where queue.text_key = any (texts) and queue.notes is not null and (
    queue.decided_at is null or ((private.find_decision(queue.text_key)).log_id = any (log_ids)) is not false
  );
  update public.model_disagreements pool set notes = null
  where pool.text_key = any (texts) and pool.notes is not null and (
    pool.decided_at is null or ((private.find_decision(pool.text_key)).log_id = any (log_ids)) is not false
  );
  update public.correction_events set notes = null where notes is not null and log_id = any (log_ids);
  -- Not `log_id is null`: by that index, a plan would read the corrections of all texts without rows.
  update public.correction_events set notes = null
  where notes is not null and num_nulls(log_id) = 1 and text_key = any (texts);
end
$$;

-- Deletes the queue items of texts without rows, the retained texts among them about which reviewers disagree,
-- and the events and disagreements of texts with neither rows nor a retained text. Waits for captures that hold an item, and then sees their rows.
create function private.delete_orphans(texts bytea[]) returns void
language plpgsql
set search_path = ''
as $$
begin
  perform from public.review_queue where text_key = any (texts) for update;
  delete from public.review_queue queue
  where queue.text_key = any (texts)
    and not exists (select from public.nlu_prompt_logs logs where logs.text_key = queue.text_key);
  delete from public.labelled_texts retained
  where retained.text_key = any (texts)
    and not exists (select from public.nlu_prompt_logs logs where logs.text_key = retained.text_key)
    and private.is_disputed(retained.text_key, (private.find_decision(retained.text_key)).to_intent);
  delete from public.correction_events events
  where events.text_key = any (texts)
    and not exists (select from public.nlu_prompt_logs logs where logs.text_key = events.text_key)
    and not exists (
      select from public.labelled_texts retained where retained.text_key = events.text_key
    );
  delete from public.model_disagreements pool
  where pool.text_key = any (texts)
    and not exists (select from public.nlu_prompt_logs logs where logs.text_key = pool.text_key)
    and not exists (
      select from public.labelled_texts retained where retained.text_key = pool.text_key
    );
end
$$;

-- Those of these texts that have no corrections, and the first others, which together have at most twice as many
-- corrections as a batch has rows; at least one text. The deletion of a text deletes its corrections.
create function private.limit_corrected_texts(text_keys bytea[]) returns bytea[]
language plpgsql stable
set search_path = ''
set enable_seqscan = off
as $$
declare
  max_corrections constant integer := 2 * (select retention_batch_rows from private.settings);
  remaining integer := max_corrections;
  candidate bytea;
  corrections integer;
  texts bytea[] := '{}';
begin
  foreach candidate in array coalesce(text_keys, '{}') loop
    corrections := (
      select count(*) from (
        select from public.correction_events events where events.text_key = candidate limit remaining + 1
      ) as events
    );
    if corrections <= remaining or remaining = max_corrections then
      texts := texts || candidate;
      remaining := greatest(0, remaining - corrections);
    elsif corrections > 0 then
      remaining := 0;
    end if;
  end loop;
  return texts;
end
$$;

-- Those of these rows whose texts are among these. The deletion of a row reads the corrections of its text, and changes
-- or deletes those that name it.
create function private.limit_corrections(log_ids uuid[]) returns uuid[]
language plpgsql stable
set search_path = ''
set enable_seqscan = off
as $$
begin
  return (
    with candidates as materialized (
      select logs.id, logs.text_key, position
      from unnest(log_ids) with ordinality as known (id, position) join public.nlu_prompt_logs logs using (id)
    )
    select coalesce(array_agg(id order by position), '{}') from candidates
    where text_key in (
      select unnest(private.limit_corrected_texts(array(
        select text_key from candidates group by text_key order by min(position)
      )))
    )
  );
end
$$;

set role prompt_maintainer;

-- However rows are deleted: by retention, by an erasure, or with their user.
create function private.clean_up_texts() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.delete_orphans(array(select distinct text_key from deleted));
  update public.review_queue queue
  set times_sent = greatest(0, queue.times_sent - gone.times_sent),
    user_count = greatest(0, queue.user_count - gone.user_count)
  from (
    select text_key, sum(times_sent)::integer as times_sent, (count(*) filter (where not exists (
        select from public.nlu_prompt_logs logs
        where logs.text_key = senders.text_key and logs.user_id = senders.user_id
          and logs.within_daily_cap
      )))::integer as user_count
    from (
      select text_key, user_id, count(*) as times_sent from deleted
      where within_daily_cap group by text_key, user_id
    ) as senders
    group by text_key
  ) as gone
  where gone.text_key = queue.text_key;
  return null;
end
$$;

set role postgres;

create trigger after_40_clean_up_texts after delete on public.nlu_prompt_logs
  referencing old table as deleted
  for each statement execute function private.clean_up_texts();
