-- The new functions that run with rights of their own are the keeper's, as the earlier ones are.

grant prompt_keeper to postgres;
grant create on schema private to prompt_keeper;

alter function private.recall_captures(jsonb) owner to prompt_keeper;
alter function private.hold_change(private.held_changes) owner to prompt_keeper;
alter function private.await_held() owner to prompt_keeper;
alter function private.apply_held() owner to prompt_keeper;
alter function private.forget_held(uuid[]) owner to prompt_keeper;
alter function private.delete_expired_changes() owner to prompt_keeper;

-- What the schedule calls by name. To call is all it may.
grant execute on function private.delete_expired_changes() to postgres;

revoke create on schema private from prompt_keeper;
revoke prompt_keeper from postgres;

notify pgrst, 'reload schema';
