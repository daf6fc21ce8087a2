-- A first version that has grown over time: other types, no foreign key, additional columns, and
-- rows that violate most of the current constraints.

create type public.intent_label as enum ('greeting', 'Small Talk', 'help');

create table public.nlu_prompt_logs (
  note_to_self text,
  prompt varchar(9000),
  id text primary key,
  user_id text,
  predicted_intent public.intent_label,
  confidence real,
  secondary_intents text[],
  corrected_intent public.intent_label,
  correction_notes varchar,
  was_successful text,
  workflow_type text,
  execution_error text,
  conversation_id text,
  message_index bigint,
  created_at timestamp default now(),
  updated_at timestamp default now(),
  constraint sender_is_a_user check (user_id is distinct from 'nobody')
);
create unique index nlu_prompt_logs_by_time on public.nlu_prompt_logs (id);
create policy everything on public.nlu_prompt_logs using (true) with check (true);
grant select (prompt), update (prompt) on public.nlu_prompt_logs to anon;

insert into auth.users (id) values ('a11ce000-0000-4000-8000-000000000001');

insert into public.nlu_prompt_logs values
  ('fine', 'hi', '00000000-0000-4000-8000-000000000001', 'a11ce000-0000-4000-8000-000000000001',
   'greeting', 0.5, '{help,Small Talk}', 'Small Talk', 'chatty', 'yes', 'chat', null, 'conv-1', 2,
   '2026-05-01 10:00', '2026-05-01 10:01'),
  ('its user was deleted', 'hi', '00000000-0000-4000-8000-000000000002',
   '57a6e000-0000-4000-8000-000000000003', 'greeting', 0.5, '{}', null, null, null, null, null,
   null, null, '2026-05-01 10:00', '2026-05-01 10:00'),
  ('no user, too long', repeat('x', 5000), '00000000-0000-4000-8000-000000000003', null,
   'help', 1.5, null, null, 'notes without an intent', 'maybe', null, null, repeat('c', 300), -1,
   '2026-05-01 10:00', null),
  ('empty', '', '00000000-0000-4000-8000-000000000004', 'a11ce000-0000-4000-8000-000000000001',
   null, 'NaN', null, null, null, null, 'started, never finished', null, '', 99999999999, null,
   null),
  ('no values', null, 'log #5', 'not a uuid', null, null, null, null, null, null, null, null,
   null, null, null, null);
