-- All grants, but for memberships of roles and what creating the schema needs (01). Whatever is not granted
-- is refused, whatever the project's default privileges say.
--
-- Grants on tables to the roles of the API list their columns. `docs/reference/database.md` has the same as a table, role by role.

-- Nothing is granted by default -----------------------------------------------------------------------
-- Supabase projects created before October 2026 grant new tables, sequences and functions to the roles of
-- the API; functions are granted to `public` everywhere.

-- A project that has a schema of this name may let its users reach what its policies call there. So each
-- object in it is closed by itself.
revoke create on schema private from public, anon, authenticated, service_role;
revoke all on
  public.intent_catalogue, public.nlu_prompt_logs, public.correction_events, public.review_queue,
  public.daily_counts, public.labelled_texts, public.exported_rows, public.dataset_exports,
  public.exportable_prompts, public.labelled_prompts, public.failed_workflows,
  public.intent_health, public.confidence_distribution, public.corrections_by_reviewer,
  public.reviewer_votes, public.disputed_texts, public.reviewer_agreement, public.completed_audits,
  public.live_accuracy, public.daily_totals,
  private.settings, private.keys, private.incomplete_captures, private.deferred_changes,
  private.dropped_captures, private.tombstones, private.erased_rows
from public, anon, authenticated, service_role, prompt_writer, prompt_exporter, prompt_maintainer;
revoke all on sequence
  public.correction_events_id_seq, public.review_queue_id_seq, public.exported_rows_id_seq,
  public.dataset_exports_id_seq, private.deferred_changes_id_seq, private.incomplete_captures_id_seq,
  private.change_numbers
from public, anon, authenticated, service_role, prompt_writer, prompt_exporter, prompt_maintainer;

-- Functions that are called by name are opened below. Trigger functions are opened to nobody.
revoke all on function
  private.lock_person(uuid),
  private.try_lock_person_shared(uuid),
  private.lock_log_ids(uuid[]),
  private.try_lock_log_id(uuid),
  private.try_lock_log_id_shared(uuid),
  private.lock_edits(),
  private.lock_edits_shared(),
  private.try_lock_edits_shared(),
  private.announce_one_row(boolean),
  private.lock_texts(bytea[]),
  private.try_lock_texts(bytea[]),
  private.lock_new_queue_item(bytea),
  private.try_lock_new_queue_item(bytea),
  private.try_lock_new_queue_item_shared(bytea),
  private.lock_export_registry(),
  private.lock_export_registry_shared(),
  private.try_lock_figures(uuid, text),
  private.peek_change_number(),
  private.next_change_number(),
  private.complete_change_numbers(),
  private.normal_form_version(),
  private.compose_text(text, text),
  private.visible_text(text),
  private.normalise_text(text),
  private.text_key(text),
  private.user_key(uuid),
  private.next_batch_rows(integer, interval),
  private.clean_intent_name(),
  private.is_active_intent(text),
  private.find_intent(text),
  private.find_secondary_intents(text[]),
  private.max_secondary_intents(),
  private.validate_secondary_intents(text[], text, text[]),
  private.validate_prompt_log(),
  private.lock_sender(uuid),
  private.prepare_capture(),
  private.refuse_captured_changes(),
  private.refuse_legacy_row(),
  private.stamp_correction(),
  private.stamp_outcome(),
  private.stamp_updated_at(),
  private.stamp_change(),
  private.refuse_delete(),
  private.refuse_truncate(),
  private.find_recorded_captures(jsonb),
  private.anonymous_reviewers(),
  private.is_user_id(text),
  private.fold_name(text),
  private.reviewer_name(text),
  private.is_reserved_reviewer(text),
  private.is_marked_as_deleted(uuid),
  private.is_former_user(text),
  private.refuse_erased_reviewer(text),
  private.end_idle_transaction(),
  private.set_correction_channel(),
  private.validate_correction(),
  private.latest_events(bytea),
  private.find_decision(bytea),
  private.is_disputed(bytea, text),
  private.max_corrections_of_a_text(),
  private.max_copies_shown(),
  private.next_copies(bytea, uuid),
  private.show_correction(public.correction_events, boolean, uuid[]),
  private.show_on_next_copies(public.correction_events, boolean, uuid),
  private.let_copies_show_later(boolean),
  private.apply_decision(bytea),
  private.apply_correction(),
  private.refuse_used_intent(),
  private.refuse_event_changes(),
  private.lock_edits_first(),
  private.append_log_edit(),
  private.review_rank(text[], double precision, double precision, integer),
  private.rank_when_decided(),
  private.array_union(text[], text[]),
  private.intent_names(jsonb),
  private.as_probability(jsonb),
  private.max_copies_read(),
  private.max_copies_counted(),
  private.count_copies(bytea, integer),
  private.oldest_copy(bytea),
  private.limit_copies(bytea[]),
  private.refreshed_count(integer, integer, integer),
  private.add_queue_item(public.nlu_prompt_logs, text[]),
  private.review_reasons(public.nlu_prompt_logs[]),
  private.try_queue_logs(public.nlu_prompt_logs[], boolean),
  private.try_lock_queue_item(bytea),
  private.try_lock_items(bytea[]),
  private.refresh_queue_item(bytea, uuid[]),
  private.fill_queue(),
  private.queue_failure(),
  private.update_queue_item(public.correction_events, boolean),
  private.validate_queue_edit(),
  private.copy_to_correct(bytea, text[]),
  private.append_queue_edit(),
  private.refuse_lost_edit(),
  private.refuse_queue_changes(),
  private.clear_notes(uuid[]),
  private.delete_orphans(bytea[]),
  private.limit_corrected_texts(bytea[]),
  private.limit_corrections(uuid[]),
  private.clean_up_texts(),
  private.may_arrive(uuid),
  private.defer_change(private.deferred_changes),
  private.max_deferred_changes(),
  private.max_deferred_corrections(),
  private.apply_deferred_changes(uuid),
  private.delete_changes_of_deleted_rows(uuid[]),
  private.apply_waiting_changes(uuid),
  private.try_apply_deferred_changes(public.nlu_prompt_logs),
  private.complete_new_captures(),
  private.complete_captures(),
  private.discard_deferred_changes(uuid[]),
  private.delete_expired_changes(),
  private.refuse_label_edit(),
  private.outcome_label(boolean),
  private.max_user_keys(),
  private.max_user_keys_written(integer),
  private.limit_user_keys(bytea[], integer, bytea),
  private.delete_expired_rows(),
  private.delete_expired_texts(),
  private.mark_clean_users(integer),
  private.delete_expired_exports(),
  private.refresh_queue_items(bytea),
  private.add_missing_queue_items(),
  private.audits_complete_before(),
  private.count_user_data(uuid),
  private.start_erasure(uuid),
  private.copies_with_reviewer(text, integer),
  private.pseudonymise_batch(text, integer),
  private.erase_batch(uuid, integer),
  private.wait_for_exports(uuid),
  private.record_erasure_step(uuid, interval),
  private.finish_erasure(uuid),
  private.show_erasure(uuid),
  private.continue_erasure(uuid),
  private.list_unfinished_erasures(),
  private.erase_user(uuid),
  private.pseudonymise_reviewer(text),
  private.erase_deleted_account(),
  private.record_erased_rows(),
  private.complete_exported_page(),
  private.refuse_lost_sequence(),
  private.open_export(text, boolean, bigint),
  private.read_export(
    bigint, bigint, bytea, bigint, uuid, boolean, integer, text, timestamptz, timestamptz
  ),
  private.read_erased_rows(bigint, bigint, bigint, uuid, integer),
  private.read_audit_results(float8),
  private.record_dataset(text, text, text, bigint, bigint, bigint, timestamptz),
  private.register_rows(text, text, uuid[]),
  private.has_erasures_since(text, text[], timestamptz),
  private.list_uncleaned_objects(),
  private.list_erased_lines(text, text),
  private.unregister_senders(text, text, jsonb),
  private.move_text(bytea, bytea),
  private.rebuild_text_keys(bytea, integer),
  public.find_recorded_captures(jsonb),
  public.record_outcome(uuid, boolean, text, text),
  public.record_correction(uuid, text, text, text, text, text[]),
  public.record_review(uuid, text, text, text, text, text[], text[], bigint),
  private.find_latest_correction(), public.find_latest_correction(),
  public.discard_deferred_changes(uuid[]),
  public.continue_erasure(uuid),
  public.list_unfinished_erasures(),
  public.count_user_data(uuid),
  public.open_export(text, boolean, bigint),
  public.read_export(text, text, text, text, uuid, boolean, integer, text, timestamptz, timestamptz),
  public.read_erased_rows(text, text, text, uuid, integer),
  public.read_audit_results(float8),
  public.record_dataset(text, text, text, text, text, bigint, timestamptz),
  public.register_rows(text, text, uuid[]),
  public.has_erasures_since(text, text[], timestamptz),
  public.list_uncleaned_objects(),
  public.list_erased_lines(text, text),
  public.unregister_senders(text, text, jsonb)
