-- A pre-release database: some of the objects that its 26 migrations created.

create schema private;
create role prompt_keeper nologin noinherit;

create table public.intent_catalogue (
  intent text primary key,
  domain text not null,
  description text not null,
  retired_at timestamptz
);
insert into public.intent_catalogue values ('help', 'system', 'Ask for help.');

create table public.nlu_prompt_logs (
  id uuid primary key,
  user_id uuid not null references auth.users (id) on delete cascade,
  prompt text not null,
  predicted_intent text not null,
  confidence double precision not null,
  source text not null,
  model_version text not null,
  corrected_intent text references public.intent_catalogue (intent),
  text_key bytea not null,
  created_at timestamptz not null default now()
);
create table public.correction_events (
  id bigint generated always as identity primary key,
  log_id uuid references public.nlu_prompt_logs (id) on delete set null,
  door text not null
);
create table public.review_queue (place integer primary key, text text not null);
create table public.daily_counts (day date primary key);
create table public.labelled_texts (text_key bytea primary key, kept_at timestamptz);
create table public.exported_rows (id bigint generated always as identity primary key);
create table public.dataset_exports (id bigint generated always as identity primary key);
create table private.settings (least_scope double precision);
create table private.held_changes (id bigint generated always as identity primary key);
create view public.signed_votes as select id from public.correction_events;

grant prompt_keeper to postgres;
grant usage, create on schema private to prompt_keeper;
grant select on private.settings to prompt_keeper;
create function private.erase_with_the_account() returns trigger
language plpgsql security definer set search_path = ''
as $$ begin return old; end $$;
create function private.prepare_capture() returns trigger
language plpgsql security definer set search_path = ''
as $$ begin return new; end $$;
create trigger erase_from_prompt_capture before delete on auth.users
  for each row execute function private.erase_with_the_account();
create trigger prepare_capture before insert on public.nlu_prompt_logs
  for each row execute function private.prepare_capture();
alter function private.prepare_capture() owner to prompt_keeper;
alter function private.erase_with_the_account() owner to prompt_keeper;
create function public.note_rows(bucket text) returns void language sql set search_path = '' as $$ $$;
revoke create on schema private from prompt_keeper;
revoke prompt_keeper from postgres;
select cron.schedule('prompt-capture: tidy the queue', '30 6 * * *', 'select 1');

insert into auth.users (id) values ('a11ce000-0000-4000-8000-000000000001');
alter table public.nlu_prompt_logs disable trigger user;
insert into public.nlu_prompt_logs values
  ('00000000-0000-4000-8000-000000000001', 'a11ce000-0000-4000-8000-000000000001', 'help me', 'help',
   0.9, 'model', 'assistant-1', 'help', '\x00', '2026-11-25 10:00+00');
alter table public.nlu_prompt_logs enable trigger user;
