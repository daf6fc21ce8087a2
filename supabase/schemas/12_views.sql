-- Views for the weekly review and for exports.
--
-- Each view reads with the rights of the caller (`security_invoker`). The backend's grants on the tables
-- cover what it reads. Users get none: views of their own rows alone would show meaningless figures.

-- No user, conversation, outcome, reviewer or note; no row beyond its user's daily cap; no text that is disputed, or
-- evidence about models.
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
where logs.within_daily_cap and (texts.reasons && array['disagreement', 'model_disagreement']) is not true;
comment on view public.exportable_prompts is 'Captured rows that a dataset may hold.';

-- Reviewers label a text on one of its rows; here every row has the label.
create view public.labelled_prompts with (security_invoker = on) as
select logs.id, logs.created_at, logs.prompt, logs.predicted_intent, logs.confidence, logs.scope,
  logs.source, logs.model_version, logs.within_daily_cap, logs.has_review_reason,
  logs.is_audited, logs.audit_probability,
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
  select distinct on (text_key, private.fold_name(reviewer)) text_key, private.fold_name(reviewer) as reviewer,
    to_intent as intent, corrected_at
  from public.correction_events
  where reviewer <> all (private.anonymous_reviewers())
  order by text_key, private.fold_name(reviewer), id desc
) as latest
where intent is not null;
comment on view public.reviewer_votes is 'The current vote of each named reviewer on each text.';

create view public.disputed_texts with (security_invoker = on) as
select queue.text, queue.times_sent, queue.user_count, queue.predicted_intent,
  (
    select jsonb_object_agg(reviewer, to_intent) from private.latest_events(queue.text_key)
  ) as latest_intents,
  queue.waiting_since
from public.review_queue queue
where 'disagreement' = any (queue.reasons) and 'model_disagreement' <> all (queue.reasons)
order by queue.waiting_since;
comment on view public.disputed_texts is 'Texts about which reviewers disagree, with the latest intent that each name gave; without those that are reviewed blind.';

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

-- The share of right predictions among the decided audits, each weighed by 1 / probability (Hájek 1971), which is
-- the plain share while audit_rate stays the same. The interval is that of the share, Wilson's (1927) for the number
-- of equally likely draws with its variance. That is the variance of a draw with replacement, linearised (Särndal,
-- Swensson and Wretman 1992, sections 2.9 and 5.7), and the number is at most the one that the weights alone allow (Korn
-- and Graubard 1998): few wrong predictions make the variance look too small. Audits that cannot be decided count
-- as wrong for the lower bound and as right for the upper one (Manski 1989). There is no figure where they
-- are more than a tenth of the texts. `estimate_share` in Python returns the same.
create view public.live_accuracy with (security_invoker = on) as
with sizes as (
  select model_version, count(*) as messages from public.nlu_prompt_logs
  where within_daily_cap and created_at > now() - interval '30 days' group by 1
), weighed as (
  select *, 1 / audit_probability as weight from public.completed_audits
  where created_at > now() - interval '30 days'
), sums as (
  select model_version, count(is_correct) as audited,
    count(distinct text_key) filter (where is_correct is null) <= 0.1 * count(distinct text_key) as is_complete,
    coalesce(sum(weight) filter (where is_correct), 0) as right_weight,
    coalesce(sum(weight ^ 2) filter (where is_correct), 0) as right_squares,
    coalesce(sum(weight) filter (where not is_correct), 0) as wrong_weight,
    sum(weight) as weight,
    sum(weight ^ 2) as squares,
    coalesce(sum(weight) filter (where is_correct is null), 0) as undecided_weight,
    coalesce(sum(weight ^ 2) filter (where is_correct is null), 0) as undecided_squares
  from weighed group by 1
), shares as (
  select model_version, bound, weight, squares, right_weight / (right_weight + wrong_weight) as share,
    case bound when 'lower' then right_weight else right_weight + undecided_weight end / weight as p,
    case bound when 'lower' then right_squares else right_squares + undecided_squares end as p_squares
  from sums cross join (values ('lower'), ('upper')) as bounds (bound)
  where audited >= 30 and is_complete
), variances as (
  select *, ((1 - p) ^ 2 * p_squares + p ^ 2 * (squares - p_squares)) / weight ^ 2 as variance from shares
), draws as (
  select *, 1.959963984540054 ^ 2 / least(
    weight ^ 2 / squares, p * (1 - p) / nullif(variance, 0)
  ) as z2 from variances
), intervals as (
  select model_version, max(share) as share,
    max(greatest(0, p + z2 / 2 - sqrt(p * (1 - p) * z2 + z2 ^ 2 / 4)) / (1 + z2))
      filter (where bound = 'lower') as lower,
    max(least(1 + z2, p + z2 / 2 + sqrt(p * (1 - p) * z2 + z2 ^ 2 / 4)) / (1 + z2))
      filter (where bound = 'upper') as upper
  from draws group by model_version
)
select model_version, messages::integer as messages, coalesce(sums.audited, 0)::integer as audited,
  round(share::numeric, 4) as accuracy,
  round(lower::numeric, 4) as ci_lower, round(upper::numeric, 4) as ci_upper,
  (select private.audits_complete_before()) as complete_before
from sizes left join sums using (model_version) left join intervals using (model_version)
order by messages desc;
comment on view public.live_accuracy is
  'The accuracy of each model version on all messages within the daily caps of the last 30 days, by the completed audits, with a 95% confidence interval. Null below 30 decided audits, and where more than a tenth of the texts cannot be decided.';
