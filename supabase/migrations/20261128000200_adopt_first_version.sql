-- Adopts the rows of the table's first version, if there was one.
--
-- Every row is adopted. Each is read as JSON, so the first version may have other column types, or lack
-- columns. A value that cannot be read as the new type becomes null or a neutral default: intent `unknown`,
-- confidence 0, and as sender the nil UUID, which no user has.

-- A column of type json may hold an escaped NUL, which jsonb cannot.
create function pg_temp.as_row(raw json) returns jsonb
language sql immutable
as $$
  select regexp_replace(raw::text, '(?<!\\)((?:\\\\)*)\\u0000', '\1', 'g')::jsonb
$$;

create function pg_temp.as_number(raw text) returns double precision
language plpgsql immutable
as $$
declare
  number double precision;
begin
  number := raw;
  return case when number not in ('NaN', 'Infinity', '-Infinity') then number end;
exception when data_exception then
  return null;
end
$$;

create function pg_temp.as_integer(raw text) returns integer
language plpgsql immutable
as $$
begin
  return raw::numeric::integer;
exception when data_exception then
  return null;
end
$$;

create function pg_temp.as_boolean(raw text) returns boolean
language plpgsql immutable
as $$
begin
  return raw::boolean;
exception when data_exception then
  return null;
end
$$;

-- Clients cannot read infinite times, or times outside the years 1 to 9999.
create function pg_temp.as_time(raw text) returns timestamptz
language plpgsql stable
as $$
declare
  moment timestamptz := raw;
begin
  return case when moment >= '0001-01-02' and moment < '9999-12-31' then moment end;
exception when data_exception then
  return null;
end
$$;

create function pg_temp.as_json(raw text) returns jsonb
language plpgsql immutable
as $$
begin
  return raw::jsonb;
exception when data_exception then
  return to_jsonb(raw);
end
$$;

-- An id that is not a UUID is hashed to one.
create function pg_temp.as_uuid(raw text) returns uuid
language plpgsql immutable
as $$
begin
  return raw::uuid;
exception when data_exception then
  return md5(raw)::uuid;
end
$$;

-- One secondary intent: a bare label gets a null confidence. Other shapes stay as they are.
create function pg_temp.as_secondary_intent(raw jsonb) returns jsonb
language sql immutable
as $$
  select case
    when jsonb_typeof(raw) = 'string' then
      jsonb_build_object('intent', raw, 'confidence', null)
    when jsonb_typeof(raw -> 'intent') = 'string' then
      jsonb_build_object(
        'intent', raw -> 'intent', 'confidence', pg_temp.as_number(raw ->> 'confidence')
      )
    else raw
  end
$$;