from public, anon, authenticated, service_role, prompt_writer, prompt_exporter;

-- Signed-in users -------------------------------------------------------------------------------------
-- They read the intents, and their own rows (by policy). Anonymous callers get nothing.

grant select (intent, domain, description, retired_at, created_at)
  on public.intent_catalogue to authenticated;
grant select (
  id, user_id, prompt, predicted_intent, confidence, scope, runner_up_intent, runner_up_confidence,
  secondary_intents, needs_review, source, model_version, conversation_id, message_index,
  text_key, within_daily_cap, has_review_reason, is_audited, audit_probability, is_disputed,
  was_successful, workflow_type, execution_error, outcome_recorded_at,
  corrected_intent, corrected_secondary_intents, correction_notes, corrected_by, corrected_at,
  created_at, updated_at, change_number
) on public.nlu_prompt_logs to authenticated;

-- prompt_writer ---------------------------------------------------------------------------------------
-- It inserts captured columns. No update, so that a prediction stays as it was; no delete. It reads `id`
-- for `on conflict (id) do nothing`, and by policy only of the row that it is writing.

grant usage on schema public, private to prompt_writer;
grant insert (
  id, user_id, prompt, predicted_intent, confidence, scope, runner_up_intent, runner_up_confidence,
  secondary_intents, needs_review, source, model_version, conversation_id, message_index
) on public.nlu_prompt_logs to prompt_writer;
grant select (id) on public.nlu_prompt_logs to prompt_writer;
grant execute on function
  private.find_recorded_captures(jsonb), public.find_recorded_captures(jsonb),
  private.discard_deferred_changes(uuid[]), public.discard_deferred_changes(uuid[])
to prompt_writer;

-- prompt_exporter -------------------------------------------------------------------------------------
-- It reads texts, predictions and labels: no users, conversations, reviewers or notes. It writes nothing,
-- except through the functions.

