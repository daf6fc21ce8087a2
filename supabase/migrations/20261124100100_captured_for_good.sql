-- What was captured stays as it was, and each captured row is sorted: which texts are copies of one
-- another, which rows are within their user's daily cap, which are drawn for review.

-- What people wrote stays out of the planner's statistics (see `no_statistics_of_texts`), and what
-- was sampled before goes: naming a column's type again forgets it.
drop trigger stamp_correction_of_a_new_row on public.nlu_prompt_logs;
drop trigger stamp_outcome_of_a_new_row on public.nlu_prompt_logs;
alter table public.nlu_prompt_logs
  alter column prompt type text,
  alter column secondary_intents type jsonb,
  alter column conversation_id type text,
  alter column correction_notes type text,
  alter column corrected_by type text,
  alter column execution_error type text,
  alter column prompt set statistics 0,
  alter column secondary_intents set statistics 0,
  alter column conversation_id set statistics 0,
  alter column correction_notes set statistics 0,
  alter column corrected_by set statistics 0,
  alter column execution_error set statistics 0;

create trigger stamp_correction_of_a_new_row before insert on public.nlu_prompt_logs
  for each row
  when (num_nonnulls(new.corrected_intent, new.correction_notes, new.corrected_by, new.corrected_at) > 0)
  execute function private.stamp_correction();
create trigger stamp_outcome_of_a_new_row before insert on public.nlu_prompt_logs
  for each row
  when (num_nonnulls(new.was_successful, new.workflow_type, new.execution_error, new.outcome_recorded_at) > 0)
  execute function private.stamp_outcome();

alter table public.nlu_prompt_logs
  add column scope double precision,
  add column runner_up_intent text,
  add column runner_up_confidence double precision,
  add column text_key bytea,
  add column within_daily_cap boolean not null default true,
  add column sampling_probability double precision,
  add column is_disputed boolean not null default false,
  add constraint scope_is_a_probability check (scope between 0 and 1),
  add constraint runner_up_is_an_intent_with_a_probability check (
    (runner_up_intent is null and runner_up_confidence is null) or (
      num_nulls(runner_up_intent, runner_up_confidence) = 0
      and char_length(runner_up_intent) between 1 and 100 and runner_up_confidence between 0 and 1
    )
  ),
  add constraint sampling_probability_is_a_probability
    check (sampling_probability > 0 and sampling_probability <= 1);

comment on column public.nlu_prompt_logs.scope is
  'How much the message is one for this assistant, from 0 to 1: higher is more. Null: not told.';
comment on column public.nlu_prompt_logs.runner_up_intent is
  'The model''s second choice for the same message. Null where a rule answered.';
comment on column public.nlu_prompt_logs.runner_up_confidence is 'How sure it was of that.';
comment on column public.nlu_prompt_logs.text_key is
  'A keyed hash of the normalised text: copies of a text share it. Set by the database.';
comment on column public.nlu_prompt_logs.within_daily_cap is
  'Whether it is among the first of its user''s day: others enter no queue and no dataset. Set by the database.';
comment on column public.nlu_prompt_logs.sampling_probability is
  'With which probability it was chosen for review: 1 for cause, less at random. Null: not chosen.';
comment on column public.nlu_prompt_logs.is_disputed is
  'Whether reviewers disagree about the text. Set by the database.';

-- Rows that are there already. No draw was made of them, so only those with a cause count as chosen.
alter table public.nlu_prompt_logs disable trigger user;
with numbered as (
  select id, row_number() over (
    partition by user_id, date_trunc('day', created_at, 'UTC') order by created_at, id
  ) <= (select daily_cap from private.settings) as is_within
  from public.nlu_prompt_logs
)
update public.nlu_prompt_logs logs
set
  text_key = private.text_key(prompt),
  within_daily_cap = is_within,
  sampling_probability = case
    when not is_within then null
    when predicted_intent = 'unknown' or was_successful is false
      or confidence < (select review_threshold from private.settings) then 1
  end
from numbered
where numbered.id = logs.id;
alter table public.nlu_prompt_logs enable trigger user;
alter table public.nlu_prompt_logs alter column text_key set not null;

-- All copies of a text, and whether a user sent it before.
create index nlu_prompt_logs_of_a_text
  on public.nlu_prompt_logs (text_key, user_id);

-- Who was erased, so that a late write cannot bring a row back.
create table private.tombstones (
  user_key bytea not null,
  erased_at timestamptz not null default now(),

  constraint tombstones_pkey primary key (user_key)
);
comment on table private.tombstones is
  'Keyed hashes of the ids of those who were erased. Nothing is captured for them again.';
