-- The console: what its page reads and records for a signed-in user, by role.
--
--   reviewer  texts, predictions and reasons; decides
--   operator  the same, and the registry of models
--   viewer    figures, no text
--
-- The role is looked up at each call (15_console_roles.sql). No function returns a sender, a conversation or a key of a row. Users have no right to `private`:
-- the functions of `public` have parsed bodies (`begin atomic`), which name no schema when they run.

-- Skipped items --------------------------------------------------------------------------------------

create table private.review_skips (
  reviewer uuid not null,
  text_key bytea not null,
  reason text not null,
  skipped_at timestamptz not null default now(),

  constraint review_skips_pkey primary key (reviewer, text_key),
  constraint skipped_by_an_account
    foreign key (reviewer) references auth.users (id) on delete cascade,
  constraint skipped_text_is_queued
    foreign key (text_key) references public.review_queue (text_key) on delete cascade,
  constraint reason_is_known check (reason in ('unsure', 'unreadable', 'no_intent_fits', 'needs_context'))
);

create index review_skips_by_text on private.review_skips (text_key);

alter table private.review_skips
  alter column reviewer set statistics 0,
  alter column text_key set statistics 0;

comment on table private.review_skips is
  'Items that a reviewer skipped in the console: they wait on, for others.';
comment on column private.review_skips.reviewer is 'The account of the reviewer. Deleted with it.';
comment on column private.review_skips.text_key is 'The text key.';
comment on column private.review_skips.reason is
  '`unsure`, `unreadable`, `no_intent_fits` or `needs_context`.';
comment on column private.review_skips.skipped_at is 'When.';

alter table private.review_skips enable row level security;
alter table private.review_skips force row level security;

create policy "The maintainer reads what was skipped"
  on private.review_skips for select to prompt_maintainer using (true);
create policy "The maintainer records what was skipped"
  on private.review_skips for insert to prompt_maintainer with check (true);
create policy "The maintainer changes the reason of a skip"
  on private.review_skips for update to prompt_maintainer using (true) with check (true);
create policy "The maintainer takes a skip back"
  on private.review_skips for delete to prompt_maintainer using (true);

-- Near-duplicates ------------------------------------------------------------------------------------
-- A reviewer may decide near-duplicates of a text with it. Such a label is no vote and no correction: the text waits
-- on for all that counts decisions, votes or audits, but the queue does not offer it, and training datasets have its
-- label as a tier of its own. It rests on the event of the decision, and stands only as long as that does.

create table private.near_duplicate_labels (
  text_key bytea not null,
  event bigint not null,
  labelled_at timestamptz not null default now(),
  ended_at timestamptz,

  constraint near_duplicate_labels_pkey primary key (text_key, event),
  constraint near_duplicate_is_queued
    foreign key (text_key) references public.review_queue (text_key) on delete cascade
);

create index near_duplicate_labels_by_event on private.near_duplicate_labels (event);

alter table private.near_duplicate_labels
  alter column text_key set statistics 0;

comment on table private.near_duplicate_labels is
  'Which texts a reviewer decided as near-duplicates of another one. Holds no text and no user.';
comment on column private.near_duplicate_labels.text_key is 'The text key of the near-duplicate.';
comment on column private.near_duplicate_labels.event is
  'The decision with which it was decided: it says who decided, when, and for which intent. No foreign key: an event may be deleted with its text, and the label then ends at night.';
comment on column private.near_duplicate_labels.labelled_at is 'When.';
comment on column private.near_duplicate_labels.ended_at is
  'When the queue offered the text again: the decision was taken back, or no longer stood. Null: it is not known to have ended.';

alter table private.near_duplicate_labels enable row level security;
alter table private.near_duplicate_labels force row level security;

create policy "The maintainer reads labels of near-duplicates"
  on private.near_duplicate_labels for select to prompt_maintainer using (true);
create policy "The maintainer labels near-duplicates"
  on private.near_duplicate_labels for insert to prompt_maintainer with check (true);
create policy "The maintainer ends labels of near-duplicates"
  on private.near_duplicate_labels for update to prompt_maintainer using (true) with check (true);