grant usage on schema public, private to prompt_exporter;
grant select (
  id, prompt, predicted_intent, confidence, source, model_version, corrected_intent, created_at,
  within_daily_cap, text_key
) on public.nlu_prompt_logs to prompt_exporter;
grant select (text_key, corrected_intent, corrected_secondary_intents, reasons)
  on public.review_queue to prompt_exporter;
grant select (text_key, text, intent, secondary_intents, times_sent, labelled_at, retained_at)
  on public.labelled_texts to prompt_exporter;
grant select on public.exportable_prompts to prompt_exporter;
grant execute on function
  private.open_export(text, boolean, bigint),
  private.read_export(
    bigint, bigint, bytea, bigint, uuid, boolean, integer, text, timestamptz, timestamptz
  ),
  private.read_erased_rows(bigint, bigint, bigint, uuid, integer),
  private.read_audit_results(float8),
  private.record_dataset(text, text, text, bigint, bigint, bigint, timestamptz),
  private.register_rows(text, text, uuid[]),
  private.has_erasures_since(text, text[], timestamptz),
  public.open_export(text, boolean, bigint),
  public.read_export(text, text, text, text, uuid, boolean, integer, text, timestamptz, timestamptz),
  public.read_erased_rows(text, text, text, uuid, integer),
  public.read_audit_results(float8),
  public.record_dataset(text, text, text, text, text, bigint, timestamptz),
  public.register_rows(text, text, uuid[]),
  public.has_erasures_since(text, text[], timestamptz),
  private.list_uncleaned_objects(), public.list_uncleaned_objects(),
  private.list_erased_lines(text, text), public.list_erased_lines(text, text),
  private.unregister_senders(text, text, jsonb), public.unregister_senders(text, text, jsonb)
to prompt_exporter;

-- service_role: the backend's secret key --------------------------------------------------------------
-- It bypasses row level security, so only these grants restrict it. It reads everything but the private
-- schema and user keys, records outcomes, appends corrections, erases users, and captures and exports in projects that
-- do not allow custom roles. It changes no captured column, no time stamp and no history.

grant usage on schema private to service_role;
grant select (intent, domain, description, retired_at, created_at)
  on public.intent_catalogue to service_role;
grant select (
  id, user_id, prompt, predicted_intent, confidence, scope, runner_up_intent, runner_up_confidence,
  secondary_intents, needs_review, source, model_version, conversation_id, message_index,
  text_key, within_daily_cap, has_review_reason, is_audited, audit_probability, is_disputed,
  was_successful, workflow_type, execution_error, outcome_recorded_at,
  corrected_intent, corrected_secondary_intents, correction_notes, corrected_by, corrected_at,
  created_at, updated_at, change_number
) on public.nlu_prompt_logs to service_role;
grant insert (
  id, user_id, prompt, predicted_intent, confidence, scope, runner_up_intent, runner_up_confidence,
  secondary_intents, needs_review, source, model_version, conversation_id, message_index
) on public.nlu_prompt_logs to service_role;
grant update (was_successful, workflow_type, execution_error)
  on public.nlu_prompt_logs to service_role;
grant select (
  id, log_id, text_key, from_intent, to_intent, to_secondary_intents, reviewer, notes, channel, corrected_at,
  deferred_at
) on public.correction_events to service_role;
grant insert (log_id, to_intent, to_secondary_intents, reviewer, notes, channel)
  on public.correction_events to service_role;
grant select (
  rank, text, corrected_intent, corrected_secondary_intents, reviewer, notes, predicted_intent,
  predicted_secondary_intents, runner_up_intent, runner_up_confidence, confidence, reasons, times_sent,
  user_count, days_waiting, waiting_since, decided_at, change_number, id, text_key
) on public.review_queue to service_role;
grant select (
  day, predicted_intent, model_version, source, outcome, confidence_band, scope_band, is_confident, is_out_of_scope,
  within_daily_cap, messages, deleted_messages
) on public.daily_counts to service_role;
grant select (
  text_key, text, intent, secondary_intents, times_sent, labelled_at, retained_at, change_number
) on public.labelled_texts to service_role;
grant select (id, bucket, key, log_ids, user_indexes, text_keys, exported_at)
  on public.exported_rows to service_role;

grant select (
  id, series, bucket, manifest, window_from, window_to, audits_complete_before, lines, exported_at
) on public.dataset_exports to service_role;
grant select on
  public.exportable_prompts, public.labelled_prompts, public.failed_workflows,
  public.intent_health, public.confidence_distribution, public.corrections_by_reviewer,
  public.reviewer_votes, public.disputed_texts, public.reviewer_agreement, public.completed_audits,
  public.live_accuracy, public.daily_totals
