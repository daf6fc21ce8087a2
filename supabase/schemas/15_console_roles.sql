-- Who calls from the console: the role is `role` in the account's `raw_app_meta_data`, looked up at each call. A token
-- says what the account was when it was issued, and outlives the removal of a role or of an account.

-- The user who calls, and their role as it is now: `viewer`, `reviewer` or `operator`. Null: the account has none of
-- them, is deleted, or is banned.
create function private.console_caller(out user_id uuid, out role text)
language plpgsql stable
security definer
set search_path = ''
as $$
begin
  select users.id, users.raw_app_meta_data ->> 'role' into user_id, role from auth.users
  where users.id = (select auth.uid()) and deleted_at is null
    and (banned_until is null or banned_until <= now())
    and users.raw_app_meta_data ->> 'role' in ('viewer', 'reviewer', 'operator');
end
$$;

-- Returns the id of the caller, with which they sign. Raises an error unless their role is one of these.
create function private.require_console_role(variadic allowed text[]) returns text
language plpgsql stable
set search_path = ''
as $$
declare
  caller record := private.console_caller();
begin
  if (caller.role = any (allowed)) is not true then
    raise exception 'The account does not have a role for this.'
      using errcode = 'PT403', hint = 'Ask an administrator for the role reviewer, operator or viewer.';
  end if;
  return caller.user_id::text;
end
$$;

-- Whether a signed-in user calls, or nobody: then the role decides. The other roles have their functions by a grant.
create function private.is_console_request() returns boolean
language sql stable
set search_path = ''
as $$
  select coalesce(current_setting('role', true) in ('authenticated', 'anon'), false)
$$;

-- Refuses a signed-in user who has these figures computed three times already. They read many rows, and requests in parallel
-- would occupy the connections that captures need.
create function private.refuse_more_figures(figures text) returns void
language plpgsql
set search_path = ''
as $$
begin
  if private.is_console_request()
    and not private.try_lock_figures((private.console_caller()).user_id, figures) then
    raise exception 'The same figures are being computed for this account.'
      using errcode = 'PT429', hint = 'Wait for the answers.';
  end if;
end
$$;
