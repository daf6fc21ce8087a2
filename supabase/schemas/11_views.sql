-- Views for the weekly review and for exports.
--
-- Each view reads with the rights of the caller (`security_invoker`). The backend's grants on the tables
-- cover what it reads. Users get none: views of their own rows alone would show meaningless figures.

-- No user, conversation, outcome, reviewer or note; no row beyond its user's daily cap; no disputed text.
-- The label is that of the text.
create view public.exportable_prompts with (security_invoker = on) as
select logs.id, logs.prompt, logs.predicted_intent, logs.confidence, logs.source,
  logs.model_version, texts.corrected_intent, logs.created_at,
  case when texts.corrected_intent is not null then texts.corrected_secondary_intents end
    as corrected_secondary_intents
from public.nlu_prompt_logs logs
left join lateral (
  -- `limit` makes the planner look up one item per row instead of joining the whole queue.
  select corrected_intent, corrected_secondary_intents, reasons from public.review_queue
  where review_queue.text_key = logs.text_key limit 1
) as texts on true
where logs.within_daily_cap and ('disagreement' = any (texts.reasons)) is not true;
comment on view public.exportable_prompts is 'Captured rows that a dataset may hold.';

-- Reviewers label a text on one of its rows; here every row has the label.
create view public.labelled_prompts with (security_invoker = on) as
select logs.id, logs.created_at, logs.prompt, logs.predicted_intent, logs.confidence, logs.scope,
  logs.source, logs.model_version, logs.within_daily_cap, logs.sampling_probability,
  logs.was_successful, logs.workflow_type, logs.execution_error, logs.outcome_recorded_at,
  texts.corrected_intent, ('disagreement' = any (texts.reasons)) is true as is_disputed,
  -- Of a text that waits, a reviewer may have typed them before the intent.
  case when texts.corrected_intent is not null then texts.corrected_secondary_intents end
    as corrected_secondary_intents
from public.nlu_prompt_logs logs
left join public.review_queue texts on texts.text_key = logs.text_key;
comment on view public.labelled_prompts is 'Captured rows with the labels of their texts.';

create view public.failed_workflows with (security_invoker = on) as
select id, created_at, prompt, predicted_intent, confidence, corrected_intent, workflow_type,
  execution_error, outcome_recorded_at
from public.labelled_prompts
where was_successful is false
order by created_at desc, id desc;
comment on view public.failed_workflows is 'Messages whose workflow failed, latest first.';

create view public.intent_health with (security_invoker = on) as
select predicted_intent, model_version,
  count(*) as messages,
  round(avg(confidence)::numeric, 3) as mean_confidence,
  count(*) filter (where was_successful is false) as failed,
  count(*) filter (where corrected_intent is not null) as reviewed,
  count(*) filter (where corrected_intent <> predicted_intent) as changed,
  round(
    count(*) filter (where corrected_intent = predicted_intent)::numeric
    / nullif(count(*) filter (where corrected_intent is not null), 0), 3
  ) as reviewed_accuracy
from public.labelled_prompts
where created_at > now() - interval '30 days'
group by predicted_intent, model_version
order by messages desc, predicted_intent;
comment on view public.intent_health is
  'Failures and corrections per predicted intent in the last 30 days. Reviewed messages are not a random sample: for accuracy, see public.live_accuracy.';

create view public.confidence_distribution with (security_invoker = on) as
select model_version, source,
  least(floor(confidence * 10), 9) / 10 as confidence_bin,
  count(*) as messages,
  count(*) filter (where corrected_intent is not null) as reviewed,
  count(*) filter (where corrected_intent = predicted_intent) as confirmed
from public.labelled_prompts
where created_at > now() - interval '30 days'
group by 1, 2, 3
order by 1, 2, 3;
comment on view public.confidence_distribution is
  'Messages by confidence in tenths in the last 30 days, and how often reviewers confirmed the prediction.';

create view public.corrections_by_reviewer with (security_invoker = on) as
select reviewer, channel,
  count(*) as corrections,
  count(*) filter (where to_intent = from_intent) as confirmed,
  count(*) filter (where to_intent <> from_intent) as changed,
  count(*) filter (where to_intent is null) as retracted,
  min(corrected_at) as first_at,
  max(corrected_at) as last_at
from public.correction_events
group by reviewer, channel
order by corrections desc, reviewer, channel;
comment on view public.corrections_by_reviewer is 'How much each reviewer corrected, by channel.';

-- The latest event of each named reviewer on each text. `Grace` and `grace` are one reviewer.
create view public.reviewer_votes with (security_invoker = on) as
select * from (
  select distinct on (text_key, lower(reviewer)) text_key, lower(reviewer) as reviewer,
    to_intent as intent, corrected_at
  from public.correction_events
  where reviewer <> all (private.anonymous_reviewers())
  order by text_key, lower(reviewer), id desc
) as latest
where intent is not null;
comment on view public.reviewer_votes is 'The current vote of each named reviewer on each text.';

create view public.disputed_texts with (security_invoker = on) as
select queue.text, queue.times_sent, queue.user_count, queue.predicted_intent,
  (
    select jsonb_object_agg(votes.reviewer, votes.to_intent)
    from (
      select distinct on (reviewer) reviewer, to_intent
      from public.correction_events events
      where events.text_key = queue.text_key
      order by reviewer, events.id desc
    ) as votes
  ) as latest_intents,
  queue.waiting_since
