-- Who may do what. Everything that is not granted here is refused: the tables were closed to
-- every role of the API when they were made, whatever the project's default privileges say.
-- `docs/database.md` has the same as a table, role by role.

-- Roles of the functions' own ---------------------------------------------------------------
-- The functions sign themselves tokens for these, each valid for a minute or so. Roles belong to
-- the whole server, so they may be there already; then they must not be more than they should be.

do $$
declare
  wanted text;
begin
  foreach wanted in array array['prompt_writer', 'prompt_exporter'] loop
    begin
      if not exists (select from pg_catalog.pg_roles where rolname = wanted) then
        execute format('create role %I nologin noinherit', wanted);
      end if;
    exception when duplicate_object or unique_violation then
      null;  -- a migration of another database of this server was a moment quicker
    end;
    if exists (
      select from pg_catalog.pg_roles
      where rolname = wanted
        and (rolsuper or rolbypassrls or rolcanlogin or rolinherit or rolcreaterole or rolcreatedb)
    ) then
      raise exception 'Role % exists and may do more than it should.', wanted
        using hint = 'Drop it, or alter it to nologin noinherit without any other attribute.';
    end if;
    if not pg_has_role('authenticator', wanted, 'member') then
      execute format('grant %I to authenticator', wanted);
    end if;
  end loop;
end
$$;

comment on role prompt_writer is 'Captures prompts: adds rows to public.nlu_prompt_logs.';
comment on role prompt_exporter is 'Exports datasets: reads texts and labels, not whose they are.';

-- The answer to a user waits for the capture, so a slow one is given up.
alter role prompt_writer set statement_timeout = '2s';

-- PostgREST prepares its statements with every value, thresholds too, as a parameter. A plan made
-- for all values cannot use an index that covers some, so plan each page for its own values.
alter role prompt_exporter set plan_cache_mode = force_custom_plan;

revoke all on public.intent_catalogue, public.nlu_prompt_logs from prompt_writer, prompt_exporter;
grant usage on schema public to prompt_writer, prompt_exporter;

-- The intent catalogue ----------------------------------------------------------------------
-- Nobody changes it over the API: a new intent is a decision, made in a migration or in the
-- dashboard. Anonymous callers, the writer and the exporter have no use for it.

grant select (intent, domain, description, retired_at, created_at)
  on public.intent_catalogue to authenticated, service_role;

-- The intents are the same for everybody who is signed in, so each of them may read all.
create policy "A signed-in user reads every intent"
  on public.intent_catalogue for select to authenticated
  using (true);

-- Captured prompts: users -------------------------------------------------------------------
-- Users see all that is kept about them, and no more. They may not insert, because a forged
-- prediction would teach the model a lie; not update, because corrections steer it too; and not
-- delete single rows: their rows go with their account.
-- Anonymous callers get nothing at all.

grant select (
  id, user_id, prompt, predicted_intent, confidence, secondary_intents, source, model_version,
  conversation_id, message_index,
  was_successful, workflow_type, execution_error, outcome_recorded_at,
  corrected_intent, correction_notes, corrected_by, corrected_at,
  created_at, updated_at
) on public.nlu_prompt_logs to authenticated;

-- The owner is whoever the token says, asked once a query rather than once a row.
create policy "A user reads only the prompts they sent"
  on public.nlu_prompt_logs for select to authenticated
  using ((select auth.uid()) = user_id);

-- Captured prompts: the writer --------------------------------------------------------------
-- It adds rows and can do nothing with them afterwards. No update, so that a prediction stays
-- what it was; no delete; and nothing to read but what the next policy says.

grant insert (
  id, user_id, prompt, predicted_intent, confidence, secondary_intents, source, model_version,
  conversation_id, message_index
) on public.nlu_prompt_logs to prompt_writer;

-- A row starts without outcome and correction, even if a grant should once be too generous.
create policy "The writer adds prompts that nobody has judged yet"
  on public.nlu_prompt_logs for insert to prompt_writer
  with check (outcome_recorded_at is null and corrected_at is null);

-- `on conflict (id) do nothing`, which makes a repeated write harmless, has to see `id`.
grant select (id) on public.nlu_prompt_logs to prompt_writer;

-- It sees the row it is writing, and none that was there before.
create policy "The writer sees a prompt's id in the moment of its capture"
  on public.nlu_prompt_logs for select to prompt_writer
  using (created_at = now());

-- Captured prompts: the exporter ------------------------------------------------------------
-- It reads what makes a dataset, of everybody, and neither users nor conversations, outcomes or
-- reviewers. It writes nothing.

grant select (id, prompt, predicted_intent, confidence, source, model_version, corrected_intent, created_at)
  on public.nlu_prompt_logs to prompt_exporter;

-- Datasets are made of everybody's prompts.
create policy "The exporter reads every prompt, but not whose it is"
  on public.nlu_prompt_logs for select to prompt_exporter
  using (true);

-- Captured prompts: the backend's secret key ------------------------------------------------
-- `service_role` passes row level security by, so there is no policy to write for it: only its
-- grants bound it. It sees all, records outcomes and corrections, and captures where a project
-- allows no role of the function's own. It changes no captured column and no time stamp, and
-- deletes nothing: rows go with their user.

grant select (
  id, user_id, prompt, predicted_intent, confidence, secondary_intents, source, model_version,
  conversation_id, message_index,
  was_successful, workflow_type, execution_error, outcome_recorded_at,
  corrected_intent, correction_notes, corrected_by, corrected_at,
  created_at, updated_at
) on public.nlu_prompt_logs to service_role;

grant insert (
  id, user_id, prompt, predicted_intent, confidence, secondary_intents, source, model_version,
  conversation_id, message_index
) on public.nlu_prompt_logs to service_role;

grant update (
  was_successful, workflow_type, execution_error,
  corrected_intent, correction_notes, corrected_by
) on public.nlu_prompt_logs to service_role;

-- PostgREST learns of the roles' settings and of the tables without a restart.
notify pgrst, 'reload config';
notify pgrst, 'reload schema';
