-- Why do workflows fail, the last 7 days?
select workflow_type, left(execution_error, 80) as error, count(*) as times, max(created_at) as latest
from public.failed_workflows
where created_at > now() - interval '7 days'
group by workflow_type, error
order by times desc
limit 20;
