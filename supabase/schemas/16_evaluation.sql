-- The comparison of models: the pool of disagreements, verdicts, the runs of the retraining, and what the champion
-- says about the texts that wait for review.
--
-- Two models classify texts that users sent. Where they agree, a label says nothing about which one is better, so a
-- random sample of the texts on which they disagree is put into the pool. Reviewers decide it blind. A text of the
-- pool is evidence, so no dataset ever holds it: a model would be tested on what it learned.

-- The pool, which reviewers edit in the dashboard. Nothing in it says which model predicted which intent: no version,
-- no confidence, both intents and all rows in random order, and no time but that of the draw. Other tables say it, so
-- the queue does not offer these texts, and no view of disputes or file for review shows them.
create table public.model_disagreements (
  rank integer not null,
  text text not null,
  first_intent text not null,
  second_intent text not null,
  corrected_intent text,
  corrected_secondary_intents text[],
  reviewer text,
  notes text,
  decided_at timestamptz,
  drawn_at timestamptz not null default clock_timestamp(),
  id bigint generated always as identity,
  text_key bytea not null,

  constraint model_disagreements_pkey primary key (rank, id),
  constraint model_disagreements_text_key_is_unique unique (text_key),
  constraint blind_intent_is_in_the_catalogue
    foreign key (corrected_intent) references public.intent_catalogue (intent),
  constraint models_disagree check (first_intent <> second_intent)
);

comment on table public.model_disagreements is
  'Texts on which two models disagree, in random order. Set corrected_intent and reviewer; the database does the rest.';
comment on column public.model_disagreements.rank is
  'The order of review, lowest first: the latest draw first, and random within a draw. 1000000 for texts that were decided before.';
comment on column public.model_disagreements.text is 'The normalised message.';
comment on column public.model_disagreements.first_intent is
  'What one of the two models predicted: which one, is random.';
comment on column public.model_disagreements.second_intent is 'What the other model predicted.';
comment on column public.model_disagreements.corrected_intent is
  'The reviewer''s intent: one of the two, or any other. Empty: undecided, or reviewers disagree.';
comment on column public.model_disagreements.corrected_secondary_intents is
  'The reviewer''s further intents, as in review_queue.';
comment on column public.model_disagreements.reviewer is
  'Who decided. If left empty, the edit is recorded as `dashboard` and casts no vote.';
comment on column public.model_disagreements.notes is 'The reviewer''s reasons. Optional.';
comment on column public.model_disagreements.decided_at is 'When it was decided.';
comment on column public.model_disagreements.drawn_at is 'When it was drawn.';
comment on column public.model_disagreements.id is 'The number of the disagreement.';
comment on column public.model_disagreements.text_key is 'The text key.';

create index model_disagreements_by_intent on public.model_disagreements (corrected_intent);
create index model_disagreements_by_id on public.model_disagreements (id);
create index model_disagreements_by_draw on public.model_disagreements (drawn_at);
create index model_disagreements_by_reviewer on public.model_disagreements (private.fold_name(reviewer))
  where reviewer is not null;

-- Estimates would reveal texts and names: see 04_prompt_logs.sql.
alter table public.model_disagreements
  alter column text set statistics 0,
  alter column reviewer set statistics 0,
  alter column notes set statistics 0;
alter index public.model_disagreements_by_reviewer alter column 1 set statistics 0;

alter table public.model_disagreements enable row level security;
alter table public.model_disagreements force row level security;

create policy "The maintainer reads the pool of disagreements"
  on public.model_disagreements for select to prompt_maintainer using (true);
create policy "The maintainer draws disagreements"
  on public.model_disagreements for insert to prompt_maintainer with check (true);
create policy "The maintainer applies decisions to disagreements"
  on public.model_disagreements for update to prompt_maintainer using (true) with check (true);
create policy "The maintainer deletes disagreements whose text is gone"
  on public.model_disagreements for delete to prompt_maintainer using (true);

-- Which model said what, and how likely the text was to be drawn.
create table private.disagreement_draws (
  text_key bytea not null,
  candidate text not null,
  champion text not null,
  candidate_intent text not null,
  champion_intent text not null,
  probability double precision not null,

  constraint disagreement_draws_pkey primary key (text_key),
  constraint a_draw_belongs_to_the_pool
    foreign key (text_key) references public.model_disagreements (text_key)
    on delete cascade on update cascade,
  constraint candidate_is_registered foreign key (candidate) references public.models (version),
  constraint champion_has_1_to_100_characters check (char_length(champion) between 1 and 100),
  constraint candidate_intent_has_1_to_100_characters check (char_length(candidate_intent) between 1 and 100),
  constraint champion_intent_has_1_to_100_characters check (char_length(champion_intent) between 1 and 100),
  constraint probability_of_a_draw_is_a_probability check (probability > 0 and probability <= 1)
);

comment on table private.disagreement_draws is
  'Which models disagree about a text of the pool, and how. Hidden from reviewers. Holds no text and no user.';