-- All secondary intents of a row: from an array, an object, a map of label to confidence, a label, or any
-- of these as text.
create function pg_temp.as_secondary_intents(raw jsonb) returns jsonb
language sql immutable
as $$
  with parsed (parsed_json) as (
    select case when jsonb_typeof(raw) = 'string' then pg_temp.as_json(raw #>> '{}') else raw end
  ), listed (items) as (
    select case
      when parsed_json is null or parsed_json in ('null', '""') then '[]'
      when jsonb_typeof(parsed_json) = 'array' then parsed_json
      when jsonb_typeof(parsed_json) = 'object' and not parsed_json ? 'intent' then
        (select coalesce(jsonb_agg(jsonb_build_object('intent', key, 'confidence', value)), '[]')
         from jsonb_each(parsed_json))
      else jsonb_build_array(parsed_json)
    end
    from parsed
  )
  select coalesce(jsonb_agg(pg_temp.as_secondary_intent(item) order by position), '[]')
  from listed, jsonb_array_elements(items) with ordinality as element (item, position)
$$;

do $$
declare
  has_unknown_users boolean;
begin
  if to_regclass('prompt_capture_first_version.nlu_prompt_logs') is null then
    return;
  end if;

  -- Times without a zone are read as UTC, until the end of the transaction.
  perform set_config('timezone', 'UTC', true);

  create temporary table adopted on commit drop as
  select
    pg_temp.as_uuid(old ->> 'id') as id,
    coalesce(pg_temp.as_uuid(old ->> 'user_id'), '00000000-0000-0000-0000-000000000000') as user_id,
    coalesce(old ->> 'prompt', '') as prompt,
    coalesce(old ->> 'predicted_intent', 'unknown') as predicted_intent,
    coalesce(pg_temp.as_number(old ->> 'confidence'), 0) as confidence,
    pg_temp.as_secondary_intents(old -> 'secondary_intents') as secondary_intents,
    old ->> 'conversation_id' as conversation_id,
    pg_temp.as_integer(old ->> 'message_index') as message_index,
    pg_temp.as_boolean(old ->> 'was_successful') as was_successful,
    old ->> 'workflow_type' as workflow_type,
    old ->> 'execution_error' as execution_error,
    nullif(btrim(old ->> 'corrected_intent'), '') as corrected_intent,
    old ->> 'correction_notes' as correction_notes,
    coalesce(pg_temp.as_time(old ->> 'created_at'), pg_temp.as_time(old ->> 'updated_at'), now())
      as created_at,
    coalesce(pg_temp.as_time(old ->> 'updated_at'), pg_temp.as_time(old ->> 'created_at'), now())
      as updated_at
  from (
    select pg_temp.as_row(row_to_json(first_version))
    from prompt_capture_first_version.nlu_prompt_logs first_version
  ) as source (old);

  -- Earlier labels stay valid as they are, but nobody can choose them any more.
  alter table public.intent_catalogue disable trigger user;
  insert into public.intent_catalogue (intent, domain, description, retired_at)
  select distinct corrected_intent, 'legacy', 'Adopted from the first version.', now()
  from adopted
  where corrected_intent is not null
  on conflict (intent) do nothing;
  alter table public.intent_catalogue enable trigger user;

  -- The triggers would refuse `legacy` rows and stamp the present time.
  alter table public.nlu_prompt_logs disable trigger user;
  alter table public.correction_events disable trigger user;
  alter table public.review_queue disable trigger user;
  alter table public.nlu_prompt_logs drop constraint sender_is_a_user;

  insert into public.nlu_prompt_logs (
    id, user_id, prompt, predicted_intent, confidence, secondary_intents, source, model_version,
    conversation_id, message_index,
    text_key, within_daily_cap, has_review_reason,
    was_successful, workflow_type, execution_error, outcome_recorded_at,
    corrected_intent, correction_notes, corrected_by, corrected_at,
    created_at, updated_at
  )
  select
    id, user_id, prompt, predicted_intent, confidence, secondary_intents, 'model', 'legacy',
    conversation_id, message_index,
    private.text_key(prompt), is_within_daily_cap,
    -- No row was drawn for the audit.
    is_within_daily_cap and (
      was_successful is false or confidence < (select review_threshold from private.settings)
    ),
    was_successful, workflow_type, execution_error,
    case when num_nonnulls(was_successful, workflow_type, execution_error) > 0
      then updated_at end,
    corrected_intent, correction_notes,
    case when corrected_intent is not null then 'legacy' end,
    case when corrected_intent is not null then updated_at end,
    created_at, updated_at
  from (
    select *, row_number() over (
      partition by user_id, date_trunc('day', created_at, 'UTC') order by created_at, id
    ) <= (select daily_cap from private.settings) as is_within_daily_cap
    from adopted
  ) as numbered;

  -- Rows of users that no longer exist are adopted too. The foreign key then holds for new rows only.
  select exists (
    select from adopted where not exists (select from auth.users where users.id = adopted.user_id)
  ) into has_unknown_users;
  alter table public.nlu_prompt_logs add constraint sender_is_a_user
    foreign key (user_id) references auth.users (id) on delete cascade not valid;
  if not has_unknown_users then
    alter table public.nlu_prompt_logs validate constraint sender_is_a_user;
  end if;

  insert into public.correction_events
    (log_id, text_key, from_intent, to_intent, reviewer, notes, channel, corrected_at)
  select id, text_key, predicted_intent, corrected_intent, corrected_by,
    nullif(left(correction_notes, 2000), ''), 'migration', corrected_at
  from public.nlu_prompt_logs
  where corrected_intent is not null
  order by corrected_at;

  -- Texts with a reason wait for review; corrected texts are decided.
  perform private.add_queue_item(logs, private.review_reasons(array[logs::public.nlu_prompt_logs])) from (
    select distinct on (text_key) * from public.nlu_prompt_logs
    where has_review_reason or corrected_intent is not null
    order by text_key, created_at desc
  ) as logs;
  update public.review_queue queue
  set corrected_intent = latest.to_intent, reviewer = latest.reviewer, notes = latest.notes,
    decided_at = latest.corrected_at, waiting_since = null, rank = private.rank_when_decided()
  from (
    select distinct on (text_key) * from public.correction_events order by text_key, id desc
  ) as latest
  where latest.text_key = queue.text_key;

  alter table public.nlu_prompt_logs enable trigger user;
  alter table public.correction_events enable trigger user;
  alter table public.review_queue enable trigger user;

  -- Drops its policies, grants, triggers and indexes too.
  drop table prompt_capture_first_version.nlu_prompt_logs;
  drop schema prompt_capture_first_version;
end
$$;

drop function pg_temp.as_secondary_intents(jsonb);
drop function pg_temp.as_secondary_intent(jsonb);
drop function pg_temp.as_uuid(text);
drop function pg_temp.as_json(text);
drop function pg_temp.as_time(text);
drop function pg_temp.as_boolean(text);
drop function pg_temp.as_integer(text);
drop function pg_temp.as_number(text);
drop function pg_temp.as_row(json);