-- What near-duplicates have in common, for an index: the sum of the hashes of all words, without punctuation, and, where
-- there are 5 to 24 words, each sum without one of them. The first key of two texts is the same where their words are;
-- they have a common one where their words differ in one. Captures wait for it, so texts of more than 100 words have
-- no key, nor have those without words.
create function private.near_duplicate_keys(normalised text) returns bigint[]
language plpgsql immutable cost 2000
set search_path = ''
as $$
declare
  words text[] := string_to_array(
    translate(normalised, U&'!"#$%&''()*+,-./:;<=>?@[\\]^_`{|}~\2018\2019\201C\201D\2026\00BF\00A1', ''), ' '
  );
  hashes bigint[] := '{}';
  total bigint := 0;
  word text;
  hash bigint;
begin
  if cardinality(words) > 100 then
    return null;
  end if;
  foreach word in array words loop
    if word <> '' then
      hash := hashtextextended(word, 0) & 281474976710655;  -- 48 bits: the sum of 100 is a bigint
      hashes := hashes || hash;
      total := total + hash;
    end if;
  end loop;
  if hashes = '{}' then
    return null;
  elsif cardinality(hashes) not between 5 and 24 then
    return array[total];
  end if;
  return array[total] || array(select distinct total - left_out from unnest(hashes) as left_out);
end
$$;

-- The keys of an item, in a sample of the queue: one item in 16 is in sample 1, one in 256 in sample 2, and so on to 4;
-- all others are in sample 0. Words that many texts share would make the index return all of these texts, since it can
-- only be read as a whole. So the samples are read one after another, the smallest first, until there are enough. Numbers
-- of items are hashed, so nobody who writes texts chooses their samples.
create function private.sample_keys(keys bigint[], sample integer) returns bigint[]
language plpgsql immutable
set search_path = ''
as $$
begin
  return (select array_agg(key | (sample::bigint << 56)) from unnest(keys) as key);
end
$$;

-- Not in SQL, which the planner would replace by its body for those roles alone that may execute it.
create function private.queue_sample(item bigint) returns integer
language plpgsql immutable
set search_path = ''
as $$
begin
  return 4 - length(ltrim(to_hex(hashint8extended(item, 0) & 65535), '0'));
end
$$;

-- The reasons of texts that need a decision of their own: they are not decided as near-duplicates.
create function private.own_decision_reasons() returns text[]
language sql immutable
set search_path = ''
as $$
  select array['disagreement', 'random_audit', 'model_disagreement']
$$;

-- Whether an item may be decided as a near-duplicate: the queue offers it, and it needs no decision of its own. The index
-- below is the only one that fits a search with this condition: with the columns themselves, the planner
-- may take another one, and compute the keys of all items. Whoever changes what the condition calls rebuilds the index.
create function private.is_offered(waiting_since timestamptz, rank integer, reasons text[]) returns boolean
language plpgsql immutable
set search_path = ''
as $$
begin
  return waiting_since is not null and rank < private.rank_when_decided()
    and not reasons && private.own_decision_reasons();
end
$$;

-- The queue that is offered, by what its texts have in common. Captures add items, so the index is always complete and
-- no insert has to tidy it up.
create index review_queue_by_words on public.review_queue
  using gin (private.sample_keys(private.near_duplicate_keys(text), private.queue_sample(id))) with (fastupdate = off)
  where private.is_offered(waiting_since, rank, reasons);
alter index public.review_queue_by_words alter column 1 set statistics 0;

-- The texts that were decided latest.
create index review_queue_by_decision on public.review_queue (decided_at desc) where decided_at is not null;

set role prompt_maintainer;

-- The most near-duplicates that are listed with an item, and decided with it.
create function private.max_near_duplicates() returns integer
language sql immutable
set search_path = ''
as $$
  select 10
$$;

-- The near-duplicates of an item in the queue, of 20 that the index finds: those with the same words first, then the
-- most urgent ones.
create function private.show_near_duplicates(item public.review_queue) returns jsonb
language plpgsql stable
set search_path = ''
set enable_seqscan = off
set enable_indexscan = off
as $$
declare
  keys constant bigint[] := private.near_duplicate_keys(item.text);
  max_found constant integer := 2 * private.max_near_duplicates();
  found_items public.review_queue[] := '{}';
