-- A capture may be sent twice: by a caller who got no answer, or by the spool.
--
-- `on conflict do nothing` alone would answer such a write like any other, whatever holds the id.
-- This tells what does: to whoever knows owner and content, the prediction on record; to all
-- others, nothing, and not even which of them was wrong.

create function private.find_recorded_captures(sent jsonb) returns setof jsonb
language sql stable
security definer
set search_path = ''
as $$
  select to_jsonb(found) from (
    select logs.id, logs.predicted_intent, logs.confidence, logs.scope, logs.secondary_intents,
      logs.source, logs.model_version
    from jsonb_to_recordset(sent) as copies (
      id uuid, user_id uuid, prompt text, conversation_id text, message_index integer
    )
    join public.nlu_prompt_logs logs using (id)
    where (logs.user_id, logs.prompt) = (copies.user_id, copies.prompt)
      and (logs.conversation_id, logs.message_index)
        is not distinct from (copies.conversation_id, copies.message_index)
  ) as found
$$;

create function public.find_recorded_captures(sent jsonb) returns setof jsonb
language sql stable
set search_path = ''
as $$
  select private.find_recorded_captures(sent)
$$;
comment on function public.find_recorded_captures(jsonb) is
  'Answers the prediction on record of each capture that is there already, by the same owner and with the same content.';

revoke all on function private.find_recorded_captures(jsonb), public.find_recorded_captures(jsonb)
from public, anon, authenticated, service_role, prompt_writer, prompt_exporter;

grant usage on schema private to prompt_writer;
grant execute on function private.find_recorded_captures(jsonb), public.find_recorded_captures(jsonb)
to prompt_writer, service_role;
