-- Takes over the rows of the table's first version, if there was one.
--
-- No row is left behind. Each is read as JSON, so it does not matter which types the first
-- version gave its columns, or whether it had all of them. What cannot be read as the new type
-- becomes null, or the value that claims the least: intent `unknown`, confidence 0, and as owner
-- the nil UUID, which is nobody's.

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

-- Only moments that every client can read: none that is infinite, or outside the years 1 to 9999.
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

-- An id that is no UUID gets one that follows from it.
create function pg_temp.as_uuid(raw text) returns uuid
language plpgsql immutable
as $$
begin
  return raw::uuid;
exception when data_exception then
  return md5(raw)::uuid;
end
$$;

-- One secondary intent: a bare label gets a null confidence; other shapes stay as they are.
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

-- All of a row's secondary intents: from an array, one object, a map of label to confidence,
-- a label, or any of these as text.
create function pg_temp.as_secondary_intents(raw jsonb) returns jsonb
language sql immutable
as $$
  with parsed (found) as (
    select case when jsonb_typeof(raw) = 'string' then pg_temp.as_json(raw #>> '{}') else raw end
  ), listed (items) as (
    select case
      when found is null or found in ('null', '""') then '[]'
      when jsonb_typeof(found) = 'array' then found
      when jsonb_typeof(found) = 'object' and not found ? 'intent' then
        (select coalesce(jsonb_agg(jsonb_build_object('intent', key, 'confidence', value)), '[]')
         from jsonb_each(found))
      else jsonb_build_array(found)
    end
    from parsed
  )
  select coalesce(jsonb_agg(pg_temp.as_secondary_intent(item) order by place), '[]')
  from listed, jsonb_array_elements(items) with ordinality as element (item, place)
$$;

do $$
declare
  -- Owners that no longer exist: the foreign key then holds for new rows only.
  has_orphans boolean;
begin
  if to_regclass('prompt_capture_first_version.nlu_prompt_logs') is null then
    return;
  end if;

  -- Dates without a zone are taken as UTC, until the end of the transaction.
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

  -- Labels of the past stay what they are, but nobody can choose them any more.
  insert into public.intent_catalogue (intent, domain, description, retired_at)
  select distinct corrected_intent, 'legacy', 'Taken over from the first version.', now()
  from adopted
  where corrected_intent is not null
  on conflict (intent) do nothing;

  alter table public.nlu_prompt_logs drop constraint owner_is_a_user;

  insert into public.nlu_prompt_logs (
    id, user_id, prompt, predicted_intent, confidence, secondary_intents, source, model_version,
    conversation_id, message_index,
    was_successful, workflow_type, execution_error, outcome_recorded_at,
    corrected_intent, correction_notes, corrected_by, corrected_at,
    created_at, updated_at
  )
  select
    id, user_id, prompt, predicted_intent, confidence, secondary_intents, 'model', 'legacy',
    conversation_id, message_index,
    was_successful, workflow_type, execution_error,
    case when num_nonnulls(was_successful, workflow_type, execution_error) > 0
      then updated_at end,
    corrected_intent, correction_notes,
    case when corrected_intent is not null then 'legacy' end,
    case when corrected_intent is not null then updated_at end,
    created_at, updated_at
  from adopted;

  select exists (
    select from adopted where not exists (select from auth.users where users.id = adopted.user_id)
  ) into has_orphans;
  alter table public.nlu_prompt_logs add constraint owner_is_a_user
    foreign key (user_id) references auth.users (id) on delete cascade not valid;
  if not has_orphans then
    alter table public.nlu_prompt_logs validate constraint owner_is_a_user;
  end if;

  -- With it go its policies, grants, triggers and indexes.
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