begin
  for sample in reverse 4..0 loop
    found_items := found_items || array(
      select queue from public.review_queue queue
      where private.sample_keys(private.near_duplicate_keys(text), private.queue_sample(id))
          && private.sample_keys(keys, sample)
        and private.is_offered(waiting_since, rank, reasons) and id <> item.id
      limit max_found - cardinality(found_items)
    );
    exit when cardinality(found_items) = max_found;
  end loop;
  return (
    select coalesce(jsonb_agg(
      jsonb_build_object('item', id, 'text', text) order by has_same_words desc, rank, id
    ), '[]')
    from (
      select id, text, rank, (private.near_duplicate_keys(text))[1] = keys[1] as has_same_words
      from unnest(found_items)
      order by has_same_words desc, rank, id limit private.max_near_duplicates()
    ) as nearest
  );
end
$$;

-- Whether a decision stands: its reviewer made no later one about the text, and it decides the text.
create function private.stands(event public.correction_events) returns boolean
language sql stable
set search_path = ''
as $$
  select event.to_intent is not null
    and not exists (
      select from public.correction_events later
      where later.text_key = event.text_key and private.fold_name(later.reviewer) = private.fold_name(event.reviewer) and later.id > event.id
    )
    and (private.find_decision(event.text_key)).to_intent = event.to_intent
    and not private.is_disputed(event.text_key, event.to_intent)
$$;

-- The decision on which the label of a text as a near-duplicate rests. Null: it has none.
create function private.near_duplicate_label(p_text_key bytea) returns public.correction_events
language sql stable
set search_path = ''
as $$
  select events from private.near_duplicate_labels labels join public.correction_events events on events.id = labels.event
  where labels.text_key = p_text_key and labels.ended_at is null and private.stands(events)
  order by events.id desc limit 1
$$;

-- Labels those of these items that may be decided with another one, and returns the numbers of all that were: at most
-- `max_near_duplicates`, however often it is called, since whoever takes the decision back locks them all. The caller
-- has waited for the locks of the items that it knew; one that was added since is labelled only if nobody holds its
-- lock. A repeated call returns the same.
create function private.label_near_duplicates(
  item public.review_queue, p_event bigint, items bigint[]
) returns bigint[]
language plpgsql
set search_path = ''
as $$
declare
  locked constant bytea[] := private.try_lock_texts(
    array(select text_key from public.review_queue where id = any (items))
  );
  labelled bytea[];
begin
  if not private.stands(events) from public.correction_events events where id = p_event then
    return '{}';
  end if;
  with added as (
    insert into private.near_duplicate_labels (text_key, event)
    select queue.text_key, p_event from public.review_queue queue
    where queue.text_key = any (locked) and queue.id <> item.id
      and private.is_offered(waiting_since, rank, reasons)
      and private.near_duplicate_keys(queue.text) && private.near_duplicate_keys(item.text)
    order by queue.id limit greatest(0, private.max_near_duplicates() - (
      select count(*) from private.near_duplicate_labels where event = p_event
    ))
    on conflict do nothing
    returning text_key
  )
  select array_agg(text_key) into labelled from added;
  update public.review_queue queue
  set rank = private.rank_when_decided(), change_number = private.next_change_number()
  where queue.text_key = any (labelled);
  return array(
    select queue.id from private.near_duplicate_labels labels join public.review_queue queue using (text_key)
    where labels.event = p_event and labels.ended_at is null order by queue.id
  );
end
$$;

-- Ends the labels of these texts that no longer stand: the queue offers them again. The caller holds their locks.
create function private.end_near_duplicate_labels(text_keys bytea[]) returns void
language plpgsql
set search_path = ''
as $$
declare
  ended bytea[];
begin
  with changed as (
    update private.near_duplicate_labels labels set ended_at = now()
    where labels.text_key = any (text_keys) and labels.ended_at is null and not exists (
      select from public.correction_events events where events.id = labels.event and private.stands(events)
    )
    returning text_key
  )
  select array_agg(text_key) into ended from changed;
  update public.review_queue queue
  set change_number = private.next_change_number(),
    rank = case when queue.decided_at is null then private.current_rank(queue, queue.times_sent) else queue.rank end
  where queue.text_key = any (ended);
end
$$;

-- Items ----------------------------------------------------------------------------------------------

