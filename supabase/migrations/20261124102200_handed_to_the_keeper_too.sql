-- The new functions that run with rights of their own are the keeper's, as the earlier ones are.

grant prompt_maintainer to postgres;
grant create on schema private to prompt_maintainer;

alter function private.find_recorded_captures(jsonb) owner to prompt_maintainer;
alter function private.defer_change(private.deferred_changes) owner to prompt_maintainer;
alter function private.await_held() owner to prompt_maintainer;
alter function private.apply_deferred_changes() owner to prompt_maintainer;
alter function private.discard_deferred_changes(uuid[]) owner to prompt_maintainer;
alter function private.delete_expired_changes() owner to prompt_maintainer;

-- What the schedule calls by name. To call is all it may.
grant execute on function private.delete_expired_changes() to postgres;

revoke create on schema private from prompt_maintainer;
revoke prompt_maintainer from postgres;

notify pgrst, 'reload schema';
