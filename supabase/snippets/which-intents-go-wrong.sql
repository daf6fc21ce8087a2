-- Which intents are corrected or fail most?
select * from public.intent_health
order by corrected + failed desc
limit 20;