-- The standing vote of each reviewer on a text, in the order of recording, without their names.
create function private.show_votes(p_text_key bytea, p_reviewer text) returns jsonb
language sql stable
set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'intent', to_intent, 'secondary_intents', to_secondary_intents, 'notes', notes,
    'is_own', private.fold_name(reviewer) = p_reviewer
  ) order by id), '[]')
  from private.latest_events(p_text_key)
  where to_intent is not null and reviewer <> all (private.anonymous_reviewers())
$$;

-- Up to `context_messages` earlier messages of the conversation of a row, the oldest first. Only the latest 200 rows of
-- the sender are searched.
create function private.show_context(p_log_id uuid) returns jsonb
language sql stable
set search_path = ''
as $$
  select coalesce(jsonb_agg(prompt order by created_at, id), '[]')
  from (
    select recent.prompt, recent.created_at, recent.id
    from public.nlu_prompt_logs shown cross join lateral (
      select * from public.nlu_prompt_logs logs
      where logs.user_id = shown.user_id and logs.created_at <= shown.created_at
      order by logs.created_at desc limit 200
    ) as recent
    where shown.id = p_log_id and recent.id <> shown.id
      and recent.conversation_id = shown.conversation_id
      and (recent.message_index < shown.message_index) is not false
      and (recent.created_at, recent.id) < (shown.created_at, shown.id)
    order by recent.created_at desc, recent.id desc
    limit (select context_messages from private.settings)
  ) as earlier
$$;

-- Whether a text is in the pool of disagreements, which is decided without knowing what a model predicted.
create function private.is_blind(item public.review_queue) returns boolean
language sql immutable
set search_path = ''
as $$
  select 'model_disagreement' = any (item.reasons)
$$;

-- An item of the pool: both intents in the random order of the pool, and nothing that differs between the models or
-- says how sure they are. Votes are never shown: a disputed text is decided blind again.
create function private.show_blind_item(item public.review_queue) returns jsonb
language sql stable
set search_path = ''
as $$
  select jsonb_build_object(
    'item', item.id, 'rank', pool.rank, 'text', item.text,
    'intents', jsonb_build_array(pool.first_intent, pool.second_intent),
    'context', private.show_context(private.copy_to_correct(item.text_key, array['random_fill'])),
    'seen', private.latest_event(item.text_key)
  )
  from public.model_disagreements pool where pool.text_key = item.text_key
$$;

-- An item as the page shows it. `seen` is the latest event about its text: a decision says which one it knows. Votes
-- are shown where reviewers disagree; before that, a reviewer decides without knowing what others decided. A text of
-- the pool of disagreements is shown blind, whoever asks for it, and for whatever reason.
create function private.show_item(item public.review_queue, p_reviewer text) returns jsonb
language sql stable
set search_path = ''
as $$
  select case when private.is_blind(item) then private.show_blind_item(item) else jsonb_build_object(
    'item', item.id, 'rank', item.rank, 'text', item.text,
    'predicted_intent', item.predicted_intent, 'confidence', item.confidence,
    'predicted_secondary_intents', item.predicted_secondary_intents,
    'runner_up_intent', item.runner_up_intent, 'runner_up_confidence', item.runner_up_confidence,
    'reasons', item.reasons, 'times_sent', item.times_sent, 'waiting_since', item.waiting_since,
    'context', private.show_context(private.copy_to_correct(item.text_key, item.reasons)),
    'votes', case when 'disagreement' = any (item.reasons)
      then private.show_votes(item.text_key, p_reviewer) else '[]' end,
    'near_duplicates', private.show_near_duplicates(item),
    'seen', private.latest_event(item.text_key)
  ) end
$$;

-- The latest event of a reviewer about a text; with a number, the latest one before it.
create function private.own_event(p_text_key bytea, p_reviewer text, before bigint default null)
returns public.correction_events
language sql stable
set search_path = ''
set enable_seqscan = off
as $$
  select * from public.correction_events where id = (
    select max(id) from (
      select id from public.correction_events
      where text_key = p_text_key and private.fold_name(reviewer) = p_reviewer and (id < before) is not false
      offset 0  -- as in latest_event (05)
    ) as own
  )
$$;

-- Whether a text is among the share that is decided twice. The key is a keyed hash, so the texts are a random sample,
-- and always the same ones.
create function private.wants_second_opinion(p_text_key bytea) returns boolean
language sql stable
set search_path = ''
as $$
  select get_byte(p_text_key, 14) * 256 + get_byte(p_text_key, 15) < 65536 * second_opinion_rate
  from private.settings
