-- A new version of the normal form (02) gives some texts another key. Rows, corrections, queue items and retained
-- texts then move to it, and texts that have become one are merged: docs/how-to/operate.md says how to run it.
--
-- Exported objects name their lines by the key of that time, and so do the records about them (exported_rows,
-- erased_rows): an erasure finds the lines by it. These keep the old keys.

-- Moves everything of a text whose key is another one now. If the new key has a text already, both are one from
-- now on: their counts and reasons are added up, and the votes of all reviewers decide its label. The caller
-- holds the lock of edits.
create function private.move_text(old_key bytea, new_key bytea) returns void
language plpgsql
set search_path = ''
as $$
declare
  is_merged boolean;
begin
  perform private.lock_new_queue_item(new_key);
  is_merged := exists (select from public.nlu_prompt_logs where text_key = new_key)
    or exists (select from public.labelled_texts where text_key = new_key);

  update public.nlu_prompt_logs set text_key = new_key
  where text_key = old_key and private.text_key(prompt) = new_key;

  insert into public.labelled_texts as retained
    (text_key, text, intent, secondary_intents, times_sent, user_keys, labelled_at, retained_at)
  select new_key, private.normalise_text(text), intent, secondary_intents, times_sent, user_keys, labelled_at, retained_at
  from public.labelled_texts
  where text_key = old_key and private.text_key(text) = new_key
  on conflict (text_key) do update
  set times_sent = retained.times_sent + excluded.times_sent,
    user_keys = (
      select array_agg(distinct user_key)
      from unnest(retained.user_keys || excluded.user_keys) as user_key
    ),
    labelled_at = greatest(retained.labelled_at, excluded.labelled_at),
    retained_at = greatest(retained.retained_at, excluded.retained_at);
  delete from public.labelled_texts where text_key = old_key and private.text_key(text) = new_key;

  update public.correction_events events set text_key = new_key
  where text_key = old_key and not exists (
    select from public.nlu_prompt_logs logs where logs.id = events.log_id and logs.text_key <> new_key
  );

  insert into public.review_queue as queue (
    rank, text, corrected_intent, corrected_secondary_intents, reviewer, notes, predicted_intent,
    predicted_secondary_intents, runner_up_intent, runner_up_confidence, confidence, reasons, times_sent,
    user_count, days_waiting, waiting_since, decided_at, change_number, text_key
  )
  select rank, private.normalise_text(text), corrected_intent, corrected_secondary_intents, reviewer, notes,
    predicted_intent, predicted_secondary_intents, runner_up_intent, runner_up_confidence, confidence,
    reasons, times_sent, user_count, days_waiting, waiting_since, decided_at, change_number, new_key
  from public.review_queue where text_key = old_key
  on conflict (text_key) do update
  set reasons = private.array_union(queue.reasons, excluded.reasons);

  insert into private.near_duplicate_labels (text_key, event)
  select new_key, event from private.near_duplicate_labels
  where text_key = old_key and ended_at is null and private.text_key(
    (select text from public.review_queue where review_queue.text_key = old_key)
  ) = new_key
  on conflict do nothing;

  update public.model_disagreements set text_key = new_key, text = private.normalise_text(text)
  where text_key = old_key and private.text_key(text) = new_key
    and not exists (select from public.model_disagreements where text_key = new_key);
  update public.review_queue set reasons = array_remove(reasons, 'model_disagreement')
  where text_key = new_key and 'model_disagreement' = any (reasons)
    and not exists (select from public.model_disagreements where text_key = new_key);

  if is_merged then
    if exists (select from public.correction_events where text_key = new_key) then
      perform private.apply_decision(new_key);
      -- A disputed text is retained only with rows, whose queue item says so.
      delete from public.labelled_texts retained
      where text_key = new_key and private.is_disputed(new_key, (private.find_decision(new_key)).to_intent)
        and not exists (select from public.nlu_prompt_logs where text_key = new_key);
    end if;
  end if;
  perform private.delete_orphans(array[old_key, new_key]);
  perform private.refresh_queue_item(new_key);

  -- Consumers of a dataset remove the line with the old key, as that of an erased row.
  insert into private.erased_rows (log_id, text_key, change_number)
  values (encode(old_key, 'hex')::uuid, old_key, private.next_change_number());
end
$$;

set role prompt_maintainer;

-- Examines the next texts after a key, and moves those whose key is another one now. Returns the last key that it
-- examined, or null at the end. It may be interrupted and started again at any key: what was moved stays.
create function private.rebuild_text_keys(after_key bytea default '', max_texts integer default 200)
returns bytea
language plpgsql
security definer
set search_path = ''
as $$
declare
  examined bytea[];
  moved record;
begin
  perform private.lock_edits();
  select array_agg(text_key order by text_key) into examined from (
    (select distinct text_key from public.nlu_prompt_logs
     where text_key > after_key order by text_key limit max_texts)
    union
    (select text_key from public.labelled_texts
     where text_key > after_key order by text_key limit max_texts)
    order by text_key limit max_texts
  ) as known;
  for moved in
    select distinct text_key as old_key, private.text_key(text) as new_key from (
      select text_key, prompt as text from public.nlu_prompt_logs where text_key = any (examined)
      union
      select text_key, text from public.labelled_texts where text_key = any (examined)
    ) as texts
    where private.text_key(text) <> text_key
    order by old_key, new_key
  loop
    perform private.move_text(moved.old_key, moved.new_key);
  end loop;
  return examined[cardinality(examined)];
end
$$;

set role postgres;