comment on column private.tombstones.user_key is 'See private.user_key.';
comment on column private.tombstones.erased_at is 'When.';

alter table private.tombstones enable row level security;
alter table private.tombstones force row level security;
revoke all on private.tombstones
  from public, anon, authenticated, service_role, prompt_writer, prompt_exporter;
grant select, insert on private.tombstones to prompt_maintainer;
create policy "The keeper sees who was erased"
  on private.tombstones for select to prompt_maintainer using (true);
create policy "The keeper notes who was erased"
  on private.tombstones for insert to prompt_maintainer with check (true);

-- Two look-ups by key and one bounded count: what a capture pays before it is written.
create function private.prepare_capture() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  told private.settings;
begin
  select * into strict told from private.settings;

  if exists (select from private.tombstones where user_key = private.user_key(new.user_id)) then
    raise exception 'Nothing is captured for somebody who was erased.'
      using errcode = 'foreign_key_violation', constraint = 'owner_is_a_user',
        hint = 'Drop the row.';
  end if;

  new.text_key := private.text_key(new.prompt);
  new.is_disputed := false;
  new.within_daily_cap := told.daily_cap > (
    select count(*) from (
      select from public.nlu_prompt_logs
      where user_id = new.user_id
        and created_at >= date_trunc('day', new.created_at, 'UTC')
        and created_at < date_trunc('day', new.created_at, 'UTC') + interval '1 day'
      limit told.daily_cap
    ) as that_day
  );
  new.sampling_probability := case
    when not new.within_daily_cap then null
    when new.predicted_intent = 'unknown' or new.scope < told.min_scope
      or new.confidence < told.review_threshold then 1
    when random() < told.audit_rate then told.audit_rate
  end;
  return new;
end
$$;

-- Before the stamps, in the order of names.
create trigger prepare_capture before insert on public.nlu_prompt_logs
  for each row execute function private.prepare_capture();

-- A failed workflow is a cause for review, so the row counts as chosen for certain.
create or replace function private.stamp_outcome() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if (new.was_successful, new.workflow_type, new.execution_error)
    is not distinct from (old.was_successful, old.workflow_type, old.execution_error) then
    new.outcome_recorded_at := old.outcome_recorded_at;
  elsif num_nonnulls(new.was_successful, new.workflow_type, new.execution_error) = 0 then
    new.outcome_recorded_at := null;
  else
    new.outcome_recorded_at := now();
  end if;
  if new.was_successful is false and new.within_daily_cap then
    new.sampling_probability := 1;
  end if;
  return new;
end
$$;

-- What breaks a rule is refused before the rule's own constraint sees it: that one would write the
-- whole row, prompt included, to the server's log.
create function private.check_rules() returns trigger
language plpgsql
set search_path = ''
as $$
declare
  empty text;
  broken text;
begin
  new.created_at := coalesce(new.created_at, now());
  new.updated_at := coalesce(new.updated_at, now());
  if num_nulls(
    new.id, new.user_id, new.prompt, new.predicted_intent, new.confidence, new.secondary_intents,
    new.source, new.model_version
  ) > 0 then
    select key into empty from jsonb_each(to_jsonb(new))
    where value = 'null' and key in (
      'id', 'user_id', 'prompt', 'predicted_intent', 'confidence', 'secondary_intents', 'source',
      'model_version'
    ) limit 1;
    raise exception 'A captured row needs its column "%".', empty
      using errcode = 'not_null_violation', column = empty;
  end if;
  broken := case
    when char_length(new.prompt) not between 1 and 4000 then 'prompt_has_1_to_4000_characters'
    when char_length(new.predicted_intent) not between 1 and 100
      then 'predicted_intent_has_1_to_100_characters'
    when new.confidence not between 0 and 1 then 'confidence_is_a_probability'
    when new.scope not between 0 and 1 then 'scope_is_a_probability'
    when jsonb_typeof(new.secondary_intents) <> 'array' then 'secondary_intents_is_an_array'
    when num_nulls(new.runner_up_intent, new.runner_up_confidence) = 1
      or char_length(new.runner_up_intent) not between 1 and 100
      or new.runner_up_confidence not between 0 and 1
      then 'runner_up_is_an_intent_with_a_probability'
    when new.source not in ('rule', 'model') then 'source_is_rule_or_model'
    when char_length(new.model_version) not between 1 and 100
      then 'model_version_has_1_to_100_characters'
    when char_length(new.conversation_id) not between 1 and 200
      then 'conversation_id_has_1_to_200_characters'
    when new.message_index < 0 then 'message_index_is_not_negative'
    when char_length(new.workflow_type) not between 1 and 100
      then 'workflow_type_has_1_to_100_characters'
    when char_length(new.execution_error) not between 1 and 8000
      then 'execution_error_has_1_to_8000_characters'
    when char_length(new.correction_notes) not between 1 and 2000
      then 'correction_notes_have_1_to_2000_characters'
    when char_length(new.corrected_by) not between 1 and 200
      then 'corrected_by_has_1_to_200_characters'
  end;
  if broken is not null then
    raise exception 'The row breaks the rule "%".', broken
      using errcode = 'check_violation', constraint = broken;
  end if;
  return new;