$$;

-- Up to two texts that one other reviewer decided, for a second opinion: of the 500 that were decided latest, the
-- latest first. They look like any other item, so that the caller decides without knowing.
create function private.second_opinions(p_reviewer text) returns setof public.review_queue
language sql stable
set search_path = ''
as $$
  select * from (
    select * from public.review_queue where decided_at is not null order by decided_at desc limit 500
  ) as decided
  where private.wants_second_opinion(text_key) and 'model_disagreement' <> all (reasons)
    and (private.own_event(text_key, p_reviewer)).id is null
    and not exists (
      select from private.review_skips skips
      where skips.reviewer = p_reviewer::uuid and skips.text_key = decided.text_key
    )
    and jsonb_array_length(private.show_votes(text_key, p_reviewer)) = 1
  order by decided_at desc limit 2
$$;

-- The items of the pool that wait for the caller, in the random order of the pool.
create function private.list_blind_items(
  p_reviewer text, after_rank integer, after_item bigint, max_items integer
) returns jsonb
language sql stable
set search_path = ''
as $$
  select coalesce(jsonb_agg(private.show_item(queued, p_reviewer) order by pool_rank, (queued).id), '[]')
  from (
    select queue::public.review_queue as queued, pool.rank as pool_rank
    from public.model_disagreements pool join public.review_queue queue using (text_key)
    where pool.decided_at is null
      and (pool.rank, queue.id) > (coalesce(after_rank, -1), coalesce(after_item, 0))
      and not exists (
        select from private.review_skips skips
        where skips.reviewer = p_reviewer::uuid and skips.text_key = pool.text_key
      )
      and (private.own_event(pool.text_key, p_reviewer)).to_intent is null
    order by pool.rank, queue.id limit max_items
  ) as waiting
$$;

-- The first items after a position that wait for a reviewer, of one reason if it is given.
create function private.waiting_items(
  p_reviewer text, after_rank integer, after_item bigint, reason text, max_items integer
) returns setof public.review_queue
language plpgsql stable
set search_path = ''
set enable_sort = off  -- the queue is read in its order as far as the limit, whatever the planner knows about it
set enable_bitmapscan = off
set enable_seqscan = off
as $$
begin
  return query
  select * from public.review_queue queue
  where waiting_since is not null and rank < private.rank_when_decided()
    and (rank, id) > (coalesce(after_rank, -1), coalesce(after_item, 0))
    and (waiting_items.reason is null or waiting_items.reason = any (reasons))
    and not exists (
      select from private.review_skips skips
      where skips.reviewer = p_reviewer::uuid and skips.text_key = queue.text_key
    )
    and (private.own_event(queue.text_key, p_reviewer)).to_intent is null
  order by rank, id limit max_items;
end
$$;

-- The items that wait for the caller, best first: neither skipped nor voted on by them. Those after a position, of one
-- reason if it is given. Without a reason, second opinions come first. The reason `model_disagreement` lists the pool.
create function private.list_console_items(
  after_rank integer, after_item bigint, reason text, max_items integer
) returns jsonb
language plpgsql stable
security definer
set search_path = ''
as $$
declare
  caller text := private.require_console_role('reviewer', 'operator');
  page_size integer := least(greatest(max_items, 1), 100);
begin
  perform private.refuse_more_figures('items');
  if list_console_items.reason = 'model_disagreement' then
    return private.list_blind_items(caller, after_rank, after_item, page_size);
  end if;
  return (
    select coalesce(jsonb_agg(private.show_item(opinion, caller)), '[]')
    from private.second_opinions(caller) as opinion
    where list_console_items.reason is null
  ) || (
    select coalesce(jsonb_agg(private.show_item(waiting, caller) order by rank, id), '[]')
    from private.waiting_items(caller, after_rank, after_item, list_console_items.reason, page_size) as waiting
  );
end
$$;

-- Decisions ------------------------------------------------------------------------------------------
-- Each takes the lock of the text, as `record_review` does, and reads after it. It returns
-- {"state": ...}: `recorded`; `changed`, with the item as it is now: somebody else decided meanwhile, and nothing was
-- recorded; `gone`: the text was deleted; or `blind`: it was drawn into the pool of disagreements since the caller saw
-- a prediction for it, and nothing was recorded. A repeated call changes nothing.

