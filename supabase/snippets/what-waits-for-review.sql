-- What waits for review, and why?
select unnest(reasons) as reason, count(*) as items, sum(times_sent) as messages,
  max(days_waiting) as longest_wait_in_days
from public.review_queue
where waiting_since is not null
  -- Not those that were decided as near-duplicates.
  and (rank < 1000000 or 'model_disagreement' = any (reasons))
group by reason
order by items desc;
