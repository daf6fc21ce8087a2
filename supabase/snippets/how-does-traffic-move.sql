-- How does traffic move, day by day? (Deleted rows are counted.)
select day, sum(messages) as messages,
  sum(messages) filter (where outcome = 'failed') as failed,
  sum(messages) filter (where predicted_intent = 'unknown') as not_understood
from public.daily_totals
group by day
order by day desc
limit 60;