comment on column private.disagreement_draws.text_key is 'The text key.';
comment on column private.disagreement_draws.candidate is 'The candidate for which the text was drawn.';
comment on column private.disagreement_draws.champion is
  'The version that the candidate was compared with. It may be a packaged one, so it is no foreign key.';
comment on column private.disagreement_draws.candidate_intent is 'What the candidate predicted.';
comment on column private.disagreement_draws.champion_intent is 'What the other model predicted.';
comment on column private.disagreement_draws.probability is
  'The probability with which each disagreement of the two models was drawn.';

create index disagreement_draws_by_models on private.disagreement_draws (candidate, champion);

alter table private.disagreement_draws enable row level security;
alter table private.disagreement_draws force row level security;

create policy "The maintainer reads which models disagree"
  on private.disagreement_draws for select to prompt_maintainer using (true);
create policy "The maintainer records which models disagree"
  on private.disagreement_draws for insert to prompt_maintainer with check (true);

-- The runs of the retraining: each tick once, and one at a time.
create table private.retraining_runs (
  tick text not null,
  started_at timestamptz not null default clock_timestamp(),
  claim uuid not null default gen_random_uuid(),
  expires_at timestamptz not null,
  progress jsonb not null default '{}',
  finished_at timestamptz,
  outcome text,

  constraint retraining_runs_pkey primary key (tick),
  constraint tick_is_a_name check (tick ~ '^[A-Za-z0-9][A-Za-z0-9:._+-]{0,99}$'),
  constraint progress_is_an_object check (jsonb_typeof(progress) = 'object'),
  constraint progress_has_at_most_100000_bytes check (octet_length(progress::text) <= 100000),
  constraint outcome_has_1_to_100_characters check (char_length(outcome) between 1 and 100),
  constraint a_finished_run_has_an_outcome check ((finished_at is null) = (outcome is null))
);

comment on table private.retraining_runs is 'The runs of the retraining. Holds no text and no user.';
comment on column private.retraining_runs.tick is 'The occasion of the run, such as the time of a schedule.';
comment on column private.retraining_runs.started_at is 'When it was claimed for the first time.';
comment on column private.retraining_runs.claim is 'Who carries it out: a random token.';
comment on column private.retraining_runs.expires_at is 'From when on another caller may take it over.';
comment on column private.retraining_runs.progress is 'What has been done so far, for whoever takes it over.';
comment on column private.retraining_runs.finished_at is 'When it ended. Null: it has not, or was given up.';
comment on column private.retraining_runs.outcome is 'How it ended.';

create index retraining_runs_by_claim on private.retraining_runs (claim);

alter table private.retraining_runs enable row level security;
alter table private.retraining_runs force row level security;

create policy "The maintainer reads the runs of the retraining"
  on private.retraining_runs for select to prompt_maintainer using (true);
create policy "The maintainer begins a run of the retraining"
  on private.retraining_runs for insert to prompt_maintainer with check (true);
create policy "The maintainer continues a run of the retraining"
  on private.retraining_runs for update to prompt_maintainer using (true) with check (true);

-- What a model says about texts that wait for review. The queue's order uses what the champion says, so that after a
-- promotion the texts come first of which the new champion is unsure. Captured predictions stay as they are.
create table private.queue_scores (
  text_key bytea not null,
  version text not null,
  confidence double precision not null,
  margin double precision not null,
  scored_at timestamptz not null default now(),

  constraint queue_scores_pkey primary key (text_key),
  constraint a_score_belongs_to_an_item
    foreign key (text_key) references public.review_queue (text_key) on delete cascade,
  constraint scoring_model_is_registered foreign key (version) references public.models (version),
  constraint score_is_a_probability check (confidence between 0 and 1),
  constraint margin_is_at_most_the_confidence check (margin between 0 and confidence)
);

comment on table private.queue_scores is 'How sure a model is of the texts that wait for review.';
comment on column private.queue_scores.text_key is 'The text key.';
comment on column private.queue_scores.version is 'The model. Scores of another one than the champion are ignored.';
comment on column private.queue_scores.confidence is 'The probability that its prediction is right.';
comment on column private.queue_scores.margin is 'The confidence less that of the second-best intent.';
comment on column private.queue_scores.scored_at is 'When the text was scored.';

create index queue_scores_by_version on private.queue_scores (version);

alter table private.queue_scores enable row level security;
alter table private.queue_scores force row level security;

create policy "The maintainer reads the scores of waiting texts"
  on private.queue_scores for select to prompt_maintainer using (true);
create policy "The maintainer records a score"
  on private.queue_scores for insert to prompt_maintainer with check (true);
create policy "The maintainer replaces a score"
  on private.queue_scores for update to prompt_maintainer using (true) with check (true);

-- The order of the queue ----------------------------------------------------------------------------

