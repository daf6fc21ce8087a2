-- Roles, advisory locks and change numbers.
--
-- The schema is declared in this folder and read top to bottom, in the order of the file names.
-- `make schema` generates the baseline migration from it. The whole folder runs in one transaction,
-- as role `postgres`; nothing is reachable before `90_grants.sql` has closed and opened it.

-- Roles ---------------------------------------------------------------------------------------------
-- prompt_writer      captures prompts; the Lambda functions sign short-lived tokens for it
-- prompt_exporter    exports datasets; likewise
-- model_registrar    changes which model serves; likewise
-- prompt_monitor     reads counts, and opens and resolves alerts; likewise
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
  foreach wanted in array array[
    'prompt_writer', 'prompt_exporter', 'model_registrar', 'prompt_monitor', 'prompt_maintainer'
  ] loop
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
comment on role model_registrar is 'Registers models, and decides which of them serves.';
comment on role prompt_monitor is 'Reads counts, never a text, and opens and resolves alerts.';
comment on role prompt_maintainer is
  'Owns the functions that maintain the review queue, apply corrections, register models, delete old rows and erase users.';

-- A user waits for the capture, so a slow statement is cancelled. Nobody waits for an export.
alter role prompt_writer set statement_timeout = '2s';
alter role prompt_exporter set statement_timeout = '60s';
alter role model_registrar set statement_timeout = '8s';
alter role prompt_monitor set statement_timeout = '30s';

-- A generic plan fits no particular window, and no threshold of a partial index. So each statement of the
-- exporter is planned for its own values, which PostgREST sends as parameters.
alter role prompt_exporter set plan_cache_mode = force_custom_plan;

create schema if not exists private;
create extension if not exists pgcrypto with schema extensions;

-- Between `set role prompt_maintainer` and `set role postgres`, functions are created under the role
-- that owns them. `90_grants.sql` revokes the membership and the right to create.
grant prompt_maintainer to postgres;
grant usage, create on schema private to prompt_maintainer;
grant usage on schema public, extensions to prompt_maintainer;

-- Locks ---------------------------------------------------------------------------------------------
-- Every advisory lock is taken through one of these functions, and is held to the end of the transaction.
-- The first number of a lock is its class, one class per purpose.
--
-- A transaction that waits for locks takes them in the order of their classes, but for those of the registries (6 and
-- 8), which come before those of the texts (4 and 5), and before any row that they guard. Within a class, locks are
-- taken in the order of their second number. So no transactions can wait for each other in a circle. A capture waits
-- for no lock: it tries once, and leaves what it could not do to `private.complete_captures`, which runs every minute.
--
-- Ids share 256 slots (`& 255`) and new items 1,024, since one transaction may insert more rows than the server has
-- locks for.

-- Class 1, person. An erasure waits for the captures and corrections of its user that are under way.
create function private.lock_person(user_id uuid) returns void
language plpgsql
set search_path = ''
as $$
begin
  perform pg_advisory_xact_lock(1, hashtext(user_id::text) & 255);
end
$$;

create function private.try_lock_person_shared(user_id uuid) returns boolean
language plpgsql
set search_path = ''
as $$
begin
  return pg_try_advisory_xact_lock_shared(1, hashtext(user_id::text) & 255);
end
$$;

-- Class 2, log id. A row and the changes that arrive before it exclude each other.
create function private.lock_log_ids(log_ids uuid[]) returns void
language plpgsql
set search_path = ''
as $$
begin
  perform pg_advisory_xact_lock(2, slot) from (
    select distinct hashtext(id::text) & 255 as slot from unnest(log_ids) as ids (id) order by slot
  ) as slots;
end
$$;

create function private.try_lock_log_id(log_id uuid) returns boolean
language plpgsql
set search_path = ''
as $$
begin
  return pg_try_advisory_xact_lock(2, hashtext(log_id::text) & 255);
end
$$;

create function private.try_lock_log_id_shared(log_id uuid) returns boolean
language plpgsql
set search_path = ''
as $$
begin
  return pg_try_advisory_xact_lock_shared(2, hashtext(log_id::text) & 255);
end
$$;

-- Ends a transaction that is left open, since others wait for its locks.
create function private.end_idle_transaction() returns void
language plpgsql
set search_path = ''
as $$
begin
  perform set_config('idle_in_transaction_session_timeout', '10s', true);
end
$$;

-- Class 3, edits. The dashboard locks a row before a trigger can lock anything else. So an edit excludes
-- every other change of texts, and so does the deletion of an account, which may have more texts than the
-- server has locks. Changes of single texts share the lock.
create function private.lock_edits() returns void
language plpgsql
set search_path = ''
as $$
begin
  perform pg_advisory_xact_lock(3, 0);
  perform set_config('prompt_capture.excludes_changes', 'yes', true);
end
$$;

create function private.lock_edits_shared() returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.end_idle_transaction();
  perform pg_advisory_xact_lock_shared(3, 0);
end
$$;

create function private.try_lock_edits_shared() returns boolean
language plpgsql
set search_path = ''
as $$
begin
  return pg_try_advisory_xact_lock_shared(3, 0);
end
$$;

-- Says that the next statement of this transaction changes one row, and so takes its locks in order, as the functions
-- of the backend do. Any other statement may change rows, and lock texts, in any order: it first excludes all
-- other changes of texts, as an edit does.
create function private.announce_one_row(is_next boolean) returns void
language plpgsql
set search_path = ''
as $$
begin
  perform set_config('prompt_capture.changes_one_row', case when is_next then 'yes' else '' end, true);
end
$$;

