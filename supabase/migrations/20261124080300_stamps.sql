-- What the database itself writes into a captured prompt, whoever changes it: a function with its
-- token, the backend, or a person in the dashboard (whose edits arrive as role `postgres`).
--
-- The triggers run in the order of their names: correction, outcome, then `updated_at`, which
-- looks at what the others made of the row. An update that changes nothing moves no time.

-- Trigger functions live where no API looks. They run with the caller's rights, and nobody can
-- call them by name.
create schema if not exists private;
revoke all on schema private from public, anon, authenticated, service_role;

create function private.stamp_correction() returns trigger
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

  -- The last reviewer's name does not stand for somebody else's edit in the dashboard.
  if current_user = 'postgres' and new.corrected_by is not distinct from old.corrected_by then
    new.corrected_by := 'dashboard';
  end if;
  if new.corrected_by is null then
    raise exception 'A correction names its reviewer.'
      using errcode = 'check_violation', hint = 'Set corrected_by.';
  end if;
  new.corrected_at := now();
  return new;
end
$$;

create function private.stamp_outcome() returns trigger
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
  return new;
end
$$;

create function private.stamp_updated_at() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.updated_at := old.updated_at;
  if new is distinct from old then
    new.updated_at := now();
  end if;
  return new;
end
$$;

-- `legacy` marks the rows that may break today's rules. They are all there already.
create function private.refuse_new_legacy_rows() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  raise exception 'The model version "legacy" is kept for rows of the table''s first version.'
    using errcode = 'check_violation', hint = 'Set model_version to the version that predicted.';
end
$$;

revoke all on function
  private.stamp_correction(),
  private.stamp_outcome(),
  private.stamp_updated_at(),
  private.refuse_new_legacy_rows()
from public, anon, authenticated, service_role;

create trigger stamp_correction before update on public.nlu_prompt_logs
  for each row execute function private.stamp_correction();
create trigger stamp_outcome before update on public.nlu_prompt_logs
  for each row execute function private.stamp_outcome();
create trigger stamp_updated_at before update on public.nlu_prompt_logs
  for each row execute function private.stamp_updated_at();

-- A captured row carries neither outcome nor correction, so capture pays for none of this.
create trigger stamp_correction_of_a_new_row before insert on public.nlu_prompt_logs
  for each row
  when (num_nonnulls(new.corrected_intent, new.correction_notes, new.corrected_by, new.corrected_at) > 0)
  execute function private.stamp_correction();
create trigger stamp_outcome_of_a_new_row before insert on public.nlu_prompt_logs
  for each row
  when (num_nonnulls(new.was_successful, new.workflow_type, new.execution_error, new.outcome_recorded_at) > 0)
  execute function private.stamp_outcome();

create trigger refuse_new_legacy_rows before insert on public.nlu_prompt_logs
  for each row when (new.model_version = 'legacy')
  execute function private.refuse_new_legacy_rows();
create trigger refuse_becoming_legacy before update of model_version on public.nlu_prompt_logs
  for each row when (new.model_version = 'legacy' and old.model_version <> 'legacy')
  execute function private.refuse_new_legacy_rows();
