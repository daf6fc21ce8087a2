-- Creates what a hosted Supabase project has before its first migration and plain PostgreSQL lacks.
--
-- For local stacks and tests only. Run it as a superuser in the database that represents the
-- project's `postgres` database. It takes no parameters and is idempotent.

set client_min_messages = warning;

-- Roles -------------------------------------------------------------------------------------
-- Roles belong to the whole server, so another database may already have created them.

do $$
declare
  role_name text;
begin
  foreach role_name in array array[
    'supabase_admin', 'postgres', 'anon', 'authenticated', 'service_role', 'authenticator',
    'supabase_auth_admin', 'dashboard_user'
  ] loop
    if not exists (select from pg_catalog.pg_roles where rolname = role_name) then
      begin
        execute format('create role %I', role_name);
      exception when duplicate_object or unique_violation then
        null;  -- a concurrent run in another database of this server created it first
      end;
    end if;
  end loop;
end
$$;

-- The superuser of the platform itself. Migrations never run as this role.
do $$
begin
  if not (select rolsuper from pg_catalog.pg_roles where rolname = 'supabase_admin') then
    alter role supabase_admin superuser login createdb createrole replication bypassrls;
  end if;
end
$$;

-- The role of migrations and of the dashboard: many privileges, but not a superuser. PostgreSQL
-- cannot demote the bootstrap superuser, so create the server with a bootstrap superuser that has
-- another name than `postgres`.
alter role postgres nosuperuser login inherit createdb createrole replication bypassrls;
alter role postgres set search_path = "$user", public, extensions;

-- Restores run without triggers: https://supabase.com/docs/guides/platform/migrating-within-supabase/backup-restore
do $$
begin
  if not has_parameter_privilege('postgres', 'session_replication_role', 'set') then
    grant set on parameter session_replication_role to postgres;
  end if;
end
$$;

-- The three roles of API requests, and the login role that switches to them.
alter role anon nologin inherit;
alter role authenticated nologin inherit;
alter role service_role nologin inherit bypassrls;
alter role authenticator login noinherit;
grant anon, authenticated, service_role to authenticator;
grant anon, authenticated, service_role to postgres with admin option;
alter role anon set statement_timeout = '3s';
alter role authenticated set statement_timeout = '8s';
alter role authenticator set statement_timeout = '8s';
alter role authenticator set lock_timeout = '8s';

-- The role of Supabase Auth, and a role of the dashboard.
alter role supabase_auth_admin login noinherit createrole;
alter role supabase_auth_admin set search_path = auth;
alter role dashboard_user nologin createdb createrole replication;

-- Database and schemas ----------------------------------------------------------------------
-- `postgres` owns the database and, through `pg_database_owner`, the schema `public`.
-- The API roles have no default privileges: since autumn 2026, a new table is exposed to the API
-- only if its migration grants privileges.

do $$
begin
  execute format('alter database %I owner to postgres', current_database());
  execute format(
    'alter database %I set search_path = "$user", public, extensions', current_database()
  );
end
$$;

grant usage on schema public to anon, authenticated, service_role;

create schema if not exists extensions authorization postgres;
grant usage on schema extensions to anon, authenticated, service_role, dashboard_user;
create extension if not exists pgcrypto with schema extensions;
create extension if not exists "uuid-ossp" with schema extensions;
create extension if not exists pg_stat_statements with schema extensions;

-- Supabase Auth -----------------------------------------------------------------------------
-- Only the tables and columns that tests and migrations use.

create schema if not exists auth authorization supabase_auth_admin;
grant usage on schema auth to anon, authenticated, service_role, postgres, dashboard_user;

create table if not exists auth.users (
  instance_id uuid,
  id uuid not null primary key,
  aud varchar(255),
  role varchar(255),
  email varchar(255),
  encrypted_password varchar(255),
  email_confirmed_at timestamptz,
  last_sign_in_at timestamptz,
  raw_app_meta_data jsonb,
  raw_user_meta_data jsonb,
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  phone text unique,
  banned_until timestamptz,
  deleted_at timestamptz,
  is_anonymous boolean not null default false
);
alter table auth.users owner to supabase_auth_admin;
alter table auth.users enable row level security;
grant all on auth.users to postgres, dashboard_user;

create table if not exists auth.identities (
  id uuid not null primary key default gen_random_uuid(),
  user_id uuid not null references auth.users (id) on delete cascade,
  provider text not null,
  provider_id text not null,
  identity_data jsonb not null
);
alter table auth.identities owner to supabase_auth_admin;
alter table auth.identities enable row level security;
grant all on auth.identities to postgres, dashboard_user;

-- The claims of the request's token, which PostgREST passes in a setting.
create or replace function auth.jwt() returns jsonb
language sql stable
as $$
  select nullif(current_setting('request.jwt.claims', true), '')::jsonb
$$;

create or replace function auth.uid() returns uuid
language sql stable
as $$
  select nullif(auth.jwt() ->> 'sub', '')::uuid
$$;

create or replace function auth.role() returns text
language sql stable
as $$
  select nullif(auth.jwt() ->> 'role', '')
$$;

create or replace function auth.email() returns text
language sql stable
as $$
  select nullif(auth.jwt() ->> 'email', '')
$$;

alter function auth.jwt() owner to supabase_auth_admin;
alter function auth.uid() owner to supabase_auth_admin;
alter function auth.role() owner to supabase_auth_admin;
alter function auth.email() owner to supabase_auth_admin;

-- pg_cron -----------------------------------------------------------------------------------
-- If the server has no pg_cron, this substitute stores schedules. The local stack runs them
-- (infra/local/scheduled_jobs.py).

do $$
begin
  if exists (select from pg_catalog.pg_available_extensions where name = 'pg_cron')
    or to_regnamespace('cron') is not null then
    return;
  end if;

  create schema cron;
  create table cron.job (
    jobid bigint generated always as identity primary key,
    schedule text not null,
    command text not null,
    nodename text not null default 'localhost',
    nodeport integer not null default inet_server_port(),
    database text not null default current_database(),
    username text not null default current_user,
    active boolean not null default true,
    jobname text,
    unique (jobname, username)
  );

  create function cron.schedule(job_name text, schedule text, command text) returns bigint
  language sql
  as $function$
    insert into cron.job (jobname, schedule, command) values ($1, $2, $3)
    on conflict (jobname, username) do update
    set schedule = excluded.schedule, command = excluded.command
    returning jobid
  $function$;

  create function cron.unschedule(job_name text) returns boolean
  language sql
  as $function$
    with deleted as (
      delete from cron.job where jobname = $1 and username = current_user returning 1
    )
    select count(*) > 0 from deleted
  $function$;

  grant usage on schema cron to postgres;
  grant select, insert, update, delete on cron.job to postgres;
end
$$;

-- Realtime ----------------------------------------------------------------------------------
-- The publication starts empty: a table streams its rows only if a migration adds it.

do $$
begin
  if not exists (select from pg_catalog.pg_publication where pubname = 'supabase_realtime') then
    create publication supabase_realtime;
  end if;
  alter publication supabase_realtime owner to postgres;
end
$$;

reset client_min_messages;
