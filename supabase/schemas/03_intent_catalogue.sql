-- The intents that a prompt may be corrected to.
--
-- Reviewers pick from this table; the dashboard offers it as a drop-down. An intent is never renamed
-- or deleted once it was used. It is retired instead, and existing corrections keep it.

create table public.intent_catalogue (
  intent text not null,
  domain text not null,
  description text not null,
  retired_at timestamptz,
  created_at timestamptz not null default now(),

  constraint intent_catalogue_pkey primary key (intent)
);

comment on table public.intent_catalogue is
  'The intents that a prompt may be corrected to, and what distinguishes them.';
comment on column public.intent_catalogue.intent is 'The label that models predict.';
comment on column public.intent_catalogue.domain is 'The part of the assistant that handles it.';
comment on column public.intent_catalogue.description is 'What a user with this intent wants.';
comment on column public.intent_catalogue.retired_at is
  'From this time on, no new correction may name it. Null: in use.';

alter table public.intent_catalogue enable row level security;
alter table public.intent_catalogue force row level security;

-- The intents are the same for every signed-in user, so all of them may be read.
create policy "A signed-in user reads every intent"
  on public.intent_catalogue for select to authenticated using (true);
create policy "The maintainer reads every intent"
  on public.intent_catalogue for select to prompt_maintainer using (true);

-- Writes the name of an intent as labels are written: in one line, and without white space around it. Otherwise
-- nobody could choose the intent, and it would differ from the label that models predict.
create function private.clean_intent_name() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.intent := btrim(
    new.intent,
    E' \t\n\x0B\f\r\u0085\u00A0\u00AD\u2007\u200B\u200E\u200F\u2028\u2029\u202F\u2060\u3000\uFEFF'
  );
  if char_length(new.intent) not between 1 and 100 or new.intent ~ '[\n\r]' then
    raise exception 'The name of an intent is one line of 1 to 100 characters.'
      using errcode = 'check_violation', constraint = 'intent_is_a_label',
        hint = 'Write the label that the model predicts.';
  end if;
  return new;
end
$$;

create trigger before_08_clean_name before insert or update of intent on public.intent_catalogue
  for each row execute function private.clean_intent_name();

-- Whether a correction may name the intent.
create function private.is_active_intent(name text) returns boolean
language sql stable
set search_path = ''
as $$
  select exists (
    select from public.intent_catalogue
    where intent = name and (retired_at is null or retired_at > now())
  )
$$;

-- The intent that a reviewer typed or chose: as the catalogue writes it, or else without white space around it. A
-- name that differs from one intent only in case is that intent.
create function private.find_intent(typed text) returns text
language sql stable
set search_path = ''
as $$
  select coalesce(
    (select intent from public.intent_catalogue where intent = typed),
    (select intent from public.intent_catalogue where intent = name),
    (
      select min(intent) from public.intent_catalogue where lower(intent) = lower(name)
      having count(*) = 1
    ),
    name
  )
  from (select nullif(private.visible_text(typed), '') as name) as cleaned
$$;

-- Secondary intents that a reviewer typed, each as `find_intent` finds it. Null stays null.
create function private.find_secondary_intents(typed text[]) returns text[]
language sql stable
set search_path = ''
as $$
  select case when typed is not null then array(
    select private.find_intent(name) from unnest(typed) with ordinality as names (name, position)
    order by position
  ) end
$$;

-- A message with more intents has more clauses than a message can be split into. `MAX_SECONDARY_INTENTS` in
-- Python is the same number.
create function private.max_secondary_intents() returns integer
language sql immutable
set search_path = ''
as $$
  select 10
$$;

-- Refuses secondary intents that a correction to `intent` may not name. Those in `earlier` may be retired: the
-- decision before named them.
create function private.validate_secondary_intents(secondary_intents text[], intent text, earlier text[])
returns void
language plpgsql stable
set search_path = ''
as $$
declare
  in_a_list constant text := 'Write a list such as ["email", "reminder"]; [] states that there are none.';
