-- The table of captured prompts: each message, what was predicted for it, how the workflow that
-- answered it ended, and what a reviewer made of the prediction.
--
-- Three hands write to a row: capture (once), the outcome, the correction. The columns stand in
-- that order. Ids are made by the function (time-ordered, so no default here).

-- A table of this name is the first version, made before this project kept migrations. Set it
-- aside, out of every API's reach; a later migration takes its rows over and drops it.
do $$
declare
  obstacles text;
begin
  if to_regclass('public.nlu_prompt_logs') is null then
    return;
  end if;

  select string_agg(distinct dependent, ', ') into obstacles
  from (
    select r.ev_class::regclass::text
    from pg_catalog.pg_depend d
    join pg_catalog.pg_rewrite r on r.oid = d.objid and d.classid = 'pg_rewrite'::regclass
    where d.refobjid = 'public.nlu_prompt_logs'::regclass and r.ev_class <> d.refobjid
    union all
    select conrelid::regclass::text
    from pg_catalog.pg_constraint
    where confrelid = 'public.nlu_prompt_logs'::regclass and conrelid <> confrelid
  ) as dependents (dependent);
  if obstacles is not null then
    raise exception 'The first version of public.nlu_prompt_logs cannot be taken over yet: % depend on it.', obstacles
      using hint = 'Drop these views or foreign keys, migrate, then make them anew on the new table.';
  end if;

  create schema prompt_capture_first_version;
  alter table public.nlu_prompt_logs set schema prompt_capture_first_version;
end
$$;

create table public.nlu_prompt_logs (
  id uuid not null,
  user_id uuid not null,
  prompt text not null,
  predicted_intent text not null,
  confidence double precision not null,
  secondary_intents jsonb not null default '[]',
  source text not null,
  model_version text not null,
  conversation_id text,
  message_index integer,

  was_successful boolean,
  workflow_type text,
  execution_error text,
  outcome_recorded_at timestamptz,

  corrected_intent text,
  correction_notes text,
  corrected_by text,
  corrected_at timestamptz,

  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),

  constraint nlu_prompt_logs_pkey primary key (id),
  constraint owner_is_a_user
    foreign key (user_id) references auth.users (id) on delete cascade,
  constraint corrected_intent_is_in_the_catalogue
    foreign key (corrected_intent) references public.intent_catalogue (intent),

  -- Rows of the first version keep the values they have, however odd; nothing new may claim to
  -- be one of them (a trigger sees to that).
  constraint prompt_has_1_to_4000_characters
    check (model_version = 'legacy' or char_length(prompt) between 1 and 4000),
  constraint predicted_intent_has_1_to_100_characters
    check (model_version = 'legacy' or char_length(predicted_intent) between 1 and 100),
  constraint confidence_is_a_probability
    check (model_version = 'legacy' or confidence between 0 and 1),
  constraint conversation_id_has_1_to_200_characters
    check (model_version = 'legacy' or char_length(conversation_id) between 1 and 200),
  constraint message_index_is_not_negative
    check (model_version = 'legacy' or message_index >= 0),
  constraint workflow_type_has_1_to_100_characters
    check (model_version = 'legacy' or char_length(workflow_type) between 1 and 100),
  constraint execution_error_has_1_to_8000_characters
    check (model_version = 'legacy' or char_length(execution_error) between 1 and 8000),
  constraint correction_notes_have_1_to_2000_characters
    check (model_version = 'legacy' or char_length(correction_notes) between 1 and 2000),
  constraint correction_notes_belong_to_a_correction
    check (model_version = 'legacy' or correction_notes is null or corrected_intent is not null),

  constraint secondary_intents_is_an_array
    check (jsonb_typeof(secondary_intents) = 'array'),
  constraint source_is_rule_or_model
    check (source in ('rule', 'model')),
  constraint model_version_has_1_to_100_characters
    check (char_length(model_version) between 1 and 100),
  constraint corrected_by_has_1_to_200_characters
    check (char_length(corrected_by) between 1 and 200),
  constraint outcome_has_its_time
    check (
      (num_nonnulls(was_successful, workflow_type, execution_error) > 0)
      = (outcome_recorded_at is not null)
    ),
  constraint correction_has_its_reviewer_and_time
    check (num_nonnulls(corrected_intent, corrected_by, corrected_at) in (0, 3))
);

