-- The functions that run with rights of their own are handed to the keeper, which has just those
-- rights and no others. To change one later: `grant prompt_maintainer to postgres`, replace it, and
-- revoke the membership again, as here.

grant prompt_maintainer to postgres;
grant create on schema private to prompt_maintainer;

alter function private.prepare_capture() owner to prompt_maintainer;
alter function private.check_correction() owner to prompt_maintainer;
alter function private.apply_correction() owner to prompt_maintainer;
alter function private.append_edit_of_a_log() owner to prompt_maintainer;
alter function private.queue_capture() owner to prompt_maintainer;
alter function private.queue_failure() owner to prompt_maintainer;
alter function private.append_edit_of_the_queue() owner to prompt_maintainer;
alter function private.forget_texts() owner to prompt_maintainer;
alter function private.delete_expired_rows() owner to prompt_maintainer;
alter function private.delete_expired_texts() owner to prompt_maintainer;
alter function private.tidy_queue() owner to prompt_maintainer;
alter function private.note_owners() owner to prompt_maintainer;
alter function private.forget_reviewer(text) owner to prompt_maintainer;
alter function private.count_user_data(uuid) owner to prompt_maintainer;
alter function private.erase(uuid) owner to prompt_maintainer;
alter function private.erase_with_the_account() owner to prompt_maintainer;

-- What the schedule and the dashboard call by name. To call is all they may.
grant execute on function
  private.delete_expired_rows(),
  private.delete_expired_texts(),
  private.tidy_queue(),
  private.count_user_data(uuid),
  private.erase(uuid),
  private.forget_reviewer(text)
to postgres;

revoke create on schema private from prompt_maintainer;
revoke prompt_maintainer from postgres;

-- PostgREST learns of the new tables, views and functions without a restart.
notify pgrst, 'reload schema';