end
$$;

-- First of all, in the order of names.
create trigger check_rules before insert or update on public.nlu_prompt_logs
  for each row when (new.model_version is distinct from 'legacy')
  execute function private.check_rules();

-- Guards ------------------------------------------------------------------------------------
-- Grants stop the API's roles. These stop the tables' owner, and with it the dashboard.

create function private.refuse_changes_of_captures() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  raise exception 'What was captured cannot be changed.'
    using errcode = 'insufficient_privilege',
      hint = 'Undo the edit. Only outcome and correction can be edited; to remove a person''s rows, erase them.';
end
$$;

-- It makes this one idle: a model version cannot change at all.
drop trigger refuse_becoming_legacy on public.nlu_prompt_logs;

create trigger keep_what_was_captured before update on public.nlu_prompt_logs
  for each row
  when (
    current_user <> 'prompt_maintainer' and (
      new.id, new.user_id, new.prompt, new.predicted_intent, new.confidence, new.secondary_intents,
      new.source, new.model_version, new.conversation_id, new.message_index, new.scope,
      new.runner_up_intent, new.runner_up_confidence, new.created_at, new.text_key,
      new.within_daily_cap, new.sampling_probability, new.is_disputed
    ) is distinct from (
      old.id, old.user_id, old.prompt, old.predicted_intent, old.confidence, old.secondary_intents,
      old.source, old.model_version, old.conversation_id, old.message_index, old.scope,
      old.runner_up_intent, old.runner_up_confidence, old.created_at, old.text_key,
      old.within_daily_cap, old.sampling_probability, old.is_disputed
    )
  )
  execute function private.refuse_changes_of_captures();

-- A row goes with its user, or by retention or erasure.
create function private.refuse_lone_deletes() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if exists (select from auth.users where users.id = old.user_id) then
    raise exception 'A captured row cannot be deleted by hand.'
      using errcode = 'insufficient_privilege',
        hint = 'Retention deletes old rows. To remove a person: prompt-capture erase, or delete the user.';
  end if;
  return old;
end
$$;

create trigger keep_the_row before delete on public.nlu_prompt_logs
  for each row when (current_user <> 'prompt_maintainer')
  execute function private.refuse_lone_deletes();

create function private.refuse_truncate() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  raise exception 'This table cannot be emptied.'
    using errcode = 'insufficient_privilege',
      hint = 'Retention deletes old rows. To remove a person: prompt-capture erase, or delete the user.';
end
$$;

create trigger keep_all_rows before truncate on public.nlu_prompt_logs
  for each statement execute function private.refuse_truncate();

revoke all on function
  private.check_rules(),
  private.prepare_capture(),
  private.refuse_changes_of_captures(),
  private.refuse_lone_deletes(),
  private.refuse_truncate()
from public, anon, authenticated, service_role;

-- Rights ------------------------------------------------------------------------------------

grant select (
  scope, runner_up_intent, runner_up_confidence, text_key, within_daily_cap, sampling_probability,
  is_disputed
) on public.nlu_prompt_logs to authenticated, service_role;
grant insert (scope, runner_up_intent, runner_up_confidence)
  on public.nlu_prompt_logs to prompt_writer, service_role;

-- The keeper reads all, changes what follows from a correction, and deletes.
grant select on public.nlu_prompt_logs, public.intent_catalogue to prompt_maintainer;
grant update (
  corrected_intent, correction_notes, corrected_by, sampling_probability, is_disputed
)
  on public.nlu_prompt_logs to prompt_maintainer;
grant delete on public.nlu_prompt_logs to prompt_maintainer;

create policy "The keeper reads every prompt"
  on public.nlu_prompt_logs for select to prompt_maintainer using (true);
create policy "The keeper applies corrections to every copy of a text"
  on public.nlu_prompt_logs for update to prompt_maintainer using (true) with check (true);
create policy "The keeper deletes what is old, and whom it must erase"
  on public.nlu_prompt_logs for delete to prompt_maintainer using (true);
create policy "The keeper reads every intent"
  on public.intent_catalogue for select to prompt_maintainer using (true);