to service_role;
grant execute on function
  private.audits_complete_before(),
  private.anonymous_reviewers(),
  private.outcome_label(boolean),
  private.is_user_id(text),
  private.fold_name(text),
  private.compose_text(text, text),
  private.visible_text(text),
  private.reviewer_name(text),
  private.refuse_erased_reviewer(text),
  private.lock_log_ids(uuid[]),
  private.end_idle_transaction(),
  private.lock_edits_shared(),
  private.announce_one_row(boolean),
  private.lock_texts(bytea[]),
  private.latest_events(bytea),
  private.find_decision(bytea),
  private.find_recorded_captures(jsonb), public.find_recorded_captures(jsonb),
  private.defer_change(private.deferred_changes),
  private.apply_waiting_changes(uuid),
  public.record_outcome(uuid, boolean, text, text),
  public.record_correction(uuid, text, text, text, text, text[]),
  public.record_review(uuid, text, text, text, text, text[], text[], bigint),
  private.find_latest_correction(), public.find_latest_correction(),
  private.discard_deferred_changes(uuid[]), public.discard_deferred_changes(uuid[]),
  private.continue_erasure(uuid), public.continue_erasure(uuid),
  private.list_unfinished_erasures(), public.list_unfinished_erasures(),
  private.count_user_data(uuid), public.count_user_data(uuid),
  private.list_uncleaned_objects(), public.list_uncleaned_objects(),
  private.list_erased_lines(text, text), public.list_erased_lines(text, text),
  private.unregister_senders(text, text, jsonb), public.unregister_senders(text, text, jsonb),
  private.open_export(text, boolean, bigint), public.open_export(text, boolean, bigint),
  private.read_export(
    bigint, bigint, bytea, bigint, uuid, boolean, integer, text, timestamptz, timestamptz
  ),
  public.read_export(text, text, text, text, uuid, boolean, integer, text, timestamptz, timestamptz),
  private.read_erased_rows(bigint, bigint, bigint, uuid, integer),
  public.read_erased_rows(text, text, text, uuid, integer),
  private.read_audit_results(float8), public.read_audit_results(float8),
  private.record_dataset(text, text, text, bigint, bigint, bigint, timestamptz),
  public.record_dataset(text, text, text, text, text, bigint, timestamptz),
  private.register_rows(text, text, uuid[]), public.register_rows(text, text, uuid[]),
  private.has_erasures_since(text, text[], timestamptz),
  public.has_erasures_since(text, text[], timestamptz)
to service_role;

-- prompt_maintainer -----------------------------------------------------------------------------------
-- What its functions need, and no more.

grant select on public.intent_catalogue, private.settings, private.keys to prompt_maintainer;
grant select, delete on public.nlu_prompt_logs to prompt_maintainer;
grant update (
  was_successful, workflow_type, execution_error,
  corrected_intent, corrected_secondary_intents, correction_notes, corrected_by, has_review_reason,
  is_disputed, text_key
) on public.nlu_prompt_logs to prompt_maintainer;
grant select, delete on public.correction_events to prompt_maintainer;
grant insert (log_id, text_key, to_intent, to_secondary_intents, reviewer, notes, channel, deferred_at)
  on public.correction_events to prompt_maintainer;
grant update (reviewer, notes, text_key) on public.correction_events to prompt_maintainer;
grant select, insert, delete on public.review_queue to prompt_maintainer;
grant select on public.completed_audits to prompt_maintainer;
grant update (
  rank, corrected_intent, corrected_secondary_intents, reviewer, notes, reasons, times_sent, user_count,
  days_waiting, waiting_since, decided_at, change_number
) on public.review_queue to prompt_maintainer;
grant select, insert, delete, update (id) on private.deferred_changes to prompt_maintainer;
grant select, delete, update (log_id) on private.incomplete_captures to prompt_maintainer;
grant insert (log_id, text_key, shows_copies) on private.incomplete_captures to prompt_maintainer;
grant select, delete on private.dropped_captures to prompt_maintainer;
grant insert (log_id) on private.dropped_captures to prompt_maintainer;
grant select, insert, delete on public.labelled_texts to prompt_maintainer;
grant update (intent, secondary_intents, times_sent, user_keys, labelled_at, retained_at, change_number)
  on public.labelled_texts to prompt_maintainer;
grant select on private.tombstones to prompt_maintainer;
grant insert (user_key, unfinished_user_id) on private.tombstones to prompt_maintainer;
grant update (erased_at, unfinished_user_id, exports_are_known, exports_are_clean, step_rows)
  on private.tombstones to prompt_maintainer;
grant select, delete on public.exported_rows to prompt_maintainer;
grant insert (bucket, key, log_ids) on public.exported_rows to prompt_maintainer;
grant update (log_ids, user_keys, user_indexes, text_keys, exported_at)
  on public.exported_rows to prompt_maintainer;
grant select, delete on public.dataset_exports to prompt_maintainer;
grant insert (series, bucket, manifest, window_from, window_to, audits_complete_before, lines)
  on public.dataset_exports to prompt_maintainer;