-- The rank of an item, by what the champion says about it; by its captured prediction where the champion said nothing.
-- The queue does not offer a text that was decided as a near-duplicate, unless it needs a decision of its own.
create function private.current_rank(item public.review_queue, times_sent integer) returns integer
language plpgsql stable
set search_path = ''
as $$
begin
  if not item.reasons && private.own_decision_reasons()
    and (private.near_duplicate_label(item.text_key)).id is not null then
    return private.rank_when_decided();
  end if;
  return (
    select private.review_rank(
      item.reasons, coalesce(score.confidence, item.confidence),
      case when score.text_key is null then item.runner_up_confidence else score.confidence - score.margin end,
      current_rank.times_sent
    )
    from (values (true)) as one left join private.queue_scores score
      on score.text_key = item.text_key
      and score.version = (select address ->> 'version' from private.champion)
  );
end
$$;

-- Decisions on the pool -----------------------------------------------------------------------------
-- A decision is a vote on the text like any other correction. The pool shows it as long as the votes on the text, of
-- all channels, agree with it: a text is decided blind, or waits in the pool.
--
--   update  before_05_lock_edits        once per statement: exclude other changes of texts
--           before_10_validate_edit     as in review_queue
--           after_10_append_edit        the edit becomes a correction event
--           after_20_refuse_lost_edit   once per statement: an edit that reached no row fails
--   insert, delete, truncate            before_90_refuse_changes, before_95_refuse_truncate
-- None of these run for the maintainer, except for truncate.

-- A rank in the pool: random, and before those of all earlier draws. `draw` counts from 0.
create function private.random_rank(draw bigint) returns integer
language sql volatile
set search_path = ''
as $$
  select (1000 * (999 - least(draw, 999)) + floor(1000 * random()))::integer
$$;

-- Brings the pool up to date with the votes on a text. `event` decides it, unless the text is disputed.
create function private.update_disagreement(event public.correction_events, disputed boolean) returns void
language plpgsql
set search_path = ''
as $$
begin
  update public.model_disagreements pool
  set corrected_intent = case when stands then pool.corrected_intent end,
    corrected_secondary_intents = case when stands then event.to_secondary_intents end,
    reviewer = case when stands then pool.reviewer end,
    notes = case when stands then pool.notes end,
    decided_at = case when stands then event.corrected_at end,
    rank = case when not stands and pool.rank = private.rank_when_decided()
      then private.random_rank(0) else pool.rank end
  from (
    select text_key, corrected_intent is not null and not disputed
      and corrected_intent is not distinct from event.to_intent as stands
    from public.model_disagreements
  ) as judged
  where pool.text_key = event.text_key and judged.text_key = pool.text_key
    and (pool.corrected_intent is not null or pool.decided_at is not null);
end
$$;

create trigger before_05_lock_edits before update on public.model_disagreements
  for each statement when (current_user <> 'prompt_maintainer')
  execute function private.lock_edits_first();
create trigger before_10_validate_edit before update on public.model_disagreements
  for each row when (current_user <> 'prompt_maintainer')
  execute function private.validate_queue_edit();

set role prompt_maintainer;

create function private.append_blind_edit() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into public.correction_events
    (log_id, text_key, to_intent, to_secondary_intents, reviewer, notes, channel)
  values (
    -- The text was drawn at random, so its senders learn nothing about each other.
    private.copy_to_correct(new.text_key, array['random_fill']),
    new.text_key, new.corrected_intent, new.corrected_secondary_intents, coalesce(new.reviewer, 'dashboard'),
    new.notes, 'dashboard'
  );
  if not found then
    -- It repeats the latest correction, which may have come through another channel.
    perform private.apply_decision(new.text_key);
  end if;
  return null;
end
$$;

set role postgres;

create trigger after_10_append_edit after update on public.model_disagreements
  for each row
  when (
    current_user <> 'prompt_maintainer'
    and num_nonnulls(old.corrected_intent, new.corrected_intent) > 0
    and (new.corrected_intent, new.corrected_secondary_intents, new.reviewer, new.notes)
      is distinct from (old.corrected_intent, old.corrected_secondary_intents, old.reviewer, old.notes)
  )
  execute function private.append_blind_edit();
create trigger after_20_refuse_lost_edit after update on public.model_disagreements
  referencing new table as edited
  for each statement when (current_user <> 'prompt_maintainer')
  execute function private.refuse_lost_edit();

create function private.refuse_pool_changes() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  raise exception 'Disagreements cannot be added or removed by hand.'
    using errcode = 'insufficient_privilege',
      hint = 'Decide a disagreement instead: set corrected_intent and reviewer.';
end
$$;

create trigger before_90_refuse_changes before insert or delete on public.model_disagreements
  for each row when (current_user <> 'prompt_maintainer')
  execute function private.refuse_pool_changes();
create trigger before_95_refuse_truncate before truncate on public.model_disagreements
  for each statement execute function private.refuse_pool_changes();

