-- Beyond the daily cap a message counts for nothing: it enters no queue and no dataset. It still moved
-- a text up the queue, which looks at how often it is said, and when it was old it was counted among
-- the senders of a kept text, and so in a dataset after all.
--
-- Nor does such a capture look at the queue any longer. It did more work where the text was in it, so
-- whoever was past their cap could try a text as often as they liked, and tell by the time it took.

comment on column public.review_queue.times_sent is
  'How many messages say it, within the daily caps of their senders.';
comment on column public.review_queue.users is
  'How many people sent it, within their daily caps.';
comment on column public.labelled_texts.times_sent is
  'How many of its rows were deleted, within the daily caps of their senders.';

create or replace function private.queue_text(log public.nlu_prompt_logs) returns void
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
    from public.nlu_prompt_logs where text_key = log.text_key and within_daily_cap
  ) as copies
  left join public.labelled_texts kept on kept.text_key = log.text_key
  on conflict (text_key) do update
  set reasons = private.merged(review_queue.reasons, excluded.reasons),
    sampling_probability = greatest(review_queue.sampling_probability, excluded.sampling_probability);
end
$$;

create or replace function private.recount(texts bytea[]) returns void
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
    select logs.text_key, count(*) filter (where within_daily_cap)::integer as times_sent,
      count(distinct user_id) filter (where within_daily_cap)::integer as users
    from public.nlu_prompt_logs logs
    where logs.text_key = any (texts)
      and exists (select from public.review_queue known where known.text_key = logs.text_key)
    group by logs.text_key
  ) as counted
  where queue.text_key = counted.text_key
    and (queue.times_sent, queue.users) <> (counted.times_sent, counted.users);
end
$$;

grant prompt_maintainer to postgres;
grant create on schema private to prompt_maintainer;

create or replace function private.queue_capture() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  item public.review_queue;
begin
  if not new.within_daily_cap then
    return null;
  end if;
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
    where text_key = new.text_key and user_id = new.user_id and id <> new.id and within_daily_cap
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

create or replace function private.delete_expired_rows() returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  told private.settings;
  expired uuid[];
begin
  select * into strict told from private.settings;
  select array_agg(id) into expired from (
    select id from public.nlu_prompt_logs
    where created_at < now() - make_interval(days => told.row_retention_days)
    order by created_at, id
    limit told.retention_batch_rows
    for update skip locked
  ) as oldest;

  insert into public.daily_counts as counts (day, predicted_intent, model_version, outcome, messages)
  select (created_at at time zone 'UTC')::date, predicted_intent, model_version,
    private.outcome_of(was_successful), count(*)
  from public.nlu_prompt_logs where id = any (expired)
  group by 1, 2, 3, 4
  on conflict (day, predicted_intent, model_version, outcome) do update
  set messages = counts.messages + excluded.messages;

  insert into public.labelled_texts as kept
    (text_key, text, intent, times_sent, user_keys, labelled_at)
  select queue.text_key, queue.text, queue.corrected_intent, count(*),
    array_agg(distinct private.user_key(logs.user_id)), queue.decided_at
  from public.nlu_prompt_logs logs join public.review_queue queue using (text_key)
  where logs.id = any (expired) and logs.within_daily_cap and queue.decided_at is not null
  group by queue.text_key, queue.text, queue.corrected_intent, queue.decided_at
  on conflict (text_key) do update
  set intent = excluded.intent, times_sent = kept.times_sent + excluded.times_sent,
    user_keys = (
      select array_agg(distinct owner) from unnest(kept.user_keys || excluded.user_keys) as owner
    ),
    labelled_at = excluded.labelled_at, retained_at = now();

  delete from public.nlu_prompt_logs where id = any (expired);
  return coalesce(cardinality(expired), 0);
end
$$;

revoke create on schema private from prompt_maintainer;
revoke prompt_maintainer from postgres;