grant select, delete on private.erased_rows to prompt_maintainer;
grant insert (log_id, text_key, change_number) on private.erased_rows to prompt_maintainer;
grant select, usage on sequence private.change_numbers to prompt_maintainer;
grant usage on sequence public.correction_events_id_seq to prompt_maintainer;
grant execute on function
  private.lock_person(uuid),
  private.try_lock_person_shared(uuid),
  private.lock_log_ids(uuid[]),
  private.try_lock_log_id(uuid),
  private.try_lock_log_id_shared(uuid),
  private.lock_edits(),
  private.lock_edits_shared(),
  private.try_lock_edits_shared(),
  private.lock_texts(bytea[]),
  private.try_lock_texts(bytea[]),
  private.lock_new_queue_item(bytea),
  private.try_lock_new_queue_item(bytea),
  private.try_lock_new_queue_item_shared(bytea),
  private.lock_export_registry(),
  private.lock_export_registry_shared(),
  private.try_lock_figures(uuid, text),
  private.peek_change_number(),
  private.next_change_number(),
  private.complete_change_numbers(),
  private.lock_sender(uuid),
  private.compose_text(text, text),
  private.visible_text(text),
  private.normalise_text(text),
  private.text_key(text),
  private.user_key(uuid),
  private.next_batch_rows(integer, interval),
  private.is_active_intent(text),
  private.find_intent(text),
  private.max_secondary_intents(),
  private.validate_secondary_intents(text[], text, text[]),
  private.anonymous_reviewers(),
  private.is_marked_as_deleted(uuid),
  private.is_former_user(text),
  private.is_user_id(text),
  private.fold_name(text),
  private.reviewer_name(text),
  private.is_reserved_reviewer(text),
  private.latest_events(bytea),
  private.find_decision(bytea),
  private.is_disputed(bytea, text),
  private.max_corrections_of_a_text(),
  private.max_copies_shown(),
  private.next_copies(bytea, uuid),
  private.show_correction(public.correction_events, boolean, uuid[]),
  private.show_on_next_copies(public.correction_events, boolean, uuid),
  private.let_copies_show_later(boolean),
  private.apply_decision(bytea),
  private.end_idle_transaction(),
  private.review_reasons(public.nlu_prompt_logs[]),
  private.review_rank(text[], double precision, double precision, integer),
  private.rank_when_decided(),
  private.array_union(text[], text[]),
  private.intent_names(jsonb),
  private.as_probability(jsonb),
  private.max_copies_read(),
  private.max_copies_counted(),
  private.count_copies(bytea, integer),
  private.oldest_copy(bytea),
  private.limit_copies(bytea[]),
  private.refreshed_count(integer, integer, integer),
  private.add_queue_item(public.nlu_prompt_logs, text[]),
  private.try_queue_logs(public.nlu_prompt_logs[], boolean),
  private.try_lock_queue_item(bytea),
  private.try_lock_items(bytea[]),
  private.refresh_queue_item(bytea, uuid[]),
  private.update_queue_item(public.correction_events, boolean),
  private.copy_to_correct(bytea, text[]),
  private.clear_notes(uuid[]),
  private.delete_orphans(bytea[]),
  private.limit_corrected_texts(bytea[]),
  private.limit_corrections(uuid[]),
  private.may_arrive(uuid),
  private.max_deferred_changes(),
  private.max_deferred_corrections(),
  private.apply_deferred_changes(uuid),
  private.try_apply_deferred_changes(public.nlu_prompt_logs),
  private.outcome_label(boolean),
  private.refuse_lost_sequence(),
  private.move_text(bytea, bytea)
to prompt_maintainer;

-- postgres: the schedule and the dashboard ------------------------------------------------------------
-- It may call these functions, which belong to the maintainer.

grant execute on function
  private.delete_expired_rows(),
  private.delete_expired_texts(),
  private.delete_expired_changes(),
  private.delete_expired_exports(),
  private.refresh_queue_items(bytea),
  private.add_missing_queue_items(),
  private.fill_queue(),
  private.audits_complete_before(),
  private.complete_captures(),
  private.count_user_data(uuid),
  private.continue_erasure(uuid),
  private.erase_user(uuid),
  private.pseudonymise_reviewer(text),
  private.rebuild_text_keys(bytea, integer)
to postgres;

-- The registry of models ------------------------------------------------------------------------------
-- No role of the API reaches its tables: model_registrar calls the functions, prompt_writer learns what serves.

revoke all on public.models, public.model_events, public.model_states, private.champion
from public, anon, authenticated, service_role, prompt_writer, prompt_exporter, model_registrar, prompt_maintainer;
revoke all on sequence public.model_events_id_seq
from public, anon, authenticated, service_role, prompt_writer, prompt_exporter, model_registrar, prompt_maintainer;
revoke all on function
  private.pseudonym(text),
  private.longest(text[]),
  private.lock_model_registry(),
  private.lock_names(),
  private.refuse_registry_changes(),
  private.champion_event(timestamptz),
  private.show_model_event(public.model_events),
  private.serving_event(timestamptz),
  private.serving_model(),
  private.record_champion(),
  private.report_serving_model(),
  private.catalogue_version(),
  private.begin_registry_change(text),
  private.next_event_time(),
  private.append_model_event(text, text, text, text, jsonb, text, bigint),
  private.is_quarantined(text),
  private.refuse_unknown_model(text),
  private.registry_page_size(),
  private.list_models(text, text),
  private.list_model_events(text, bigint),
  private.read_model(jsonb),
  private.register_model(jsonb, text, text, jsonb),
  private.promote_model(text, text, text, jsonb, boolean),
  private.undo_promotion(text, text, jsonb),
  private.roll_back_model(text, text, jsonb, text),
  private.quarantine_model(text, text, text, jsonb),
  private.replace_operator(text),
  private.pseudonymise_operator(text),
  private.pseudonymise_erased_operator(),
  public.serving_model(),
  public.serving_event(timestamptz),
  public.list_models(text, text),
  public.list_model_events(text, bigint),
  public.register_model(jsonb, text, text, jsonb),
  public.promote_model(text, text, text, jsonb, boolean),
  public.roll_back_model(text, text, jsonb, text),
  public.quarantine_model(text, text, text, jsonb)
from public, anon, authenticated, service_role, prompt_writer, prompt_exporter, model_registrar;

-- Where a project has no signing key, service_role captures.
grant execute on function private.serving_model(), public.serving_model() to prompt_writer, service_role;