-- The queue shows the captured prediction, so whoever decides there is not blind.
create function private.refuse_seen_decision() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  raise exception 'This text is reviewed blind.'
    using errcode = 'insufficient_privilege',
      hint = 'Decide it in model_disagreements, which does not show what a model predicted.';
end
$$;

create trigger before_08_refuse_seen_decision before update on public.review_queue
  for each row when (
    current_user <> 'prompt_maintainer' and 'model_disagreement' = any (old.reasons)
  )
  execute function private.refuse_seen_decision();

-- The owner of the table may delete retained texts by hand. What rests on them goes with them.
set role prompt_maintainer;

create function private.clean_up_retained_texts() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.delete_orphans(array(select text_key from deleted));
  return null;
end
$$;

set role postgres;

create trigger before_05_lock_edits before delete on public.labelled_texts
  for each statement when (current_user <> 'prompt_maintainer')
  execute function private.lock_edits_first();
create trigger after_40_clean_up_texts after delete on public.labelled_texts
  referencing old table as deleted
  for each statement when (current_user <> 'prompt_maintainer')
  execute function private.clean_up_retained_texts();

-- Drawing disagreements -----------------------------------------------------------------------------

set role prompt_maintainer;

-- Returns a page of distinct texts that were sent since a time: [row, text key, text, whether it may be drawn]. Text
-- keys are keyed hashes, so their order is random. A text that has a vote was seen with a prediction.
create function private.read_captured_texts(
  since timestamptz, after_text bytea, until_text bytea, page_size integer
) returns json
language sql stable
security definer
set search_path = ''
set enable_seqscan = off  -- all texts and their corrections are found by keys
as $$
  with recursive texts as (
    (
      select id, logs.text_key, prompt, 1 as position from public.nlu_prompt_logs logs
      where logs.text_key > after_text and within_daily_cap and created_at >= since
      order by logs.text_key limit 1
    )
    union all
    select next.id, next.text_key, next.prompt, position + 1 from texts cross join lateral (
      select id, logs.text_key, prompt from public.nlu_prompt_logs logs
      where logs.text_key > texts.text_key and within_daily_cap and created_at >= since
      order by logs.text_key limit 1
    ) as next
    where position < page_size and (until_text is null or texts.text_key < until_text)
  )
  select coalesce(json_agg(json_build_array(
    id, encode(text_key, 'hex'), prompt,
    not exists (select from public.correction_events events where events.text_key = texts.text_key)
      and not exists (select from public.model_disagreements pool where pool.text_key = texts.text_key)
  ) order by text_key), '[]')
  from texts where until_text is null or text_key <= until_text
$$;

-- Puts disagreements into the pool, given as [{log_id, candidate_intent, champion_intent}]; returns how many are new.
-- Texts that another transaction has locked are left out, and so are those that have a vote.
create function private.draw_disagreements(
  p_candidate text, p_champion text, p_probability double precision, disagreements jsonb
) returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  locked bytea[];
  draw bigint := (select count(*) from (select distinct candidate, champion from private.disagreement_draws) as draws);
  drawn record;
  added integer := 0;
begin
  perform private.refuse_unknown_model(p_candidate);
  if (p_probability > 0 and p_probability <= 1) is not true or exists (
    select from jsonb_to_recordset(disagreements) as given (log_id uuid, candidate_intent text, champion_intent text)
    where num_nulls(log_id, candidate_intent, champion_intent) > 0 or candidate_intent = champion_intent
      or char_length(candidate_intent) not between 1 and 100 or char_length(champion_intent) not between 1 and 100
  ) then
    raise exception 'A disagreement names a row and two intents, and was drawn with a probability.'
      using errcode = 'check_violation', constraint = 'models_disagree';
  end if;
  -- Exports that register rows after this see the pool. One that registered rows before is found by its end.
  perform private.lock_export_registry();
  -- `limit` makes the planner look up each row. Without statistics, it would read all copies of the locked texts.
  locked := private.try_lock_texts(array(
    select distinct text_key
    from jsonb_to_recordset(disagreements) as given (log_id uuid) cross join lateral (
      select text_key, within_daily_cap from public.nlu_prompt_logs where id = given.log_id limit 1
    ) as named
    where within_daily_cap
  ));

  for drawn in
    select * from (
      select distinct on (text_key) text_key, prompt, candidate_intent, champion_intent
      from jsonb_to_recordset(disagreements) as given (log_id uuid, candidate_intent text, champion_intent text)
      cross join lateral (
        select id, text_key, prompt from public.nlu_prompt_logs where id = given.log_id limit 1
      ) as named
      where text_key = any (locked) order by text_key, id
    ) as texts
    where not exists (select from public.correction_events events where events.text_key = texts.text_key)
      and not exists (select from public.model_disagreements pool where pool.text_key = texts.text_key)
    order by random()
  loop
    continue when not private.try_lock_queue_item(drawn.text_key);
    insert into public.model_disagreements (rank, text, first_intent, second_intent, text_key)
    select private.random_rank(draw), private.normalise_text(drawn.prompt), intents[1], intents[2], drawn.text_key
    from (
      select array_agg(intent order by random()) as intents
      from unnest(array[drawn.candidate_intent, drawn.champion_intent]) as both_intents (intent)
    ) as shuffled;
    insert into private.disagreement_draws
      (text_key, candidate, champion, candidate_intent, champion_intent, probability)
    values (
      drawn.text_key, p_candidate, p_champion, drawn.candidate_intent, drawn.champion_intent, p_probability
    );
    perform private.queue_blind(drawn.text_key);
    added := added + 1;
  end loop;
  return added;
