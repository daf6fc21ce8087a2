-- An id of version 8 does not tell its age. What is held for it does: when a change has waited for
-- as long as a row may be on its way, the row is not on its way, and later changes are told so.

create or replace function private.may_arrive(log_id uuid) returns boolean
language sql stable
set search_path = ''
as $$
  select case get_byte(uuid_send(log_id), 6) >> 4
    when 7 then to_timestamp(
      ('x' || left(replace(log_id::text, '-', ''), 12))::bit(48)::bigint / 1000.0
    ) between now() - make_interval(days => spool_retention_days) and now() + interval '5 minutes'
    when 8 then not exists (
      select from private.deferred_changes held
      where held.log_id = may_arrive.log_id
        and held.deferred_at < now() - make_interval(days => spool_retention_days)
    )
    else false
  end and not exists (
    select from private.erased_rows lines where lines.log_id = may_arrive.log_id
  )
  from private.settings
$$;
