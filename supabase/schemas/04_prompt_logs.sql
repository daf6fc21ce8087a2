-- Captured prompts: each message, its prediction, the outcome of its workflow, and its correction.
--
-- The capture inserts a row once; outcomes and corrections update it. The Lambda functions make the ids, so
-- that a write can be repeated. Hence no default here.

create table public.nlu_prompt_logs (
  -- Captured, and then immutable
  id uuid not null,
  user_id uuid not null,
  prompt text not null,
  predicted_intent text not null,
  confidence double precision not null,
  scope double precision,
  runner_up_intent text,
  runner_up_confidence double precision,
  secondary_intents jsonb not null default '[]',
  needs_review boolean not null default false,
  source text not null,
  model_version text not null,
  conversation_id text,
  message_index integer,

  -- Derived by the database at capture
  text_key bytea not null,
  within_daily_cap boolean not null default true,
  has_review_reason boolean not null default false,
  is_audited boolean not null default false,
  audit_probability double precision,
  is_disputed boolean not null default false,

  -- Outcome
  was_successful boolean,
  workflow_type text,
  execution_error text,
  outcome_recorded_at timestamptz,

  -- Correction
  corrected_intent text,
  corrected_secondary_intents text[],
  correction_notes text,
  corrected_by text,
  corrected_at timestamptz,

  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  change_number bigint not null default 0,

  constraint nlu_prompt_logs_pkey primary key (id),
  constraint sender_is_a_user
    foreign key (user_id) references auth.users (id) on delete cascade,
  constraint corrected_intent_is_in_the_catalogue
    foreign key (corrected_intent) references public.intent_catalogue (intent),

  -- Rows of the first version (`legacy`) keep the values they have. A trigger refuses new ones.
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
  constraint corrected_secondary_intents_belong_to_a_correction
    check (corrected_secondary_intents is null or corrected_intent is not null),

  constraint scope_is_a_probability check (scope between 0 and 1),
  constraint runner_up_is_an_intent_with_a_probability check (
    (runner_up_intent is null and runner_up_confidence is null) or (
      num_nulls(runner_up_intent, runner_up_confidence) = 0
      and char_length(runner_up_intent) between 1 and 100 and runner_up_confidence between 0 and 1
    )
  ),
  constraint secondary_intents_is_an_array
    check (jsonb_typeof(secondary_intents) = 'array'),
  constraint secondary_intents_have_at_most_10000_bytes
    check (model_version = 'legacy' or octet_length(secondary_intents::text) <= 10000),
  constraint source_is_rule_or_model
    check (source in ('rule', 'model')),
  constraint model_version_has_1_to_100_characters
    check (char_length(model_version) between 1 and 100),
  constraint audit_probability_is_a_probability
    check (audit_probability between 0 and 1),
  constraint an_audited_row_has_its_probability
    check ((not is_audited or (audit_probability > 0 and within_daily_cap)) is true),
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
  'Each classified message: the prediction, the outcome of its workflow, and the correction.';
comment on column public.nlu_prompt_logs.id is
  'Made by the function that captures: a time-ordered UUID (version 7), or one derived from an idempotency key (version 8).';
comment on column public.nlu_prompt_logs.user_id is
  'The sender of the message. The row is deleted with the user.';
comment on column public.nlu_prompt_logs.prompt is 'The message as it was classified, redacted.';
comment on column public.nlu_prompt_logs.predicted_intent is
  'The predicted intent. No foreign key: an older model may know other labels.';
comment on column public.nlu_prompt_logs.confidence is
  'The probability that the predicted intent is right, from 0 to 1. Rows of the first version may hold other numbers.';
comment on column public.nlu_prompt_logs.scope is
  'How likely the message is meant for this assistant at all, from 0 to 1. Null where a rule decided.';
comment on column public.nlu_prompt_logs.runner_up_intent is
  'The model''s second-best intent for the same message. Null where a rule decided.';
comment on column public.nlu_prompt_logs.runner_up_confidence is
  'The probability of the runner-up.';
comment on column public.nlu_prompt_logs.secondary_intents is
  'Further intents in the same message: [{"intent": text, "confidence": number or null}].';
comment on column public.nlu_prompt_logs.needs_review is
  'What the response said: whether the service wants the prediction reviewed, by its own thresholds or those of the model.';
comment on column public.nlu_prompt_logs.source is 'What predicted the intent: a `rule` or the `model`.';
comment on column public.nlu_prompt_logs.model_version is
  'The version of the model or the rules; `legacy` for rows of the table''s first version.';
comment on column public.nlu_prompt_logs.conversation_id is
  'The backend''s own id of the conversation, if any.';
comment on column public.nlu_prompt_logs.message_index is
  'The position of the message in its conversation, from 0.';
comment on column public.nlu_prompt_logs.text_key is
  'A keyed hash of the normalised text: copies of a text share it. Set by the database.';
comment on column public.nlu_prompt_logs.within_daily_cap is
  'Whether the row is among the first of its user and day. Others enter no queue and no dataset. Set by the database.';
comment on column public.nlu_prompt_logs.has_review_reason is
  'Whether the row was chosen for review for a reason: an unsure prediction or a failed workflow. Set by the database.';
comment on column public.nlu_prompt_logs.is_audited is
  'Whether the row was drawn for the audit, which is independent of its prediction. Set by the database.';
comment on column public.nlu_prompt_logs.audit_probability is
  'The probability with which the row could be drawn for the audit. Null: beyond the daily cap, or older than the audit. Set by the database.';
comment on column public.nlu_prompt_logs.is_disputed is
  'Whether reviewers disagree about the text, on rows that show its correction. Set by the database.';
comment on column public.nlu_prompt_logs.was_successful is
  'Whether the workflow did what was asked. Null: unknown so far.';
comment on column public.nlu_prompt_logs.workflow_type is 'The workflow that handled the message.';
comment on column public.nlu_prompt_logs.execution_error is 'Why the workflow failed.';
comment on column public.nlu_prompt_logs.outcome_recorded_at is
  'When the outcome last changed. Set by the database.';
comment on column public.nlu_prompt_logs.corrected_intent is
  'The reviewers'' intent. It equals the prediction where a reviewer confirmed it. Null: not reviewed, or a copy that does not show it; the label of a text is in public.review_queue.';
comment on column public.nlu_prompt_logs.corrected_secondary_intents is
  'The reviewers'' further intents, in order: ["email", "reminder"]. []: there are none. Null: the correction does not say.';
comment on column public.nlu_prompt_logs.correction_notes is 'The reviewer''s reasons.';
comment on column public.nlu_prompt_logs.corrected_by is
  'The reviewer; `dashboard` for an edit there that names none, `legacy` where it was not recorded.';
comment on column public.nlu_prompt_logs.corrected_at is
  'When the correction last changed. Set by the database.';
comment on column public.nlu_prompt_logs.created_at is
  'When the row was inserted: after the message, if it waited in the spool. Set by the database. With `id`, the order of every list.';
comment on column public.nlu_prompt_logs.updated_at is
  'When anything in the row last changed. Set by the database.';
comment on column public.nlu_prompt_logs.change_number is
  'The number of the latest change of the row: exports read windows of these. Set by the database.';

-- Indexes -------------------------------------------------------------------------------------------

-- A user's own page, newest first. Deleting a user needs it too.
create index nlu_prompt_logs_by_user on public.nlu_prompt_logs (user_id, created_at desc);

-- Lists in the order of capture, whatever their threshold.
create index nlu_prompt_logs_by_time on public.nlu_prompt_logs (created_at, id);

-- Low confidence, at the default threshold or a lower one. Whether a text is decided is looked up in
-- the review queue: a sender must not learn from this table what an export leaves out.
create index nlu_prompt_logs_low_confidence
  on public.nlu_prompt_logs (created_at, id)
  where confidence < 0.7;

-- The cut-off and the figures of the audit.
create index nlu_prompt_logs_audited
  on public.nlu_prompt_logs (created_at, id)
  where is_audited;

create index nlu_prompt_logs_failed
  on public.nlu_prompt_logs (created_at, id)
  where was_successful is false;

-- The foreign key: which rows name an intent that is to be deleted.
create index nlu_prompt_logs_by_corrected_intent
  on public.nlu_prompt_logs (corrected_intent)
  where corrected_intent is not null;

-- The copies of a text that count, by sender: how many there are, and whether a user sent it before.
create index nlu_prompt_logs_by_text on public.nlu_prompt_logs (text_key, user_id) where within_daily_cap;

-- The copies of a text that were chosen for review, or show a correction.
create index nlu_prompt_logs_chosen on public.nlu_prompt_logs (text_key, id)
  where has_review_reason or is_audited or corrected_intent is not null;

-- The copies that show a reviewer's name: an erasure of the reviewer replaces it. A capture has none.
create index nlu_prompt_logs_by_reviewer on public.nlu_prompt_logs (private.fold_name(corrected_by), text_key)
  where corrected_by is not null;
alter index public.nlu_prompt_logs_by_reviewer alter column 1 set statistics 0;

-- Exports: whole texts in the order of their keys, and whether one changed in a window.
create index nlu_prompt_logs_by_change on public.nlu_prompt_logs (text_key, change_number, id);

-- How many rows changed in a window, and the newest change.
create index nlu_prompt_logs_by_change_number on public.nlu_prompt_logs (change_number);

-- Planner statistics --------------------------------------------------------------------------------
-- Row level security does not cover estimates, and any API user may ask for a planned count. With
-- statistics, most common values and histogram bounds reveal texts, ids and how much a user sends, bit
-- by bit. A sample would also outlive an erasure. Without them the planner assumes a 200th of the rows
-- for each value and finds the same indexes.

alter table public.nlu_prompt_logs
  alter column id set statistics 0,
  alter column user_id set statistics 0,
  alter column prompt set statistics 0,
  alter column secondary_intents set statistics 0,
  alter column conversation_id set statistics 0,
  alter column text_key set statistics 0,
  alter column execution_error set statistics 0,
  alter column corrected_secondary_intents set statistics 0,
  alter column outcome_recorded_at set statistics 0,
  alter column correction_notes set statistics 0,
  alter column corrected_by set statistics 0,
  alter column corrected_at set statistics 0,
  alter column updated_at set statistics 0;

-- Lists need to know that the table is stored in the order of capture. A statistics target of 1 keeps
-- hardly more than the first and the last time, which identify nobody.
alter table public.nlu_prompt_logs
  alter column created_at set statistics 1;

-- Row level security --------------------------------------------------------------------------------
-- Users see all that is stored about them, and nothing else. They may not insert, because a forged
-- prediction would teach the model an error; not update, because corrections steer it too; and not
-- delete single rows, which are deleted with their account. Anonymous callers get nothing.
-- `service_role` bypasses row level security, so only its grants restrict it.

alter table public.nlu_prompt_logs enable row level security;
alter table public.nlu_prompt_logs force row level security;

-- `(select auth.uid())` is evaluated once per query instead of once per row.
create policy "A user reads only the prompts they sent"
  on public.nlu_prompt_logs for select to authenticated
  using ((select auth.uid()) = user_id);

-- A row starts without outcome and correction, even if a grant is ever too generous.
create policy "The writer inserts prompts without outcome and correction"
  on public.nlu_prompt_logs for insert to prompt_writer
  with check (outcome_recorded_at is null and corrected_at is null);

-- `on conflict (id) do nothing`, which makes a repeated write harmless, has to see `id`: of the row
-- that is being written, never of an earlier one.
create policy "The writer sees a prompt's id at the moment of its capture"
  on public.nlu_prompt_logs for select to prompt_writer
  using (created_at = now());

create policy "The exporter reads every prompt, but not its sender"
  on public.nlu_prompt_logs for select to prompt_exporter using (true);

create policy "The maintainer reads every prompt"
  on public.nlu_prompt_logs for select to prompt_maintainer using (true);
create policy "The maintainer applies outcomes and corrections"
  on public.nlu_prompt_logs for update to prompt_maintainer using (true) with check (true);
create policy "The maintainer deletes old rows and the rows of erased users"
  on public.nlu_prompt_logs for delete to prompt_maintainer using (true);

-- What a write sets off -----------------------------------------------------------------------------
-- Triggers of one kind fire in the order of their names, so the names carry numbers. Those that other
-- files define stand in parentheses.
--
--   insert  before_10_validate                     refuse what breaks a rule, before a constraint logs it
--           before_15_refuse_legacy                nothing new may claim to be of the first version
--           before_20_prepare_capture              refuse erased users; set the derived columns
--           before_40_stamp_correction_on_insert   complete a correction that comes with the row
--           before_50_stamp_outcome_on_insert      complete an outcome that comes with the row
--           before_70_stamp_change                 set change_number, when the row has its final values
--           (before_80_report_serving_model)       tell the capture which model serves
--           (after_10_complete_captures)           once per statement: the queue, deferred changes, and a
--                                                  correction that comes with the row
--           (after_60_record_arms)                 once per statement: the arm of each message of a split
--   update  (before_05_lock_edits)                 once per statement, unless record_outcome changes one row
--           before_10_validate
--           before_20_refuse_captured_changes      before the stamps, which may change derived columns
--           before_40_stamp_correction
--           before_50_stamp_outcome                a failure sets has_review_reason
--           before_60_stamp_updated_at             after the stamps: an update without effect moves no time
--           before_70_stamp_change                 after updated_at, for the same reason
--           (after_10_append_log_edit)             an edit in the dashboard becomes an event
--           (after_20_queue_failure)               a failed workflow puts the text into the queue
--           (after_60_record_outcome_of_arm)       the outcome of a message of a split
--   delete  before_90_refuse_delete                rows are deleted by retention, erasure, or with their user
--           (after_40_clean_up_texts)              what no row needs any more is deleted, the rest counted
--           (after_50_record_erased_rows)          erased rows reach the next export
--           (after_60_mark_days)                   their days are counted again
--   truncate before_95_refuse_truncate

-- Refuses what breaks a rule before the constraint does: a failed constraint writes the whole row,
-- prompt included, to the server's log.
create function private.validate_prompt_log() returns trigger
language plpgsql
set search_path = ''
as $$
declare
  missing text;
  broken text;
begin
  new.created_at := coalesce(new.created_at, now());
  new.updated_at := coalesce(new.updated_at, now());
  if num_nulls(
    new.id, new.user_id, new.prompt, new.predicted_intent, new.confidence, new.secondary_intents,
    new.needs_review, new.source, new.model_version
  ) > 0 then
    select key into missing from jsonb_each(to_jsonb(new))
    where value = 'null' and key in (
      'id', 'user_id', 'prompt', 'predicted_intent', 'confidence', 'secondary_intents', 'needs_review',
      'source', 'model_version'
    ) limit 1;
    raise exception 'A captured row needs the column "%".', missing
      using errcode = 'not_null_violation', column = missing;
  end if;
  broken := case
    when char_length(new.prompt) not between 1 and 4000 then 'prompt_has_1_to_4000_characters'
    when char_length(new.predicted_intent) not between 1 and 100
      then 'predicted_intent_has_1_to_100_characters'
    when new.confidence not between 0 and 1 then 'confidence_is_a_probability'
    when new.scope not between 0 and 1 then 'scope_is_a_probability'
    when jsonb_typeof(new.secondary_intents) <> 'array' then 'secondary_intents_is_an_array'
    when octet_length(new.secondary_intents::text) > 10000
      then 'secondary_intents_have_at_most_10000_bytes'
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
    raise exception 'The row violates the constraint "%".', broken
      using errcode = 'check_violation', constraint = broken;
  end if;
  return new;
end
$$;

create trigger before_10_validate before insert or update on public.nlu_prompt_logs
  for each row when (new.model_version is distinct from 'legacy')
  execute function private.validate_prompt_log();

create function private.refuse_legacy_row() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  raise exception 'The model version "legacy" is reserved for rows of the table''s first version.'
    using errcode = 'check_violation', hint = 'Set model_version to the version that predicted.';
end
$$;

create trigger before_15_refuse_legacy before insert on public.nlu_prompt_logs
  for each row when (new.model_version = 'legacy')
  execute function private.refuse_legacy_row();

-- Locks the account of a sender against deletion, and returns its state: `present`, `locked` (it is being
-- deleted), `deleted` (it is marked as deleted), or `absent`. Does not wait.
create function private.lock_sender(user_id uuid) returns text
language plpgsql
security definer
set search_path = ''
as $$
declare
  deleted_at timestamptz;
begin
  select users.deleted_at into deleted_at from auth.users
  where users.id = lock_sender.user_id for key share skip locked;
  if found then
    return case when deleted_at is null then 'present' else 'deleted' end;
  end if;
  return case when exists (select from auth.users where users.id = lock_sender.user_id)
    then 'locked' else 'absent' end;
end
$$;

set role prompt_maintainer;

-- A user waits for the capture, so it does little, and waits for no lock.
create function private.prepare_capture() returns trigger
language plpgsql
security definer
set search_path = ''
-- For a day that it takes for empty, the planner would read what all users sent on it.
set plan_cache_mode = force_generic_plan
as $$
declare
  settings private.settings;
  sender text;
begin
  select * into strict settings from private.settings;

  -- Both locks are held until this transaction ends, so that no row of a user outlives their erasure or
  -- their account. While one of these is under way (or that of a user with the same lock slot), the capture
  -- fails at once: it is spooled and written later, or is refused then.
  sender := private.lock_sender(new.user_id);
  if sender = 'locked' or not private.try_lock_person_shared(new.user_id) then
    raise exception 'An erasure holds the lock of this user.'
      using errcode = 'lock_not_available', hint = 'Send the row again.';
  end if;
  if sender <> 'present'
    or exists (select from private.tombstones where user_key = private.user_key(new.user_id)) then
    raise exception 'The user of this row does not exist or was erased. Nothing is captured for them.'
      using errcode = 'foreign_key_violation', constraint = 'sender_is_a_user',
        hint = 'Drop the row.';
  end if;

  new.text_key := private.text_key(new.prompt);
  new.is_disputed := false;
  new.within_daily_cap := settings.daily_cap > (
    select count(*) from (
      select from public.nlu_prompt_logs
      where user_id = new.user_id
        and created_at >= date_trunc('day', new.created_at, 'UTC')
        and created_at < date_trunc('day', new.created_at, 'UTC') + interval '1 day'
      limit settings.daily_cap
    ) as same_day
  );
  -- A confident `unknown` is an answer, whatever its scope.
  new.has_review_reason := new.within_daily_cap and (
    new.needs_review or new.confidence < settings.review_threshold
    or (new.predicted_intent <> 'unknown' and coalesce(new.scope < settings.min_scope, false))
  );
  -- The draw must depend on nothing that the model said: only then does the audit stand for all messages.
  new.audit_probability := case when new.within_daily_cap then settings.audit_rate end;
  new.is_audited := coalesce(random() < new.audit_probability, false);
  return new;
end
$$;

set role postgres;

create trigger before_20_prepare_capture before insert on public.nlu_prompt_logs
  for each row execute function private.prepare_capture();

-- Grants restrict the roles of the API. This restricts the owner of the table, and with it the dashboard.
create function private.refuse_captured_changes() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  raise exception 'Captured columns cannot be changed.'
    using errcode = 'insufficient_privilege',
      hint = 'Undo the edit. Only the outcome and the correction can be edited. To remove a user''s rows, erase the user.';
end
$$;

create trigger before_20_refuse_captured_changes before update on public.nlu_prompt_logs
  for each row
  when (
    current_user <> 'prompt_maintainer' and (
      new.id, new.user_id, new.prompt, new.predicted_intent, new.confidence, new.secondary_intents,
      new.needs_review, new.source, new.model_version, new.conversation_id, new.message_index, new.scope,
      new.runner_up_intent, new.runner_up_confidence, new.created_at, new.text_key,
      new.within_daily_cap, new.has_review_reason, new.is_audited, new.audit_probability, new.is_disputed
    ) is distinct from (
      old.id, old.user_id, old.prompt, old.predicted_intent, old.confidence, old.secondary_intents,
      old.needs_review, old.source, old.model_version, old.conversation_id, old.message_index, old.scope,
      old.runner_up_intent, old.runner_up_confidence, old.created_at, old.text_key,
      old.within_daily_cap, old.has_review_reason, old.is_audited, old.audit_probability, old.is_disputed
    )
  )
  execute function private.refuse_captured_changes();

-- Checks and completes a correction, from any role. The maintainer's was checked as an event.
create function private.stamp_correction() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  -- As in the correction, which this row keeps showing where it repeats the latest one: an erasure finds clean names.
  if current_user <> 'prompt_maintainer' and new.corrected_by is distinct from old.corrected_by
    and new.corrected_by is not null then
    new.corrected_by := coalesce(nullif(private.reviewer_name(new.corrected_by), ''), 'dashboard');
    if char_length(new.corrected_by) > 200 then
      raise exception 'A reviewer''s name has at most 200 characters.'
        using errcode = 'check_violation', constraint = 'corrected_by_has_1_to_200_characters',
          hint = 'Shorten the name.';
    end if;
  end if;
  if current_user <> 'prompt_maintainer' and (new.corrected_intent, new.corrected_secondary_intents)
    is distinct from (old.corrected_intent, old.corrected_secondary_intents) then
    new.corrected_intent := private.find_intent(new.corrected_intent);
    if new.corrected_secondary_intents is distinct from old.corrected_secondary_intents then
      new.corrected_secondary_intents := private.find_secondary_intents(new.corrected_secondary_intents);
    elsif new.corrected_intent is distinct from old.corrected_intent then
      -- The previous decision's secondary intents do not belong to another one.
      new.corrected_secondary_intents := null;
    end if;
  end if;
  if (
    new.corrected_intent, new.corrected_secondary_intents, new.correction_notes, new.corrected_by
  ) is not distinct from (
    old.corrected_intent, old.corrected_secondary_intents, old.correction_notes, old.corrected_by
  ) then
    new.corrected_at := old.corrected_at;
    return new;
  end if;

  if new.corrected_intent is null then
    if old.corrected_intent is null then
      raise exception 'A correction needs an intent.'
        using errcode = 'check_violation',
          hint = 'Set corrected_intent, or leave the secondary intents, the notes and the reviewer empty.';
    end if;
    -- The correction was retracted.
    new.corrected_secondary_intents := null;
    new.correction_notes := null;
    new.corrected_by := null;
    new.corrected_at := null;
    return new;
  end if;

  new.corrected_at := now();
  if current_user = 'prompt_maintainer' then
    return new;
  end if;

  -- Checked before the foreign key, which would write the value, whatever it is, to the server's log.
  if new.corrected_intent is distinct from old.corrected_intent
    and not private.is_active_intent(new.corrected_intent) then
    raise exception 'This intent is not in the catalogue, or is retired.'
      using errcode = 'foreign_key_violation',
        constraint = 'corrected_intent_is_in_the_catalogue',
        hint = 'Choose one of public.intent_catalogue whose retired_at is empty.';
  end if;

  -- The previous reviewer's name does not sign an edit that names nobody.
  if new.corrected_by is not distinct from old.corrected_by then
    new.corrected_by := 'dashboard';
  end if;
  return new;
end
$$;

create trigger before_40_stamp_correction before update on public.nlu_prompt_logs
  for each row execute function private.stamp_correction();
-- A captured row has neither correction nor outcome, so a capture does not pay for these two.
create trigger before_40_stamp_correction_on_insert before insert on public.nlu_prompt_logs
  for each row
  when (
    num_nonnulls(
      new.corrected_intent, new.corrected_secondary_intents, new.correction_notes, new.corrected_by,
      new.corrected_at
    ) > 0
  )
  execute function private.stamp_correction();

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
  if new.was_successful is false and new.within_daily_cap then
    new.has_review_reason := true;
  end if;
  return new;
end
$$;

create trigger before_50_stamp_outcome before update on public.nlu_prompt_logs
  for each row execute function private.stamp_outcome();
create trigger before_50_stamp_outcome_on_insert before insert on public.nlu_prompt_logs
  for each row
  when (num_nonnulls(new.was_successful, new.workflow_type, new.execution_error, new.outcome_recorded_at) > 0)
  execute function private.stamp_outcome();

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

create trigger before_60_stamp_updated_at before update on public.nlu_prompt_logs
  for each row execute function private.stamp_updated_at();

set role prompt_maintainer;

create function private.stamp_change() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_op = 'INSERT' or new is distinct from old then
    new.change_number := private.next_change_number();
  else
    new.change_number := old.change_number;
  end if;
  return new;
end
$$;

set role postgres;

create trigger before_70_stamp_change before insert or update on public.nlu_prompt_logs
  for each row execute function private.stamp_change();

create function private.refuse_delete() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if exists (select from auth.users where users.id = old.user_id) then
    raise exception 'A captured row cannot be deleted by hand.'
      using errcode = 'insufficient_privilege',
        hint = 'Retention deletes old rows. To remove a user: prompt-capture erase, or delete the account.';
  end if;
  return old;
end
$$;

create trigger before_90_refuse_delete before delete on public.nlu_prompt_logs
  for each row when (current_user <> 'prompt_maintainer')
  execute function private.refuse_delete();

create function private.refuse_truncate() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  raise exception 'This table cannot be truncated.'
    using errcode = 'insufficient_privilege',
      hint = 'Rows are deleted by retention, by prompt-capture erase, or with the account of their user.';
end
$$;

create trigger before_95_refuse_truncate before truncate on public.nlu_prompt_logs
  for each statement execute function private.refuse_truncate();

-- Repeated captures ---------------------------------------------------------------------------------
-- A capture may be sent twice: by a caller who got no response, or by the spool. `on conflict do nothing`
-- alone does not say what holds the id. This function does: it returns the recorded prediction where
-- sender and content match, and otherwise nothing, not even which of them differed.

set role prompt_maintainer;

create function private.find_recorded_captures(sent jsonb) returns setof jsonb
language sql stable
security definer
set search_path = ''
as $$
  select to_jsonb(recorded) from (
    select logs.id, logs.predicted_intent, logs.confidence, logs.scope, logs.secondary_intents,
      logs.source, logs.model_version
    from jsonb_to_recordset(sent) as copies (
      id uuid, user_id uuid, prompt text, conversation_id text, message_index integer
    )
    join public.nlu_prompt_logs logs using (id)
    where (logs.user_id, logs.prompt) = (copies.user_id, copies.prompt)
      and (logs.conversation_id, logs.message_index)
        is not distinct from (copies.conversation_id, copies.message_index)
  ) as recorded
$$;

set role postgres;

create function public.find_recorded_captures(sent jsonb) returns setof jsonb
language sql stable
set search_path = ''
as $$
  select private.find_recorded_captures(sent)
$$;
comment on function public.find_recorded_captures(jsonb) is
  'Returns the recorded prediction of each capture that exists already, with the same sender and content.';
