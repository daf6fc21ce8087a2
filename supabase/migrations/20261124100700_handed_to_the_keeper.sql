-- The functions that run with rights of their own are handed to the keeper, which has just those
-- rights and no others. To change one later: `grant prompt_keeper to postgres`, replace it, and
-- revoke the membership again, as here.

grant prompt_keeper to postgres;
grant create on schema private to prompt_keeper;

alter function private.prepare_capture() owner to prompt_keeper;
alter function private.check_correction() owner to prompt_keeper;
alter function private.apply_correction() owner to prompt_keeper;
alter function private.append_edit_of_a_log() owner to prompt_keeper;
alter function private.queue_capture() owner to prompt_keeper;
alter function private.queue_failure() owner to prompt_keeper;
alter function private.append_edit_of_the_queue() owner to prompt_keeper;
alter function private.forget_texts() owner to prompt_keeper;
alter function private.delete_expired_rows() owner to prompt_keeper;
alter function private.delete_expired_texts() owner to prompt_keeper;
alter function private.tidy_queue() owner to prompt_keeper;
alter function private.note_owners() owner to prompt_keeper;
alter function private.forget_reviewer(text) owner to prompt_keeper;
alter function private.traces_of(uuid) owner to prompt_keeper;
alter function private.erase(uuid) owner to prompt_keeper;
alter function private.erase_with_the_account() owner to prompt_keeper;

-- What the schedule and the dashboard call by name. To call is all they may.
grant execute on function
  private.delete_expired_rows(),
  private.delete_expired_texts(),
  private.tidy_queue(),
  private.traces_of(uuid),
  private.erase(uuid),
  private.forget_reviewer(text)
to postgres;

revoke create on schema private from prompt_keeper;
revoke prompt_keeper from postgres;

-- PostgREST learns of the new tables, views and functions without a restart.
notify pgrst, 'reload schema';