begin
  if secondary_intents is null then
    return;
  end if;
  if array_ndims(secondary_intents) > 1 or cardinality(secondary_intents) > private.max_secondary_intents() then
    raise exception 'The secondary intents are not a list of at most % intents.', private.max_secondary_intents()
      using errcode = 'check_violation', constraint = 'secondary_intents_are_a_short_list', hint = in_a_list;
  end if;
  if exists (select from unnest(secondary_intents) as name where coalesce(name, '') = '') then
    raise exception 'A secondary intent is empty.'
      using errcode = 'check_violation', constraint = 'secondary_intents_have_names', hint = in_a_list;
  end if;
  if intent = any (secondary_intents) then
    raise exception 'The secondary intents contain the primary one.'
      using errcode = 'check_violation', constraint = 'secondary_intents_are_further_ones',
        hint = 'Remove it from the secondary intents.';
  end if;
  if cardinality(secondary_intents) > (select count(distinct name) from unnest(secondary_intents) as name) then
    raise exception 'The secondary intents contain an intent twice.'
      using errcode = 'check_violation', constraint = 'secondary_intents_are_distinct',
        hint = 'Name each intent once.';
  end if;
  if exists (
    select from unnest(secondary_intents) as name
    where not private.is_active_intent(name) and (name = any (earlier)) is not true
  ) then
    raise exception 'A secondary intent is not in the catalogue, or is retired.'
      using errcode = 'foreign_key_violation', constraint = 'secondary_intents_are_in_the_catalogue',
        hint = 'Choose from public.intent_catalogue those whose retired_at is empty. ' || in_a_list;
  end if;
end
$$;

insert into public.intent_catalogue (intent, domain, description) values
  ('scheduling', 'scheduling',
   'Find or keep free a time for something new; what counts is when, not an event''s details.'),
  ('calendar_event', 'scheduling',
   'Put a definite event on the calendar, with a time, place, people or repetition of its own.'),
  ('reschedule', 'scheduling',
   'Move one thing that is already planned to another time.'),
  ('adjust_plan', 'planning',
   'Rework the plan as a whole, or several things in it at once.'),
  ('task_management', 'tasks',
   'Add, finish, change, remove or follow a to-do or an assignment; what, not when.'),
  ('reminder', 'communication',
   'Be alerted at some time, or ahead of something.'),
  ('email', 'communication',
   'Write, send, answer or pass on a message to somebody.'),
  ('search', 'information',
   'Find items that meet a criterion, such as a name, a course, a priority or a range of dates.'),
  ('user_data_query', 'information',
   'Look at what is theirs already, with hardly any filter.'),
  ('status', 'information',
   'Learn how far they are: counts, rates, streaks, productivity.'),
  ('greeting', 'system', 'Say hello.'),
  ('thanks', 'system', 'Say thank you.'),
  ('confirm', 'system', 'Say yes and let the assistant go on. A bare yes is always this.'),
  ('cancel', 'system', 'Say no, stop or undo. A bare no is always this.'),
  ('help', 'system', 'Be shown how to use the product, or be helped out when stuck.'),
  ('app_info_query', 'system',
   'Learn about the product itself: prices, features, integrations, limits, handling of data.'),
  ('adjust_preferences', 'system',
   'Change a setting, such as notifications, working hours, theme or time zone.'),
  ('temporal_slot_fill', 'slots', 'Answer with nothing but a day or a relative time.'),
  ('time_slot_fill', 'slots', 'Answer with nothing but a time on the clock.'),
  ('chitchat', 'fallback', 'Talk about something that the product does not do.'),
  ('clarification_request', 'fallback',
   'Have the assistant repeat or explain what it has just said.'),
  ('unknown', 'fallback', 'The intent cannot be determined, or is none of the others.');