grant usage on schema public, private to model_registrar;
grant execute on function
  private.serving_model(), public.serving_model(),
  private.serving_event(timestamptz), public.serving_event(timestamptz),
  private.list_models(text, text), public.list_models(text, text),
  private.list_model_events(text, bigint), public.list_model_events(text, bigint),
  private.register_model(jsonb, text, text, jsonb), public.register_model(jsonb, text, text, jsonb),
  private.promote_model(text, text, text, jsonb, boolean), public.promote_model(text, text, text, jsonb, boolean),
  private.roll_back_model(text, text, jsonb, text), public.roll_back_model(text, text, jsonb, text),
  private.quarantine_model(text, text, text, jsonb), public.quarantine_model(text, text, text, jsonb)
to model_registrar;

grant select, insert on public.models, public.model_events to prompt_maintainer;
grant update (registered_by) on public.models to prompt_maintainer;
grant update (actor) on public.model_events to prompt_maintainer;
grant select, update (address, header) on private.champion to prompt_maintainer;
grant select on public.model_states to prompt_maintainer;
grant execute on function
  private.lock_model_registry(), private.lock_names(), private.pseudonym(text), private.longest(text[])
to prompt_maintainer;

grant execute on function private.pseudonymise_operator(text) to postgres;

-- Comparisons of models -------------------------------------------------------------------------------
-- model_registrar calls the functions: it reads texts without their senders, and reaches no table. The exporter reads
-- which texts no dataset may hold. Reviewers edit the pool in the dashboard.

revoke all on
  public.model_disagreements, private.disagreement_draws, private.retraining_runs, private.queue_scores
from public, anon, authenticated, service_role, prompt_writer, prompt_exporter, model_registrar, prompt_maintainer;
revoke all on sequence public.model_disagreements_id_seq
from public, anon, authenticated, service_role, prompt_writer, prompt_exporter, model_registrar, prompt_maintainer;
revoke all on function
  private.current_rank(public.review_queue, integer),
  private.random_rank(bigint),
  private.update_disagreement(public.correction_events, boolean),
  private.append_blind_edit(),
  private.refuse_pool_changes(),
  private.refuse_seen_decision(),
  private.clean_up_retained_texts(),
  private.read_captured_texts(timestamptz, bytea, bytea, integer),
  private.draw_disagreements(text, text, double precision, jsonb),
  private.queue_blind(bytea),
  private.read_draw_progress(text, text),
  private.read_disagreement_texts(bigint, integer),
  private.show_support(bytea, text, text),
  private.read_decided_disagreements(bigint, integer, text),
  private.read_decided_texts(bytea[], text),
  private.count_new_labels(timestamptz),
  private.count_looks(text),
  private.record_verdict(text, text, text, integer, text, text, jsonb),
  private.schedule_actor(),
  private.find_supporting_verdict(text),
  private.justify_promotion(text, text, boolean),
  private.show_run(private.retraining_runs),
  private.claim_retraining(text, integer),
  private.refuse_lost_claim(),
  private.save_retraining_progress(uuid, jsonb, integer),
  private.finish_retraining(uuid, text),
  private.latest_retraining(),
  private.read_waiting_texts(integer, bigint, integer),
  private.record_queue_scores(text, jsonb),
  public.read_captured_texts(integer, text, text, integer),
  public.draw_disagreements(text, text, double precision, jsonb),
  public.read_draw_progress(text, text),
  public.read_disagreement_texts(bigint, integer),
  public.read_decided_disagreements(bigint, integer, text),
  public.read_decided_texts(text[], text),
  public.count_new_labels(timestamptz),
  public.record_verdict(text, text, text, integer, text, text, jsonb),
  public.claim_retraining(text, integer),
  public.save_retraining_progress(uuid, jsonb, integer),
  public.finish_retraining(uuid, text),
  public.latest_retraining(),
  public.read_waiting_texts(integer, bigint, integer),
  public.record_queue_scores(text, jsonb)
from public, anon, authenticated, service_role, prompt_writer, prompt_exporter, model_registrar;

grant execute on function
  private.read_captured_texts(timestamptz, bytea, bytea, integer),
  public.read_captured_texts(integer, text, text, integer),
  private.draw_disagreements(text, text, double precision, jsonb),
  public.draw_disagreements(text, text, double precision, jsonb),
  private.read_draw_progress(text, text), public.read_draw_progress(text, text),
  private.read_decided_disagreements(bigint, integer, text), public.read_decided_disagreements(bigint, integer, text),
  private.read_decided_texts(bytea[], text), public.read_decided_texts(text[], text),
  private.count_new_labels(timestamptz), public.count_new_labels(timestamptz),
  private.record_verdict(text, text, text, integer, text, text, jsonb),
  public.record_verdict(text, text, text, integer, text, text, jsonb),
  private.claim_retraining(text, integer), public.claim_retraining(text, integer),
  private.save_retraining_progress(uuid, jsonb, integer), public.save_retraining_progress(uuid, jsonb, integer),
  private.finish_retraining(uuid, text), public.finish_retraining(uuid, text),
  private.latest_retraining(), public.latest_retraining(),
  private.read_waiting_texts(integer, bigint, integer), public.read_waiting_texts(integer, bigint, integer),
  private.record_queue_scores(text, jsonb), public.record_queue_scores(text, jsonb)
to model_registrar;
grant execute on function
  private.read_disagreement_texts(bigint, integer), public.read_disagreement_texts(bigint, integer)
to prompt_exporter, service_role;

