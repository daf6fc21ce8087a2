-- How often is the model right on all traffic of the last 30 days? (Unbiased once is_complete.)
select * from public.live_accuracy;
