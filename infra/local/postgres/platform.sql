-- What a hosted Supabase project has before its first migration, and a bare PostgreSQL lacks.
--
-- Run by a superuser in the database that stands for the project's `postgres`, as often as one
-- likes: it takes no parameter, and a second run changes nothing. Local stacks and tests only.

set client_min_messages = warning;

-- Roles -------------------------------------------------------------------------------------
-- They belong to the whole server, so a second database may find them made.

do $$
declare
  wanted text;
begin
  foreach wanted in array array[
    'supabase_admin', 'postgres', 'anon', 'authenticated', 'service_role', 'authenticator',
    'supabase_auth_admin', 'dashboard_user'
  ] loop
    if not exists (select from pg_catalog.pg_roles where rolname = wanted) then
      begin
        execute format('create role %I', wanted);
      exception when duplicate_object or unique_violation then
        null;  -- another database of this server was a moment quicker
      end;
    end if;
  end loop;
end
$$;

-- Superuser, for what the platform itself does. Migrations never run as this role.
do $$
begin
  if not (select rolsuper from pg_catalog.pg_roles where rolname = 'supabase_admin') then
    alter role supabase_admin superuser login createdb createrole replication bypassrls;
  end if;
end
$$;

-- The role of migrations and of the dashboard: mighty, but no superuser. Where the server was
-- made with `postgres` as its first superuser it cannot be lowered, so make it with another name.
alter role postgres nosuperuser login inherit createdb createrole replication bypassrls;
alter role postgres set search_path = "$user", public, extensions;

-- The three roles that an API request can take, and the one that takes them on.
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

-- Supabase Auth's own role, and the dashboard's helper.
alter role supabase_auth_admin login noinherit createrole;
alter role supabase_auth_admin set search_path = auth;
alter role dashboard_user nologin createdb createrole replication;

-- Database and schemas ----------------------------------------------------------------------
-- The database belongs to `postgres`, and through `pg_database_owner` so does schema `public`.
-- No default privileges for the API's roles: since autumn 2026 a new table is exposed by
-- nobody but its own migration.

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
-- Only the columns of `auth.users` that people and migrations lean on.

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

-- The claims of the request's token, as PostgREST hands them over.
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
-- Where the server does not bring it, a schedule that is written down and that nobody runs.

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
    with gone as (delete from cron.job where jobname = $1 and username = current_user returning 1)
    select count(*) > 0 from gone
  $function$;

  grant usage on schema cron to postgres;
  grant select, insert, update, delete on cron.job to postgres;
end
$$;

-- Realtime ----------------------------------------------------------------------------------
-- The publication starts empty: a table streams its rows only when a migration says so.

do $$
begin
  if not exists (select from pg_catalog.pg_publication where pubname = 'supabase_realtime') then
    create publication supabase_realtime;
  end if;
  alter publication supabase_realtime owner to postgres;
end
$$;

reset client_min_messages;