-- Class 4, text. Guards what the copies of a text share: corrections, label, queue item and retained text. Whoever
-- excludes all other changes of texts needs no lock for each: there are more texts than locks, and captures need some.
-- The setting ends with the transaction, or with the subtransaction, as the lock of edits does.
create function private.lock_texts(text_keys bytea[]) returns void
language plpgsql
set search_path = ''
as $$
begin
  if current_setting('prompt_capture.excludes_changes', true) = 'yes' then
    return;
  end if;
  perform private.lock_edits_shared();
  perform pg_advisory_xact_lock(4, slot) from (
    select distinct hashtext(encode(text_key, 'hex')) as slot
    from unnest(text_keys) as keys (text_key) order by slot
  ) as slots;
  perform set_config('prompt_capture.texts_locked_at', clock_timestamp()::text, true);
end
$$;

-- Returns those that are locked now.
create function private.try_lock_texts(text_keys bytea[]) returns bytea[]
language plpgsql
set search_path = ''
as $$
begin
  return (
    select coalesce(array_agg(text_key), '{}')
    from unnest(text_keys) as keys (text_key)
    where private.try_lock_edits_shared()
      and pg_try_advisory_xact_lock(4, hashtext(encode(text_key, 'hex')))
  );
end
$$;

-- Class 5, new queue item. One transaction at a time adds the item of a text. A capture of a text without an
-- item shares the lock, since the item must count it.
create function private.lock_new_queue_item(text_key bytea) returns void
language plpgsql
set search_path = ''
as $$
begin
  perform pg_advisory_xact_lock(5, hashtext(encode(text_key, 'hex')) & 1023);
end
$$;

create function private.try_lock_new_queue_item(text_key bytea) returns boolean
language plpgsql
set search_path = ''
as $$
begin
  return pg_try_advisory_xact_lock(5, hashtext(encode(text_key, 'hex')) & 1023);
end
$$;

create function private.try_lock_new_queue_item_shared(text_key bytea) returns boolean
language plpgsql
set search_path = ''
as $$
begin
  return pg_try_advisory_xact_lock_shared(5, hashtext(encode(text_key, 'hex')) & 1023);
end
$$;

-- Class 6, export registry. An erasure waits for the exports that are registering rows, and reads what they
-- registered.
create function private.lock_export_registry() returns void
language plpgsql
set search_path = ''
as $$
begin
  perform pg_advisory_xact_lock(6, 0);
end
$$;

create function private.lock_export_registry_shared() returns void
language plpgsql
set search_path = ''
as $$
begin
  perform pg_advisory_xact_lock_shared(6, 0);
end
$$;

-- Class 8, model registry. One transaction at a time changes the ledger of models; an erasure waits for it at its
-- end. (Class 7 are change numbers, below.)
create function private.lock_model_registry() returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.end_idle_transaction();
  perform pg_advisory_xact_lock(8, 0);
end
$$;

-- Replacing a name by a pseudonym. A person may be a reviewer, an operator of models, and one of alerts, whose names are
-- replaced in one transaction, in any order: so each of these takes the locks of all of them first.
create function private.lock_names() returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.lock_edits_shared();
  perform private.lock_model_registry();
end
$$;

-- Class 9, figures. A user has the same figures computed at most three times at once, since the console offers three
-- periods; another call is refused.
create function private.try_lock_figures(user_id uuid, figures text) returns boolean
language plpgsql
set search_path = ''
as $$
declare
  slot constant integer := hashtext(user_id::text || figures) & -4;
begin
  return pg_try_advisory_xact_lock(9, slot) or pg_try_advisory_xact_lock(9, slot + 1)
    or pg_try_advisory_xact_lock(9, slot + 2);
end
$$;

-- Change numbers ------------------------------------------------------------------------------------
-- Every change of a row, of a retained text, and every erased row has a number. Exports read windows of
-- these numbers, not of times: a change that is committed late has an early time, and a window of times
-- would miss it. Transaction ids would do as well, but a new cluster starts them again, and the numbers are
-- dumped and restored with the database.

create sequence private.change_numbers as bigint;

-- The number that is drawn next.
create function private.peek_change_number() returns bigint
language plpgsql
set search_path = ''
as $$
begin
  return (
    select case when is_called then last_value + 1 else last_value end from private.change_numbers
  );
end
$$;

-- Returns the next change number. Before its first number, a transaction announces a lower bound: a shared
-- lock of class 7 on the number that is next at this moment (its lowest 31 bits). The setting ends with the
-- transaction, or with the subtransaction, as the lock does.
create function private.next_change_number() returns bigint
language plpgsql
set search_path = ''
as $$
begin
  if coalesce(current_setting('prompt_capture.has_announced', true), '') = '' then
    perform pg_advisory_xact_lock_shared(7, (private.peek_change_number() & 2147483647)::integer);
    perform set_config('prompt_capture.has_announced', 'yes', true);
  end if;
  return nextval('private.change_numbers');
end
$$;

-- Returns the end of the numbers that are complete: no smaller number can appear any more. Reads the next
-- number first: a transaction that draws a smaller one has announced it before.
create function private.complete_change_numbers() returns bigint
language plpgsql
set search_path = ''
as $$
declare
  next_number bigint := private.peek_change_number();
  widest_gap bigint;
begin
  -- The differences are taken in 31 bits.
  select max(((next_number & 2147483647) - objid::bigint + 2147483648) & 2147483647) into widest_gap
  from pg_catalog.pg_locks
  where locktype = 'advisory' and classid = 7 and objsubid = 2
    and database = (select oid from pg_catalog.pg_database where datname = current_database());
  return next_number - coalesce(widest_gap, 0);
end
$$;
