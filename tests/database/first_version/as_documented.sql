-- A first version that follows the documentation: types close to the current ones, policies that
-- let users write their own rows, and all privileges granted to the roles of the API.

create function public.touch() returns trigger language plpgsql as $$
begin
  new.updated_at = now();
  return new;
end
$$;

create table public.nlu_prompt_logs (
  id uuid primary key default gen_random_uuid(),
  user_id uuid references auth.users (id) on delete cascade,
  prompt text not null,
  predicted_intent text not null,
  confidence numeric(4, 3) not null check (confidence >= 0 and confidence <= 1),
  secondary_intents jsonb default '[]',
  corrected_intent text,
  correction_notes text,
  was_successful boolean,
  workflow_type text,
  execution_error text,
  conversation_id uuid,
  message_index integer default 0,
  created_at timestamptz default now(),
  updated_at timestamptz default now()
);

create index idx_prompt_logs_user on public.nlu_prompt_logs (user_id);
create index idx_prompt_logs_conf on public.nlu_prompt_logs (confidence) where confidence < 0.7;
create trigger touch before update on public.nlu_prompt_logs
  for each row execute function public.touch();

alter table public.nlu_prompt_logs enable row level security;
create policy "view own" on public.nlu_prompt_logs for select using (auth.uid() = user_id);
create policy "insert own" on public.nlu_prompt_logs for insert with check (auth.uid() = user_id);
create policy "update own" on public.nlu_prompt_logs for update using (auth.uid() = user_id);
grant all on public.nlu_prompt_logs to anon, authenticated, service_role;
alter publication supabase_realtime add table public.nlu_prompt_logs;

insert into auth.users (id) values
  ('a11ce000-0000-4000-8000-000000000001'), ('b0b00000-0000-4000-8000-000000000002');

insert into public.nlu_prompt_logs (
  id, user_id, prompt, predicted_intent, confidence, secondary_intents, corrected_intent,
  correction_notes, was_successful, workflow_type, execution_error, conversation_id,
  message_index, created_at, updated_at
) values
  ('00000000-0000-4000-8000-000000000001', 'a11ce000-0000-4000-8000-000000000001',
   'finish the essay and block an hour for it', 'task_management', 0.913,
   '[{"intent": "scheduling", "confidence": 0.61}]', null, null, true, 'create_task', null,
   'c0000000-0000-4000-8000-000000000001', 3, '2026-05-01 10:00+02', '2026-05-01 10:01+02'),
  ('00000000-0000-4000-8000-000000000002', 'b0b00000-0000-4000-8000-000000000002',
   'whats left', 'search', 0.41, '["status", "user_data_query"]', 'user_data_query', 'no criterion',
   null, null, null, null, 0, '2026-05-02 10:00+00', '2026-05-03 10:00+00'),
  ('00000000-0000-4000-8000-000000000003', 'b0b00000-0000-4000-8000-000000000002',
   'pay my rent', 'unknown', 0.2, null, E'payments\u00a0', null,
   false, 'pay', 'no such workflow', null, null, '2026-05-02 10:00+00', null);