grant select, insert, delete on public.model_disagreements to prompt_maintainer;
grant update (
  rank, text, corrected_intent, corrected_secondary_intents, reviewer, notes, decided_at, text_key
) on public.model_disagreements to prompt_maintainer;
grant select, insert on private.disagreement_draws to prompt_maintainer;
grant select on private.retraining_runs to prompt_maintainer;
grant insert (tick, expires_at), update (claim, expires_at, progress, finished_at, outcome)
  on private.retraining_runs to prompt_maintainer;
grant select on private.queue_scores to prompt_maintainer;
grant insert (text_key, version, confidence, margin), update (version, confidence, margin, scored_at)
  on private.queue_scores to prompt_maintainer;
grant execute on function
  private.current_rank(public.review_queue, integer),
  private.random_rank(bigint),
  private.update_disagreement(public.correction_events, boolean),
  private.queue_blind(bytea),
  private.schedule_actor(),
  private.find_supporting_verdict(text),
  private.justify_promotion(text, text, boolean)
to prompt_maintainer;

-- The console ------------------------------------------------------------------------------------------
-- Signed-in users call these functions, which look up what the account may do. They reach no table of it.

revoke all on private.review_skips, private.near_duplicate_labels
from public, anon, authenticated, service_role, prompt_writer, prompt_exporter, model_registrar, prompt_maintainer;
revoke all on function
  private.console_caller(),
  private.require_console_role(text[]),
  private.is_console_request(),
  private.refuse_more_figures(text),
  private.show_votes(bytea, text),
  private.show_context(uuid),
  private.show_item(public.review_queue, text),
  private.latest_event(bytea),
  private.is_blind(public.review_queue),
  private.show_blind_item(public.review_queue),
  private.list_blind_items(text, integer, bigint, integer),
  private.waiting_items(text, integer, bigint, text, integer),
  private.show_in_pool(public.correction_events),
  private.near_duplicate_keys(text),
  private.sample_keys(bigint[], integer),
  private.queue_sample(bigint),
  private.max_near_duplicates(),
  private.is_offered(timestamptz, integer, text[]),
  private.own_decision_reasons(),
  private.show_near_duplicates(public.review_queue),
  private.stands(public.correction_events),
  private.near_duplicate_label(bytea),
  private.label_near_duplicates(public.review_queue, bigint, bigint[]),
  private.end_near_duplicate_labels(bytea[]),
  private.own_event(bytea, text, bigint),
  private.wants_second_opinion(bytea),
  private.second_opinions(text),
  private.list_console_items(integer, bigint, text, integer),
  private.lock_console_item(bigint, text, bigint[]),
  private.append_console_event(public.review_queue, text, text, text[], text),
  private.decide_console_item(bigint, bigint, text, text[], text, boolean, bigint[]),
  private.undo_console_decision(bigint, bigint),
  private.skip_console_item(bigint, text),
  private.read_console_progress(),
  private.read_console_accuracy(),
  private.read_console_models(),
  private.read_console_verdict(bigint),
  private.read_console_role(),
  public.console_role(),
  public.console_items(integer, bigint, text, integer),
  public.console_decide(bigint, bigint, text, text[], text, boolean, bigint[]),
  public.console_undo(bigint, bigint),
  public.console_skip(bigint, text),
  public.console_progress(),
  public.console_accuracy(),
  public.console_models(),
  public.console_verdict(bigint)
from public, anon, authenticated, service_role, prompt_writer, prompt_exporter, model_registrar;

grant execute on function
  private.read_console_role(), public.console_role(),
  private.list_console_items(integer, bigint, text, integer),
  public.console_items(integer, bigint, text, integer),
  private.decide_console_item(bigint, bigint, text, text[], text, boolean, bigint[]),
  public.console_decide(bigint, bigint, text, text[], text, boolean, bigint[]),
  private.undo_console_decision(bigint, bigint), public.console_undo(bigint, bigint),
  private.skip_console_item(bigint, text), public.console_skip(bigint, text),
  private.read_console_progress(), public.console_progress(),
  private.read_console_accuracy(), public.console_accuracy(),
  private.read_console_models(), public.console_models(),
  private.read_console_verdict(bigint), public.console_verdict(bigint)
to authenticated;

grant select, delete on private.review_skips to prompt_maintainer;
grant insert (reviewer, text_key, reason), update (reason, skipped_at)
  on private.review_skips to prompt_maintainer;
grant select on private.near_duplicate_labels to prompt_maintainer;
grant insert (text_key, event), update (ended_at) on private.near_duplicate_labels to prompt_maintainer;
grant select on public.live_accuracy to prompt_maintainer;
grant execute on function
  private.near_duplicate_keys(text), private.sample_keys(bigint[], integer), private.queue_sample(bigint),
  private.is_offered(timestamptz, integer, text[]), private.own_decision_reasons(),
  private.console_caller(), private.require_console_role(text[]), private.is_console_request(),
  private.refuse_more_figures(text)
to prompt_maintainer;

-- Health and alerts -----------------------------------------------------------------------------------
-- No role of the API reaches the alerts. prompt_monitor calls the functions; where a project has no signing key,
-- service_role does. Signed-in users with a role of the console see figures and alerts: the functions look it up.

revoke all on
  public.daily_audits, public.daily_backlogs, public.alerts, private.changed_days, private.monitoring,
  private.deployments
from public, anon, authenticated, service_role, prompt_writer, prompt_exporter, model_registrar, prompt_monitor,
  prompt_maintainer;
