-- A row that was erased will not come again, so what is said of it later, such as how its workflow
-- failed, waits for nothing and is not kept.

create index erased_lines_of_a_log on private.erased_rows (log_id);

create or replace function private.may_arrive(log_id uuid) returns boolean
language sql stable
set search_path = ''
as $$
  select case get_byte(uuid_send(log_id), 6) >> 4
    when 7 then to_timestamp(
      ('x' || left(replace(log_id::text, '-', ''), 12))::bit(48)::bigint / 1000.0
    ) between now() - make_interval(days => spool_retention_days) and now() + interval '5 minutes'
    when 8 then true
    else false
  end and not exists (
    select from private.erased_rows lines where lines.log_id = may_arrive.log_id
  )
  from private.settings
$$;