from public.review_queue queue
where 'disagreement' = any (queue.reasons)
order by queue.waiting_since;
comment on view public.disputed_texts is 'Texts about which reviewers disagree, with the latest intent that each name gave.';

-- Cohen's kappa (Cohen 1960) of each two reviewers, over the texts that both judged.
create view public.reviewer_agreement with (security_invoker = on) as
with pairs as (
  select one.reviewer as reviewer_a, other.reviewer as reviewer_b,
    one.intent as intent_a, other.intent as intent_b
  from public.reviewer_votes one
  join public.reviewer_votes other
    on other.text_key = one.text_key and other.reviewer > one.reviewer
), observed as (
  select reviewer_a, reviewer_b, count(*)::numeric as texts,
    avg((intent_a = intent_b)::integer) as agreed
  from pairs group by 1, 2
), shares_a as (
  select reviewer_a, reviewer_b, intent_a as intent, count(*)::numeric as n
  from pairs group by 1, 2, 3
), shares_b as (
  select reviewer_a, reviewer_b, intent_b as intent, count(*)::numeric as n
  from pairs group by 1, 2, 3
), expected as (
  select observed.reviewer_a, observed.reviewer_b,
    coalesce(sum(shares_a.n * shares_b.n), 0) / (observed.texts * observed.texts) as by_chance
  from observed
  left join shares_a using (reviewer_a, reviewer_b)
  left join shares_b
    on (shares_b.reviewer_a, shares_b.reviewer_b, shares_b.intent)
      = (shares_a.reviewer_a, shares_a.reviewer_b, shares_a.intent)
  group by observed.reviewer_a, observed.reviewer_b, observed.texts
)
select reviewer_a, reviewer_b, texts::integer as texts,
  round(agreed, 3) as agreed,
  round(by_chance, 3) as expected_by_chance,
  round((agreed - by_chance) / nullif(1 - by_chance, 0), 3) as kappa
from observed join expected using (reviewer_a, reviewer_b)
order by texts desc, reviewer_a, reviewer_b;
comment on view public.reviewer_agreement is
  'Agreement of two reviewers beyond chance (Cohen''s kappa). Null: both gave one and the same intent only.';

-- Horvitz-Thompson estimate over two strata: messages chosen for a reason (probability 1) and at random. A
-- stratum has the weight of the messages that it represents, 1 / probability each. Where it is not fully
-- reviewed, its reviewed messages represent the rest, which is unbiased for the random stratum only.
create view public.live_accuracy with (security_invoker = on) as
with messages as (
  select model_version, sampling_probability,
    case when corrected_intent is not null and not is_disputed
      then (corrected_intent = predicted_intent)::integer end as is_correct
  from public.labelled_prompts
  where within_daily_cap and created_at > now() - interval '30 days'
), strata as (
  select model_version, sampling_probability = 1 as chosen_for_reason,
    count(*)::double precision as chosen,
    sum(1 / sampling_probability) as represented,
    count(is_correct)::double precision as reviewed,
    avg(is_correct)::double precision as accuracy
  from messages where sampling_probability is not null group by 1, 2
), sizes as (
  select model_version, count(*)::double precision as messages from messages group by 1
), combined as (
  select model_version, sizes.messages,
    sum(chosen) as chosen, sum(reviewed) as reviewed,
    bool_and(reviewed > 0) as has_all_strata,
    sum(represented * accuracy) / sum(represented) as accuracy,
    sum(
      (represented / total) ^ 2 * accuracy * (1 - accuracy) / greatest(reviewed - 1, 1)
      * (1 - least(reviewed / represented, 1))
    ) as variance
  from (
    select *, sum(represented) over (partition by model_version) as total from strata
  ) as strata join sizes using (model_version)
  group by model_version, sizes.messages
)
select model_version, messages::integer as messages, chosen::integer as chosen,
  reviewed::integer as reviewed,
  case when has_all_strata then round(accuracy::numeric, 4) end as accuracy,
  case when has_all_strata
    then round(greatest(0, accuracy - 1.96 * sqrt(variance))::numeric, 4) end as ci_lower,
  case when has_all_strata
    then round(least(1, accuracy + 1.96 * sqrt(variance))::numeric, 4) end as ci_upper,
  chosen = reviewed as is_complete
from combined
order by messages desc;
comment on view public.live_accuracy is
  'The accuracy of the model on all messages within the daily caps of the last 30 days, with a 95% confidence interval. Unbiased once is_complete.';

create view public.daily_totals with (security_invoker = on) as
select day, predicted_intent, model_version, outcome, sum(messages)::integer as messages
from (
  select day, predicted_intent, model_version, outcome, messages from public.daily_counts
  union all
  select (created_at at time zone 'UTC')::date, predicted_intent, model_version,
    private.outcome_label(was_successful),
    count(*)
  from public.nlu_prompt_logs group by 1, 2, 3, 4
) as counted
group by day, predicted_intent, model_version, outcome
order by day desc, messages desc;
comment on view public.daily_totals is
  'The number of messages per day by intent, model version and outcome, including rows that retention deleted.';
