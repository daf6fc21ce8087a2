-- The audit: a uniform random sample of all messages within the daily caps, drawn at capture.
--
-- Reviewers decide part of the queue, and the part that they choose says nothing about the rest. The audit says
-- something about all messages, but only as far as it is complete: whoever stops in the middle of the queue has
-- decided the audits that came first, not those that were easy.

set role prompt_maintainer;

-- The cut-off of the audit: the latest time before which every audited message is decided, except for those that
-- cannot be: reviewers disagree about the text, or passed it over (it has waited for `audit_wait_days`, and they
-- decided an audited text after it was captured). These are at most a tenth of the texts: one text that is often sent
-- does not switch off the figures. Null: no audit is complete.
create function private.audits_complete_before() returns timestamptz
language sql stable
security definer
set search_path = ''
as $$
  with audited as (
    select logs.id, logs.created_at, queue.decided_at, queue.decided_at is not null as is_decided,
      coalesce('disagreement' = any (queue.reasons), false) as is_disputed,
      row_number() over (partition by logs.text_key order by logs.created_at, logs.id) = 1 as is_first_copy
    from public.nlu_prompt_logs logs left join public.review_queue queue using (text_key)
    where logs.is_audited
  ), numbered as (
    select audited.*,
      not is_decided and (is_disputed or (
        created_at < now() - make_interval(days => audit_wait_days)
        and created_at < max(decided_at) over ()
      )) as cannot_be_decided
    from audited, private.settings
  ), prefixes as (
    select lead(created_at, 1, now()) over by_time as ends_at,
      count(*) filter (where is_first_copy) over by_time as texts,
      count(*) filter (where is_first_copy and not is_decided) over by_time as undecided,
      bool_or(not is_decided and not cannot_be_decided) over by_time as is_incomplete
    from numbered
    window by_time as (order by created_at, id rows unbounded preceding)
  )
  select max(ends_at) from prefixes where not is_incomplete and undecided <= 0.1 * texts
$$;

set role postgres;

-- Every audited message before the cut-off, with the correctness of its prediction, or null where it cannot be
-- decided. The label is that of the text, whichever copy the reviewer saw.
create view public.completed_audits with (security_invoker = on) as
select logs.id, logs.created_at, logs.model_version, logs.predicted_intent, logs.confidence, logs.scope,
  logs.source, logs.was_successful, logs.audit_probability, logs.text_key,
  texts.corrected_intent = logs.predicted_intent as is_correct
from public.nlu_prompt_logs logs
left join public.review_queue texts using (text_key)
where logs.is_audited and logs.created_at < (select private.audits_complete_before());
comment on view public.completed_audits is
  'The audited messages before the cut-off of the audit: a fair sample of all messages. is_correct is null for the few that cannot be decided.';
