-- Which intents are corrected or fail most?
select * from public.intent_health
order by changed + failed desc
limit 20;