-- Locks the text of an item, and those of the items that change with it; returns the item as it is then. Null: it is
-- gone.
create function private.lock_console_item(
  p_item bigint, p_reviewer text, others bigint[] default '{}'
) returns public.review_queue
language plpgsql
set search_path = ''
as $$
declare
  locked bytea := (select text_key from public.review_queue where id = p_item);
  item public.review_queue;
begin
  if locked is not null then
    perform private.lock_texts(
      array(select text_key from public.review_queue where id = any (others)) || locked
    );
    select * into item from public.review_queue where id = p_item and text_key = locked;
  end if;
  -- After the wait, since the account of the reviewer may have been deleted meanwhile.
  perform private.refuse_erased_reviewer(p_reviewer);
  return item;
end
$$;

-- Appends an event about an item in the name of a reviewer, as the API does; returns its id.
create function private.append_console_event(
  item public.review_queue, p_reviewer text, intent text, secondary_intents text[], p_notes text
) returns bigint
language plpgsql
set search_path = ''
as $$
declare
  event bigint;
begin
  insert into public.correction_events
    (log_id, text_key, to_intent, to_secondary_intents, reviewer, notes, channel)
  values (
    private.copy_to_correct(
      item.text_key,
      -- The pool was drawn at random, so its senders learn nothing about each other.
      case when private.is_blind(item) then array['random_fill'] else item.reasons end
    ),
    item.text_key, intent, secondary_intents,
    p_reviewer, p_notes, 'api'
  ) returning id into event;
  return event;
end
$$;

-- Shows a blind decision in the pool, as an edit there does, as long as all votes on the text agree with it.
create function private.show_in_pool(event public.correction_events) returns void
language plpgsql
set search_path = ''
as $$
declare
  decision public.correction_events := private.find_decision(event.text_key);
begin
  update public.model_disagreements
  set corrected_intent = event.to_intent, corrected_secondary_intents = event.to_secondary_intents,
    reviewer = event.reviewer, notes = event.notes
  where text_key = event.text_key;
  perform private.update_disagreement(decision, private.is_disputed(event.text_key, decision.to_intent));
end
$$;

