-- What is noted about exported datasets goes when no dataset can be left: the objects themselves
-- expire by the bucket's rules, those of labelled texts last, after as many days as the texts here.

alter table private.erased_rows add column erased_at timestamptz not null default now();
comment on column private.erased_rows.erased_at is 'When.';

-- One batch of each; answers how many rows went. The ledger outlives the objects by a week, since a
-- bucket takes its time. So do the erased lines: whatever dataset a next window may follow, all that
-- was erased since is still told. A series that rested for longer has no last dataset any more, and
-- begins anew with all there is.
create function private.delete_expired_exports() returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  told private.settings;
  expired timestamptz;
  a_week_before timestamptz;
  gone integer;
  total integer := 0;
begin
  select * into strict told from private.settings;
  expired := now() - make_interval(days => told.label_retention_days);
  a_week_before := expired - interval '7 days';

  delete from public.dataset_exports where id in (
    select id from public.dataset_exports where exported_at < expired
    order by id limit told.retention_batch_rows
  );
  get diagnostics gone = row_count;
  total := total + gone;

  delete from public.exported_rows where id in (
    select id from public.exported_rows where exported_at < a_week_before
    order by id limit told.retention_batch_rows for update skip locked
  );
  get diagnostics gone = row_count;
  total := total + gone;

  delete from private.erased_rows where (changed_in, log_id) in (
    select changed_in, log_id from private.erased_rows where erased_at < a_week_before
    order by changed_in, log_id limit told.retention_batch_rows
  );
  get diagnostics gone = row_count;
  return total + gone;
end
$$;

revoke all on function private.delete_expired_exports()
from public, anon, authenticated, service_role, prompt_writer, prompt_exporter;

grant delete on public.dataset_exports, private.erased_rows to prompt_maintainer;
create policy "The keeper forgets datasets that are long gone"
  on public.dataset_exports for delete to prompt_maintainer using (true);
create policy "The keeper forgets what was erased long ago"
  on private.erased_rows for delete to prompt_maintainer using (true);

grant prompt_maintainer to postgres;
grant create on schema private to prompt_maintainer;
alter function private.delete_expired_exports() owner to prompt_maintainer;
grant execute on function private.delete_expired_exports() to postgres;
revoke create on schema private from prompt_maintainer;
revoke prompt_maintainer from postgres;

select cron.schedule(
  'prompt-capture: delete expired exports', '*/10 6 * * *', 'select private.delete_expired_exports()'
);