revoke all on sequence public.alerts_id_seq, private.changed_days_id_seq, private.deployments_id_seq
from public, anon, authenticated, service_role, prompt_writer, prompt_exporter, model_registrar, prompt_monitor,
  prompt_maintainer;
revoke all on function
  private.band(double precision),
  private.mark_days_of_deleted_rows(),
  private.mark_relabelled_text(),
  private.mark_days_of_all_rows(),
  private.keep_counts(uuid[]),
  private.count_day(date),
  private.count_backlog(),
  private.begin_pass(bigint),
  private.count_changed_day(),
  private.list_marks(timestamptz),
  private.list_retained(),
  private.list_tasks(),
  private.refuse_strangers(),
  private.health(integer),
  private.read_monitoring(integer),
  private.lock_alerts(bigint[]),
  private.record_alerts(jsonb, text[], jsonb),
  private.mark_alerts_as_sent(bigint[]),
  private.show_alert(public.alerts),
  private.list_alerts(boolean, integer),
  private.alert_operator(text),
  private.find_open_alert(bigint),
  private.acknowledge_alert(bigint, text),
  private.mute_alert(bigint, timestamptz, text),
  private.replace_alert_operator(text),
  private.pseudonymise_alert_operator(text),
  private.pseudonymise_erased_alert_operator(),
  public.health(integer),
  public.read_monitoring(integer),
  public.record_alerts(jsonb, text[], jsonb),
  public.mark_alerts_as_sent(bigint[]),
  public.list_alerts(boolean, integer),
  public.acknowledge_alert(bigint, text),
  public.mute_alert(bigint, timestamptz, text)
from public, anon, authenticated, service_role, prompt_writer, prompt_exporter, model_registrar, prompt_monitor;

grant usage on schema public, private to prompt_monitor;
grant execute on function
  private.health(integer), public.health(integer),
  private.list_alerts(boolean, integer), public.list_alerts(boolean, integer),
  private.acknowledge_alert(bigint, text), public.acknowledge_alert(bigint, text),
  private.mute_alert(bigint, timestamptz, text), public.mute_alert(bigint, timestamptz, text)
to prompt_monitor, service_role, authenticated;
grant execute on function
  private.read_monitoring(integer), public.read_monitoring(integer),
  private.record_alerts(jsonb, text[], jsonb), public.record_alerts(jsonb, text[], jsonb),
  private.mark_alerts_as_sent(bigint[]), public.mark_alerts_as_sent(bigint[])
to prompt_monitor, service_role;

grant select (
  day, model_version, source, predicted_intent, label, confidence_band, audit_probability, messages, deleted_messages
) on public.daily_audits to service_role;
grant select (day, waiting, audits_waiting, oldest_waiting_since) on public.daily_backlogs to service_role;
grant select, insert, delete, update (messages, deleted_messages)
  on public.daily_counts, public.daily_audits to prompt_maintainer;
grant select, insert, update (waiting, audits_waiting, oldest_waiting_since)
  on public.daily_backlogs to prompt_maintainer;
grant select, insert, delete on private.changed_days to prompt_maintainer;
grant select, update (
  counted_to, pass_began_at, pass_ends_at, counted_at, evaluated_at, retained_at, retention_step_rows,
  spooled_since
) on private.monitoring to prompt_maintainer;
grant select, insert on private.deployments to prompt_maintainer;
grant select on public.live_accuracy to prompt_maintainer;
grant select, insert, update (
  last_seen_at, summary, evidence, notified_at, acknowledged_at, acknowledged_by, muted_until, muted_by, resolved_at
) on public.alerts to prompt_maintainer;
grant execute on function private.band(double precision) to prompt_maintainer;
-- For `prompt-capture doctor`.
grant execute on function private.list_retained() to postgres;

grant execute on function
  private.count_changed_day(), private.pseudonymise_alert_operator(text)
to postgres;

-- The split -------------------------------------------------------------------------------------------
-- No role of the API reaches its tables: model_registrar calls the functions, and captures record the arms.

revoke all on private.split, private.split_messages
from public, anon, authenticated, service_role, prompt_writer, prompt_exporter, model_registrar, prompt_maintainer;
revoke all on function
  private.model_address(text),
  private.record_serving(),
  private.split_hash(uuid, bytea),
  private.split_arm(uuid, bytea, double precision),
  private.compose_serving(),
  private.append_split_stopped(text, text, jsonb),
  private.end_split(),
  private.split_model(text, double precision, text, text, jsonb),
  private.stop_split(text, text, jsonb, bigint),
  private.read_split(),
  private.record_arms(),
  private.record_outcome_of_arm(),
  public.split_model(text, double precision, text, text, jsonb),
  public.stop_split(text, text, jsonb, bigint),
  public.read_split()
from public, anon, authenticated, service_role, prompt_writer, prompt_exporter, model_registrar;
grant execute on function
  private.split_model(text, double precision, text, text, jsonb),
  public.split_model(text, double precision, text, text, jsonb),
  private.stop_split(text, text, jsonb, bigint), public.stop_split(text, text, jsonb, bigint),
  private.read_split(), public.read_split()
to model_registrar;
grant select, insert, delete, update (share) on private.split to prompt_maintainer;
grant select, insert, update (was_successful) on private.split_messages to prompt_maintainer;

-- Nobody can become prompt_maintainer or inherit from it, and it creates nothing.
revoke create on schema private from prompt_maintainer;
revoke prompt_maintainer from postgres;

-- PostgREST reads the roles' settings and the schema again.
notify pgrst, 'reload config';
notify pgrst, 'reload schema';