comment on table public.nlu_prompt_logs is
  'Each message that was classified: the prediction, the outcome of its workflow, and the correction.';
comment on column public.nlu_prompt_logs.id is
  'Made by the function that captures: a time-ordered UUID (version 7), so a write can be repeated.';
comment on column public.nlu_prompt_logs.user_id is
  'Who sent the message. The row goes when the user does.';
comment on column public.nlu_prompt_logs.prompt is 'The message, as it was classified.';
comment on column public.nlu_prompt_logs.predicted_intent is
  'The first intent that was predicted. No foreign key: an older model may know other labels.';
comment on column public.nlu_prompt_logs.confidence is
  'How sure the classifier was, from 0 to 1. Rows of the first version may hold other numbers.';
comment on column public.nlu_prompt_logs.secondary_intents is
  'Further intents of the same message: [{"intent": text, "confidence": number or null}].';
comment on column public.nlu_prompt_logs.source is 'What predicted: a `rule` or the `model`.';
comment on column public.nlu_prompt_logs.model_version is
  'The version of the model or rules; `legacy` for rows of the table''s first version.';
comment on column public.nlu_prompt_logs.conversation_id is
  'The caller''s own name for the conversation, if there is one.';
comment on column public.nlu_prompt_logs.message_index is
  'The message''s place in its conversation, from 0.';
comment on column public.nlu_prompt_logs.was_successful is
  'Whether the workflow did what was asked. Null: not known, or not yet.';
comment on column public.nlu_prompt_logs.workflow_type is 'The workflow that acted on the message.';
comment on column public.nlu_prompt_logs.execution_error is 'Why the workflow failed.';
comment on column public.nlu_prompt_logs.outcome_recorded_at is
  'When the outcome last changed. Set by the database.';
comment on column public.nlu_prompt_logs.corrected_intent is
  'The reviewer''s intent; the predicted one, where the reviewer confirms it. Null: not reviewed.';
comment on column public.nlu_prompt_logs.correction_notes is 'The reviewer''s reasons.';
comment on column public.nlu_prompt_logs.corrected_by is
  'The reviewer; `dashboard` for an edit there that names none, `legacy` where it was not kept.';
comment on column public.nlu_prompt_logs.corrected_at is
  'When the correction last changed. Set by the database.';
comment on column public.nlu_prompt_logs.created_at is
  'When the prompt was captured. Set by the database; with `id` the order of every stream.';
comment on column public.nlu_prompt_logs.updated_at is
  'When anything in the row last changed. Set by the database.';

-- Closed to every role of the API until the rights migration opens what each one needs.
alter table public.nlu_prompt_logs enable row level security;
alter table public.nlu_prompt_logs force row level security;
revoke all on public.nlu_prompt_logs from public, anon, authenticated, service_role;

-- A user's own page, newest first; also what finds the rows when a user is deleted.
create index nlu_prompt_logs_of_a_user
  on public.nlu_prompt_logs (user_id, created_at desc);

-- Every stream, in the order of capture: whatever threshold an export asks for.
create index nlu_prompt_logs_in_order
  on public.nlu_prompt_logs (created_at, id);

-- What waits for review, under the usual threshold or a lower one.
create index nlu_prompt_logs_to_review
  on public.nlu_prompt_logs (created_at, id)
  where confidence < 0.7 and corrected_intent is null;

-- Failed workflows.
create index nlu_prompt_logs_failed
  on public.nlu_prompt_logs (created_at, id)
  where was_successful is false;

-- What a model can learn from, above the usual threshold or a higher one.
create index nlu_prompt_logs_to_learn_from
  on public.nlu_prompt_logs (created_at, id)
  where corrected_intent is not null or confidence > 0.85;

-- The foreign key's own: who uses an intent that somebody wants to delete.
create index nlu_prompt_logs_by_corrected_intent
  on public.nlu_prompt_logs (corrected_intent)
  where corrected_intent is not null;
