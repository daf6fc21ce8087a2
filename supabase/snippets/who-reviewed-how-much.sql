-- Who reviewed how much?
select * from public.corrections_by_reviewer;
