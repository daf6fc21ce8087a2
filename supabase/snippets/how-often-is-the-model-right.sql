-- How often is the model right on all traffic of the last 30 days? (By the audits before complete_before.)
select * from public.live_accuracy;