end
$$;

set role postgres;

-- Marks the queue item of a text of the pool, or adds it: it holds the label of the text. The caller holds the locks of
-- the text and of the item.
create function private.queue_blind(p_text_key bytea) returns void
language plpgsql
set search_path = ''
as $$
begin
  if not exists (select from public.review_queue where text_key = p_text_key) then
    perform private.add_queue_item(private.oldest_copy(p_text_key), '{}');
  end if;
  -- The next window lists the text as one that has no line any more.
  update public.review_queue
  set reasons = private.array_union(reasons, array['model_disagreement']), rank = private.rank_when_decided(),
    change_number = private.next_change_number()
  where text_key = p_text_key;
end
$$;

set role prompt_maintainer;

create function private.read_draw_progress(p_candidate text, p_champion text) returns json
language sql stable
security definer
set search_path = ''
as $$
  select json_build_object('drawn', count(*), 'decided', count(decided_at))
  from private.disagreement_draws join public.model_disagreements using (text_key)
  where (candidate, champion) = (p_candidate, p_champion)
$$;

-- Returns a page of [number, text] of the pool, for exports: they hold neither these texts nor near-duplicates.
create function private.read_disagreement_texts(after_id bigint, page_size integer) returns json
language sql stable
security definer
set search_path = ''
as $$
  select coalesce(json_agg(json_build_array(id, text) order by id), '[]') from (
    select id, text from public.model_disagreements where id > after_id order by id limit page_size
  ) as page
$$;

-- Evidence ------------------------------------------------------------------------------------------

-- On whom the decision on a text rests, under pseudonyms that mean nothing with another salt: {"reviewers": those
-- without any one of whom the text would have no label or be disputed, "sender": the only one, or null}.
create function private.show_support(p_text_key bytea, label text, salt text) returns jsonb
language plpgsql stable
security definer
set search_path = ''
as $$
declare
  secret bytea := (select user_key_secret from private.keys);
  voters text[];
  votes_against bigint;
  senders bytea[];
begin
  select coalesce(array_agg(private.fold_name(reviewer)), '{}') into voters
  from private.latest_events(p_text_key)
  where to_intent = label and reviewer <> all (private.anonymous_reviewers());
  select coalesce(max(counted), 0) into votes_against from (
    select count(*) as counted from private.latest_events(p_text_key)
    where to_intent <> label and reviewer <> all (private.anonymous_reviewers()) group by to_intent
  ) as others;
  if voters = '{}' then
    voters := array[(private.find_decision(p_text_key)).reviewer];
  elsif cardinality(voters) - 1 > votes_against then
    voters := '{}';
  end if;
  senders := array(
    select private.user_key(user_id) from (
      select distinct user_id from public.nlu_prompt_logs
      where text_key = p_text_key and within_daily_cap limit 2
    ) as present
    union
    select unnest(user_keys) from public.labelled_texts where text_key = p_text_key
  );
  return jsonb_build_object(
    'reviewers', (
      select coalesce(jsonb_agg(left(encode(
        extensions.hmac(convert_to(salt || private.fold_name(voter), 'UTF8'), secret, 'sha256'), 'hex'
      ), 32)), '[]') from unnest(voters) as voter
    ),
    'sender', case when cardinality(senders) = 1 then left(encode(
      extensions.hmac(convert_to(salt, 'UTF8') || senders[1], secret, 'sha256'), 'hex'
    ), 32) end
  );
end
$$;

-- Returns a page of the disagreements that were decided: [number, text key, text, intent, support, candidate, champion,
-- probability].
create function private.read_decided_disagreements(after_id bigint, page_size integer, salt text) returns json
language sql stable
security definer
set search_path = ''
as $$
  select coalesce(json_agg(json_build_array(
    page.id, encode(text_key, 'hex'), coalesce(copy.prompt, page.text), corrected_intent,
    private.show_support(text_key, corrected_intent, salt), candidate, champion, probability
  ) order by page.id), '[]')
  from (
    select * from public.model_disagreements where id > after_id and decided_at is not null
    order by id limit page_size
  ) as page
  join private.disagreement_draws using (text_key)
  left join lateral (
    -- As it was sent: the model reads capital letters.
    select prompt from public.nlu_prompt_logs logs where logs.text_key = page.text_key order by change_number, id limit 1
  ) as copy on true