-- Records the caller's decision about an item, unless its text has an event that they have not seen. `is_blind`: they
-- saw no prediction. Those of the near-duplicates that wait on are decided with it.
create function private.decide_console_item(
  item bigint, seen bigint, intent text, secondary_intents text[], notes text, is_blind boolean,
  near_duplicates bigint[]
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  caller text := private.require_console_role('reviewer', 'operator');
  queued public.review_queue;
  latest public.correction_events;
  event bigint;
begin
  if cardinality(near_duplicates) > private.max_near_duplicates() then
    raise exception 'Too many near-duplicates are decided at once.'
      using errcode = 'check_violation', hint = 'Send at most 10.';
  end if;
  queued := private.lock_console_item(item, caller, near_duplicates);
  if queued.id is null then
    return jsonb_build_object('state', 'gone');
  elsif private.is_blind(queued) and is_blind is not true then
    return jsonb_build_object('state', 'blind');
  end if;
  if intent is null then
    raise exception 'A decision needs an intent.'
      using errcode = 'check_violation', hint = 'Choose an intent, or skip the item.';
  end if;
  select * into latest from public.correction_events where id = private.latest_event(queued.text_key);
  if (latest.reviewer, latest.to_intent, latest.to_secondary_intents, latest.notes)
    is not distinct from (caller, intent, secondary_intents, notes) then
    event := latest.id;
  elsif coalesce(latest.id, 0) is distinct from seen then
    return jsonb_build_object('state', 'changed', 'item', private.show_item(queued, caller), 'votes',
      case when private.is_blind(queued) then '[]' else private.show_votes(queued.text_key, caller) end);
  else
    event := private.append_console_event(queued, caller, intent, secondary_intents, notes);
    if private.is_blind(queued) then
      perform private.show_in_pool(events) from public.correction_events events where id = event;
    end if;
  end if;
  delete from private.review_skips skips
  where skips.reviewer = caller::uuid and skips.text_key = queued.text_key;
  return jsonb_build_object(
    'state', 'recorded', 'event', event,
    'is_disputed', (select 'disagreement' = any (reasons) from public.review_queue where id = queued.id),
    'near_duplicates', case when private.is_blind(queued) then '[]'
      else to_jsonb(private.label_near_duplicates(queued, event, near_duplicates)) end
  );
end
$$;

-- Takes back the caller's decision that was recorded as this event: the vote before it stands again, if there was one.
-- The near-duplicates that were decided with it wait again; those that somebody decides at this moment, at night.
create function private.undo_console_decision(item bigint, event bigint) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  caller text := private.require_console_role('reviewer', 'operator');
  queued public.review_queue := private.lock_console_item(item, caller, array(
    select id from private.near_duplicate_labels labels join public.review_queue using (text_key)
    where labels.event = undo_console_decision.event
  ));
  latest public.correction_events;
  earlier public.correction_events;
begin
  if queued.id is null then
    return jsonb_build_object('state', 'gone');
  end if;
  latest := private.own_event(queued.text_key, caller);
  earlier := private.own_event(queued.text_key, caller, event);
  if latest.id = undo_console_decision.event then
    -- Others may have voted for the same intent, but not blind.
    update public.model_disagreements pool
    set corrected_intent = null, corrected_secondary_intents = null, reviewer = null, notes = null
    where pool.text_key = queued.text_key and pool.reviewer = caller;
    perform private.append_console_event(
      queued, caller, earlier.to_intent, earlier.to_secondary_intents,
      case when earlier.to_intent is not null then earlier.notes end
    );
    -- More may have been labelled while this transaction waited.
    perform private.end_near_duplicate_labels(private.try_lock_texts(array(
      select text_key from private.near_duplicate_labels labels where labels.event = undo_console_decision.event
    )));
    select * into queued from public.review_queue where id = queued.id;
  elsif latest.id < undo_console_decision.event or (latest.to_intent, latest.to_secondary_intents)
    is distinct from (earlier.to_intent, earlier.to_secondary_intents) then
    return jsonb_build_object('state', 'changed', 'item', private.show_item(queued, caller));
  end if;
  return jsonb_build_object('state', 'recorded', 'item', private.show_item(queued, caller));
end
$$;

-- Leaves an item to others, with a reason; or, without one, takes that back.
create function private.skip_console_item(item bigint, reason text) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  caller text := private.require_console_role('reviewer', 'operator');
  queued public.review_queue := private.lock_console_item(item, caller);
begin
  if queued.id is null then
    return jsonb_build_object('state', 'gone');
  end if;
  if reason is null then
    delete from private.review_skips skips
    where skips.reviewer = caller::uuid and skips.text_key = queued.text_key;
  else
    insert into private.review_skips (reviewer, text_key, reason) values (caller::uuid, queued.text_key, reason)
    on conflict on constraint review_skips_pkey do update set reason = excluded.reason, skipped_at = now();
  end if;
  return jsonb_build_object('state', 'recorded', 'item', private.show_item(queued, caller));
end
$$;

-- Figures --------------------------------------------------------------------------------------------

-- What waits and why, what was decided, and how far the audit is. No text.
create function private.read_console_progress() returns jsonb
language plpgsql stable
security definer
set search_path = ''
as $$
declare
  caller text := private.require_console_role('reviewer', 'operator', 'viewer');
  today constant timestamptz := date_trunc('day', now(), 'UTC');
begin
  perform private.refuse_more_figures('progress');
  return (
    select jsonb_build_object(
      'waiting', count(*), 'oldest', min(waiting_since),
      'reasons', (
        select coalesce(jsonb_object_agg(reason, texts), '{}') from (
          select reason, count(*) as texts from public.review_queue, unnest(reasons) as reason
          where waiting_since is not null and rank < private.rank_when_decided() group by reason
          union all
          select 'model_disagreement', count(*) from public.model_disagreements pool
          where pool.decided_at is null having count(*) > 0
        ) as counted
      ),
      'decided_today', (select count(*) from public.review_queue where decided_at >= today),
      'own_today', (
        select count(distinct text_key) from public.correction_events
        where private.fold_name(reviewer) = caller and corrected_at >= today and to_intent is not null
      ),
      'near_duplicates', (select count(*) from private.near_duplicate_labels where ended_at is null),
      'own_skipped', (select count(*) from private.review_skips where reviewer = caller::uuid),
      'audit', (
        select jsonb_build_object(
          'messages', count(*), 'decided', count(decided_at),
          'complete_before', private.audits_complete_before()
        ) from public.nlu_prompt_logs logs left join public.review_queue using (text_key)
        where is_audited
      ),
      'champion', (select address ->> 'version' from private.champion),
      'not_learnt', (
        select count(*) from public.review_queue
        where decided_at > (
          select registered_at from public.models where version = (
            select address ->> 'version' from private.champion
          )
        )
      )
    )
    from public.review_queue
    where waiting_since is not null and rank < private.rank_when_decided()
  );
end
$$;

-- The accuracy of each model version, as `live_accuracy` has it.
create function private.read_console_accuracy() returns jsonb
language plpgsql stable
security definer
set search_path = ''
as $$
begin
  perform private.require_console_role('reviewer', 'operator', 'viewer');
  perform private.refuse_more_figures('accuracy');
  return (select coalesce(jsonb_agg(to_jsonb(live_accuracy)), '[]') from public.live_accuracy);
end
$$;

-- The registry of models: which one serves, the newest 100 models, and the newest 200 events of the ledger, without the
-- backtests of their verdicts, which are long (16_evaluation.sql).
create function private.read_console_models() returns jsonb
language plpgsql stable
security definer
set search_path = ''
as $$
begin
  perform private.require_console_role('operator');
  perform private.refuse_more_figures('models');
  return jsonb_build_object(
    'champion', (select address ->> 'version' from private.champion),
    'models', jsonb_path_query_array(private.list_models(null), '$[0 to 99]'),
    'events', (
      select coalesce(jsonb_agg(event #- '{evidence,backtest}' order by position), '[]')
      from jsonb_array_elements(private.list_model_events(null)) with ordinality as events (event, position)
      where position <= 200
    )
  );
end
$$;

-- What the caller may do. Null: nothing.
create function private.read_console_role() returns text
language sql stable
security definer
set search_path = ''
as $$
  select role from private.console_caller()
$$;

set role postgres;

-- The functions that the page calls -------------------------------------------------------------------

create function public.console_role() returns text
language sql stable
set search_path = ''
begin atomic
  select private.read_console_role();
end;
comment on function public.console_role() is 'Returns what the caller may do in the console: reviewer, operator, viewer or null.';

create function public.console_items(
  after_rank integer default null, after_item bigint default null, reason text default null,
  max_items integer default 20
) returns jsonb
language sql stable
set search_path = ''
begin atomic
  select private.list_console_items(after_rank, after_item, reason, max_items);
end;
comment on function public.console_items(integer, bigint, text, integer) is
  'Returns the items that wait for the caller, best first, at most 100.';

create function public.console_decide(
  item bigint, seen bigint, intent text, secondary_intents text[] default null, notes text default null,
  is_blind boolean default false, near_duplicates bigint[] default '{}'
) returns jsonb
language sql
set search_path = ''
begin atomic
  select private.decide_console_item(
    item, seen, intent, secondary_intents, notes, is_blind, near_duplicates
  );
end;
comment on function public.console_decide(bigint, bigint, text, text[], text, boolean, bigint[]) is
  'Records the caller''s decision about an item, unless somebody decided since they saw it.';

create function public.console_undo(item bigint, event bigint) returns jsonb
language sql
set search_path = ''
begin atomic
  select private.undo_console_decision(item, event);
end;
comment on function public.console_undo(bigint, bigint) is 'Takes back the caller''s decision with this event.';

create function public.console_skip(item bigint, reason text default null) returns jsonb
language sql
set search_path = ''
begin atomic
  select private.skip_console_item(item, reason);
end;
comment on function public.console_skip(bigint, text) is
  'Leaves an item to other reviewers, with a reason; without one, takes that back.';

create function public.console_progress() returns jsonb
language sql stable
set search_path = ''
begin atomic
  select private.read_console_progress();
end;
comment on function public.console_progress() is 'Returns what waits and why, what was decided, and how far the audit is.';

create function public.console_accuracy() returns jsonb
language sql stable
set search_path = ''
begin atomic
  select private.read_console_accuracy();
end;
comment on function public.console_accuracy() is 'Returns the accuracy of each model version, by the completed audits.';

create function public.console_models() returns jsonb
language sql stable
set search_path = ''
begin atomic
  select private.read_console_models();
end;
comment on function public.console_models() is 'Returns the registry of models and the ledger, for operators.';
