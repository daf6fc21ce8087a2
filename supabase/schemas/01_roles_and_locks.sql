-- Roles and advisory locks.
--
-- The schema is declared in this folder and read top to bottom, in the order of the file names.
-- `make schema` generates the baseline migration from it. The whole folder runs in one transaction,
-- as role `postgres`; nothing is reachable before `13_grants.sql` has closed and opened it.

-- Roles ---------------------------------------------------------------------------------------------
-- prompt_writer      captures prompts; the Lambda functions sign short-lived tokens for it
-- prompt_exporter    exports datasets; likewise
-- prompt_maintainer  owns the security definer functions below. It cannot log in, and no role can
--                    become it or inherit from it. Some actions are refused to every other role, the owner of the
--                    tables included.
--
-- Roles belong to the whole server, so they may exist already. Then they must have no attributes beyond
-- nologin noinherit.

do $$
declare
  wanted text;
begin
  foreach wanted in array array['prompt_writer', 'prompt_exporter', 'prompt_maintainer'] loop
    begin
      if not exists (select from pg_catalog.pg_roles where rolname = wanted) then
        execute format('create role %I nologin noinherit', wanted);
      end if;
    exception when duplicate_object or unique_violation then
      null;  -- a migration of another database on this server created it at the same time
    end;
    if exists (
      select from pg_catalog.pg_roles
      where rolname = wanted
        and (rolsuper or rolbypassrls or rolcanlogin or rolinherit or rolcreaterole or rolcreatedb)
    ) then
      raise exception 'Role % exists with more attributes than allowed.', wanted
        using hint = 'Drop it, or alter it to nologin noinherit without any other attribute.';
    end if;
    if wanted <> 'prompt_maintainer' and not pg_has_role('authenticator', wanted, 'member') then
      execute format('grant %I to authenticator', wanted);
    end if;
  end loop;
end
$$;

comment on role prompt_writer is 'Captures prompts: inserts rows into public.nlu_prompt_logs.';
comment on role prompt_exporter is 'Exports datasets: reads texts and labels, never their senders.';
comment on role prompt_maintainer is
  'Owns the functions that maintain the review queue, apply corrections, delete old rows and erase users.';

-- A user waits for the capture, so a slow statement is cancelled. Nobody waits for an export.
alter role prompt_writer set statement_timeout = '2s';
alter role prompt_exporter set statement_timeout = '60s';

-- A generic plan fits no particular window, and no threshold of a partial index. So each statement of the
-- exporter is planned for its own values, which PostgREST sends as parameters.
alter role prompt_exporter set plan_cache_mode = force_custom_plan;

create schema if not exists private;
create extension if not exists pgcrypto with schema extensions;

-- Between `set role prompt_maintainer` and `set role postgres`, functions are created under the role
-- that owns them. `13_grants.sql` revokes the membership and the right to create.
grant prompt_maintainer to postgres;
grant usage, create on schema private to prompt_maintainer;
grant usage on schema public, extensions to prompt_maintainer;

-- Advisory locks ------------------------------------------------------------------------------------
-- Every advisory lock is taken through one of these functions. All are held to the end of the
-- transaction. The first number is the class of the lock, one per purpose. Ids share 256 slots (`& 255`),
-- since one transaction may lock more ids than the server has locks for.

-- Class 1: the votes on a text are counted one after another.
create function private.lock_text(text_key bytea) returns void
language sql
set search_path = ''
as $$
  select pg_advisory_xact_lock(1, hashtext(encode(text_key, 'hex')))
$$;

-- Class 2: one of several simultaneous captures adds a text to the review queue; the others go on.
create function private.try_lock_queue_item(text_key bytea) returns boolean
language sql
set search_path = ''
as $$
  select pg_try_advisory_xact_lock(2, hashtext(encode(text_key, 'hex')))
$$;

-- Class 3: a row and the changes that arrive before it exclude each other. Captures share the lock, so
-- rows do not wait for one another.
create function private.lock_log_id(log_id uuid) returns void
language sql
set search_path = ''
as $$
  select pg_advisory_xact_lock(3, hashtext(log_id::text) & 255)
$$;

create function private.lock_log_id_shared(log_id uuid) returns void
language sql
set search_path = ''
as $$
  select pg_advisory_xact_lock_shared(3, hashtext(log_id::text) & 255)
$$;

-- Class 4: an erasure waits for the captures of its user that are under way. A capture that finds an
-- erasure under way fails at once instead of waiting.
create function private.lock_person(user_id uuid) returns void
language sql
set search_path = ''
as $$
  select pg_advisory_xact_lock(4, hashtext(user_id::text) & 255)
$$;

create function private.try_lock_person_shared(user_id uuid) returns boolean
language sql
set search_path = ''
as $$
  select pg_try_advisory_xact_lock_shared(4, hashtext(user_id::text) & 255)
$$;

-- Class 5: an erasure waits for the exports that are registering rows, and reads what they registered.
create function private.lock_export_registry() returns void
language sql
set search_path = ''
as $$
  select pg_advisory_xact_lock(5, 0)
$$;

create function private.lock_export_registry_shared() returns void
language sql
set search_path = ''
as $$
  select pg_advisory_xact_lock_shared(5, 0)
$$;