$$;

-- Returns [text key, text, intent, support] of those texts that have a label now.
create function private.read_decided_texts(text_keys bytea[], salt text) returns json
language sql stable
security definer
set search_path = ''
as $$
  select coalesce(json_agg(json_build_array(
    encode(text_key, 'hex'), text, intent, private.show_support(text_key, intent, salt)
  ) order by text_key), '[]')
  from (
    select queue.text_key, queue.text, queue.corrected_intent as intent from public.review_queue queue
    where queue.text_key = any (text_keys) and queue.decided_at is not null
    union all
    select retained.text_key, retained.text, retained.intent from public.labelled_texts retained
    where retained.text_key = any (text_keys)
      and not exists (select from public.review_queue queue where queue.text_key = retained.text_key)
  ) as labelled
$$;

create function private.count_new_labels(since timestamptz) returns integer
language sql stable
security definer
set search_path = ''
as $$
  select count(*)::integer from public.review_queue
  where decided_at > coalesce(since, '-infinity') and 'model_disagreement' <> all (reasons)
$$;

-- Verdicts ------------------------------------------------------------------------------------------

create function private.count_looks(p_version text) returns integer
language sql stable
set search_path = ''
as $$
  select count(*)::integer from public.model_events where version = p_version and kind = 'verdict'
$$;

