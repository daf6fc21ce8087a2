-- Which intent is taken for which? (Each text once.)
select predicted_intent, corrected_intent, count(distinct text_key) as texts, count(*) as messages
from public.nlu_prompt_logs
where corrected_intent <> predicted_intent and not is_disputed
group by predicted_intent, corrected_intent
order by texts desc, messages desc
limit 20;
