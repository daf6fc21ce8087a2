-- What would the next nights delete, and is the schedule there?
select
  (select row_retention_days from private.settings) as row_retention_days,
  (select count(*) from public.nlu_prompt_logs
   where created_at < now() - make_interval(days => (select row_retention_days from private.settings)))
    as expired_rows,
  (select count(*) from cron.job where jobname like 'prompt-capture:%' and active) as jobs;