-- Appends a verdict on a model, and returns the event. A caller that did not know the latest one is refused, so that
-- no two count as the same look at the evidence.
create function private.record_verdict(
  p_version text, p_champion text, p_decision text, p_looks_before integer, p_actor text, p_reason text,
  p_evidence jsonb
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  operator text := private.begin_registry_change(p_actor);
begin
  perform private.refuse_unknown_model(p_version);
  if p_champion is not null then
    perform private.refuse_unknown_model(p_champion);
  end if;
  if (p_decision in ('promote', 'hold', 'reject')) is not true then
    raise exception 'A verdict is promote, hold or reject.'
      using errcode = 'check_violation', constraint = 'verdict_is_known';
  end if;
  if p_looks_before is distinct from private.count_looks(p_version) then
    raise exception 'Another verdict on the model was recorded meanwhile.'
      using errcode = 'PT409', hint = 'Count the looks again, and decide on the evidence of now.';
  end if;
  return private.append_model_event('verdict', p_version, operator, p_reason, coalesce(p_evidence, '{}') || jsonb_build_object(
    'decision', p_decision, 'champion', p_champion, 'look', p_looks_before + 1,
    'catalogue_version', private.catalogue_version()
  ));
end
$$;

set role postgres;

-- The operator in whose name a schedule decides.
create function private.schedule_actor() returns text
language sql immutable
set search_path = ''
as $$
  select 'retraining'
$$;

-- The verdict on which a model may become the champion, or null: the latest one says so, and since it was recorded
-- neither the champion nor the catalogue changed. So each verdict counts once, and none outlives a rollback.
create function private.find_supporting_verdict(p_version text) returns bigint
language plpgsql stable
set search_path = ''
as $$
declare
  serving public.model_events := private.champion_event();
  verdict public.model_events;
begin
  select * into verdict from public.model_events
  where version = p_version and kind = 'verdict' order by id desc limit 1;
  return case when verdict.evidence ->> 'decision' = 'promote' and verdict.id > coalesce(serving.id, 0)
    and verdict.evidence ->> 'champion' is not distinct from serving.version
    and verdict.evidence ->> 'catalogue_version' = private.catalogue_version()
    then verdict.id end;
end
$$;

-- What a promotion rests on, as its evidence in the ledger. Refuses one without a verdict, unless a person forces it,
-- and one by a schedule that would end a split: a person who wants to know how the challenger does decides that.
create function private.justify_promotion(p_version text, operator text, is_forced boolean) returns jsonb
language plpgsql stable
set search_path = ''
as $$
declare
  verdict bigint := private.find_supporting_verdict(p_version);
begin
  if private.fold_name(operator) = private.schedule_actor() and exists (select from private.split) then
    raise exception 'A schedule cannot end a split.'
      using errcode = 'PT412', hint = 'Stop the split, or promote the model yourself.';
  end if;
  if verdict is not null then
    return jsonb_build_object('verdict', verdict);
  end if;
  if not is_forced then
    raise exception 'No verdict supports the promotion.'
      using errcode = 'PT412',
        hint = 'Run prompt-capture models backtest, or force the promotion and say why.';
  end if;
  if private.fold_name(operator) = private.schedule_actor() then
    raise exception 'A schedule cannot force a promotion.'
      using errcode = 'PT412', hint = 'Promote the model yourself, with a reason.';
  end if;
  return jsonb_build_object('forced', true);
end
$$;

-- Runs of the retraining ----------------------------------------------------------------------------
-- They are claimed one after another, under the lock of the registry.

set role prompt_maintainer;

create function private.show_run(run private.retraining_runs) returns jsonb
language sql stable
set search_path = ''
as $$
  select to_jsonb(run) where run.tick is not null
$$;

-- Claims the run of a tick for some seconds, and returns it; null: it has ended, or another one is under way.
create function private.claim_retraining(p_tick text, lease_seconds integer) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  run private.retraining_runs;
begin
  perform private.lock_model_registry();
  if exists (
    select from private.retraining_runs
    where finished_at is null and expires_at > clock_timestamp()
  ) or exists (select from private.retraining_runs where tick = p_tick and finished_at is not null) then
    return null;
  end if;
  insert into private.retraining_runs (tick, expires_at)
  values (p_tick, clock_timestamp() + make_interval(secs => lease_seconds))
  on conflict (tick) do update set claim = gen_random_uuid(), expires_at = excluded.expires_at
  returning * into run;
  return private.show_run(run);
end
$$;

create function private.refuse_lost_claim() returns void
language plpgsql
set search_path = ''
as $$
begin
  raise exception 'The claim to the run is lost.'
    using errcode = 'PT409', hint = 'Another caller took it over, or it has ended. Stop.';
end
$$;

-- Replaces the progress of a run, and extends the claim to it.
create function private.save_retraining_progress(p_claim uuid, p_progress jsonb, lease_seconds integer) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  run private.retraining_runs;
begin
  perform private.lock_model_registry();
  update private.retraining_runs
  set progress = p_progress, expires_at = clock_timestamp() + make_interval(secs => lease_seconds)
  where claim = p_claim and finished_at is null
  returning * into run;
  if not found then
    perform private.refuse_lost_claim();
  end if;
  return private.show_run(run);
end
$$;

-- Ends a run. A repetition changes nothing.
create function private.finish_retraining(p_claim uuid, p_outcome text) returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.lock_model_registry();
  update private.retraining_runs set finished_at = clock_timestamp(), outcome = p_outcome
  where claim = p_claim and finished_at is null;
  if not found and not exists (
    select from private.retraining_runs where claim = p_claim and outcome = p_outcome
  ) then
    perform private.refuse_lost_claim();
  end if;
end
$$;

create function private.latest_retraining() returns jsonb
language sql stable
security definer
set search_path = ''
as $$
  select private.show_run(runs) from private.retraining_runs runs
  where finished_at is not null order by finished_at desc limit 1
$$;

-- Scoring the queue ---------------------------------------------------------------------------------

-- Returns a page of [rank, number, text key, text] of the texts that wait in the queue, the most urgent first.
create function private.read_waiting_texts(after_rank integer, after_id bigint, page_size integer) returns json
language sql stable
security definer
set search_path = ''
as $$
  select coalesce(json_agg(json_build_array(rank, waiting.id, encode(text_key, 'hex'), prompt) order by rank, waiting.id), '[]')
  from (
    select rank, id, text_key from public.review_queue
    where waiting_since is not null and rank < private.rank_when_decided() and (rank, id) > (after_rank, after_id)
    order by rank, id limit page_size
  ) as waiting
  cross join lateral (
    select prompt from public.nlu_prompt_logs logs
    -- By time, the planner would read all rows in the order of their index until it finds one of the text.
    where logs.text_key = waiting.text_key order by change_number, logs.id limit 1
  ) as copy
$$;

-- Records what a model says about waiting texts, given as [[text key, confidence, margin]]; returns how many. Texts
-- that another transaction has locked are left out.
create function private.record_queue_scores(p_version text, scores jsonb) returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  locked bytea[];
  recorded integer;
begin
  perform private.refuse_unknown_model(p_version);
  locked := private.try_lock_items(array(
    select decode(score ->> 0, 'hex') from jsonb_array_elements(scores) as score
  ));
  insert into private.queue_scores as known (text_key, version, confidence, margin)
  select distinct on (waiting.text_key) waiting.text_key, p_version, (score ->> 1)::double precision,
    (score ->> 2)::double precision
  from jsonb_array_elements(scores) as score
  join public.review_queue waiting on waiting.text_key = decode(score ->> 0, 'hex')
  where waiting.waiting_since is not null and waiting.text_key = any (locked)
  on conflict (text_key) do update
  set version = excluded.version, confidence = excluded.confidence, margin = excluded.margin, scored_at = now();
  get diagnostics recorded = row_count;
  return recorded;
end
$$;

set role postgres;

-- Entry points. They run with the caller's rights. ---------------------------------------------------

create function public.read_captured_texts(days integer, after_text text, until_text text, page_size integer)
returns json
language sql stable set search_path = ''
as $$
  select private.read_captured_texts(
    now() - make_interval(days => days), decode(after_text, 'hex'), decode(until_text, 'hex'), page_size
  )
$$;
comment on function public.read_captured_texts(integer, text, text, integer) is
  'Returns a page of distinct texts that were sent in the last days, without their senders.';

create function public.draw_disagreements(
  candidate text, champion text, probability double precision, disagreements jsonb
) returns integer
language sql set search_path = ''
as $$ select private.draw_disagreements(candidate, champion, probability, disagreements) $$;
comment on function public.draw_disagreements(text, text, double precision, jsonb) is
  'Puts texts on which two models disagree into the pool that is reviewed blind; returns how many are new.';

create function public.read_draw_progress(candidate text, champion text) returns json
language sql stable set search_path = ''
as $$ select private.read_draw_progress(candidate, champion) $$;
comment on function public.read_draw_progress(text, text) is
  'Returns how many disagreements of two models are in the pool, and how many are decided.';

create function public.read_disagreement_texts(after_id bigint, page_size integer) returns json
language sql stable set search_path = ''
as $$ select private.read_disagreement_texts(after_id, page_size) $$;
comment on function public.read_disagreement_texts(bigint, integer) is
  'Returns a page of the texts that no dataset may hold.';

create function public.read_decided_disagreements(after_id bigint, page_size integer, salt text) returns json
language sql stable set search_path = ''
as $$ select private.read_decided_disagreements(after_id, page_size, salt) $$;
comment on function public.read_decided_disagreements(bigint, integer, text) is
  'Returns a page of the disagreements that reviewers decided blind, with pseudonyms of those on whom each rests.';

create function public.read_decided_texts(text_ids text[], salt text) returns json
language sql stable set search_path = ''
as $$
  select private.read_decided_texts(array(select decode(text_id, 'hex') from unnest(text_ids) as text_id), salt)
$$;
comment on function public.read_decided_texts(text[], text) is
  'Returns those texts that have a label now, with pseudonyms of those on whom each rests.';

create function public.count_new_labels(since timestamptz) returns integer
language sql stable set search_path = ''
as $$ select private.count_new_labels(since) $$;
comment on function public.count_new_labels(timestamptz) is
  'Returns how many texts were decided since, without those of the pool.';

create function public.record_verdict(
  version text, champion text, decision text, looks_before integer, actor text, reason text,
  evidence jsonb default '{}'
) returns jsonb
language sql set search_path = ''
as $$
  select private.record_verdict(version, champion, decision, looks_before, actor, reason, evidence)
$$;
comment on function public.record_verdict(text, text, text, integer, text, text, jsonb) is
  'Appends a verdict on a model to the ledger, and returns the event.';

create function public.claim_retraining(tick text, lease_seconds integer) returns jsonb
language sql set search_path = ''
as $$ select private.claim_retraining(tick, lease_seconds) $$;
comment on function public.claim_retraining(text, integer) is
  'Claims the run of a tick, and returns it, or null where it has ended or another run is under way.';

create function public.save_retraining_progress(claim uuid, progress jsonb, lease_seconds integer) returns jsonb
language sql set search_path = ''
as $$ select private.save_retraining_progress(claim, progress, lease_seconds) $$;
comment on function public.save_retraining_progress(uuid, jsonb, integer) is
  'Replaces the progress of a claimed run, extends the claim, and returns the run.';

create function public.finish_retraining(claim uuid, outcome text) returns void
language sql set search_path = ''
as $$ select private.finish_retraining(claim, outcome) $$;
comment on function public.finish_retraining(uuid, text) is 'Ends a claimed run.';

create function public.latest_retraining() returns jsonb
language sql stable set search_path = ''
as $$ select private.latest_retraining() $$;
comment on function public.latest_retraining() is 'Returns the run that ended last, or null.';

create function public.read_waiting_texts(after_rank integer, after_id bigint, page_size integer) returns json
language sql stable set search_path = ''
as $$ select private.read_waiting_texts(after_rank, after_id, page_size) $$;
comment on function public.read_waiting_texts(integer, bigint, integer) is
  'Returns a page of the texts that wait for review, the most urgent first.';

create function public.record_queue_scores(version text, scores jsonb) returns integer
language sql set search_path = ''
as $$ select private.record_queue_scores(version, scores) $$;
comment on function public.record_queue_scores(text, jsonb) is
  'Records what a model says about waiting texts; returns how many. The order of the queue uses it while the model is the champion.';

-- Verdicts in the console ---------------------------------------------------------------------------

set role prompt_maintainer;

-- A verdict with all that it rests on, for operators. Null: there is no verdict with this id.
create function private.read_console_verdict(verdict bigint) returns jsonb
language plpgsql stable
security definer
set search_path = ''
as $$
begin
  perform private.require_console_role('operator');
  return (
    select private.show_model_event(events) from public.model_events events
    where events.id = verdict and kind = 'verdict'
  );
end
$$;

set role postgres;

-- The body is parsed when the function is created, as those in 19_console.sql are.
create function public.console_verdict(verdict bigint) returns jsonb
language sql stable set search_path = ''
begin atomic
  select private.read_console_verdict(verdict);
end;
comment on function public.console_verdict(bigint) is
  'Returns a verdict with all that it rests on, for operators.';
