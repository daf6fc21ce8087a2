-- The database's own hand, what it may be told, and the keys that it keeps.
--
-- Captures are sorted, corrections applied, old rows deleted and people erased by functions that
-- belong to a role of their own, `prompt_maintainer`. It cannot log in, nobody is a member of it, and
-- its grants say all that those functions can do. Whatever it alone may do is refused to everybody
-- else, the tables' owner included.

do $$
begin
  begin
    if not exists (select from pg_catalog.pg_roles where rolname = 'prompt_maintainer') then
      create role prompt_maintainer nologin noinherit;
    end if;
  exception when duplicate_object or unique_violation then
    null;  -- a migration of another database of this server was a moment quicker
  end;
  if exists (
    select from pg_catalog.pg_roles
    where rolname = 'prompt_maintainer'
      and (rolsuper or rolbypassrls or rolcanlogin or rolinherit or rolcreaterole or rolcreatedb)
  ) then
    raise exception 'Role prompt_maintainer exists and may do more than it should.'
      using hint = 'Drop it, or alter it to nologin noinherit without any other attribute.';
  end if;
end
$$;

comment on role prompt_maintainer is
  'Owns the functions that keep the queue, apply corrections, delete what is old and erase people.';

create extension if not exists pgcrypto with schema extensions;

-- Settings: one row, edited in the dashboard (schema `private`).
create table private.settings (
  only_row boolean not null default true,
  review_threshold double precision not null default 0.7,
  min_scope double precision not null default 0.5,
  audit_rate double precision not null default 0.02,
  daily_cap integer not null default 50,
  row_retention_days integer not null default 90,
  label_retention_days integer not null default 730,
  retention_batch_rows integer not null default 500,

  constraint settings_pkey primary key (only_row),
  constraint settings_have_one_row check (only_row),
  constraint review_threshold_is_a_probability check (review_threshold between 0 and 1),
  constraint least_scope_is_a_probability check (min_scope between 0 and 1),
  constraint audit_share_is_a_share check (audit_rate >= 0 and audit_rate < 1),
  constraint daily_cap_is_positive check (daily_cap > 0),
  constraint raw_days_are_positive check (row_retention_days > 0),
  constraint labelled_days_outlast_raw_days check (label_retention_days >= row_retention_days),
  constraint batch_rows_are_1_to_10000 check (retention_batch_rows between 1 and 10000)
);

comment on table private.settings is 'What the database may be told about review and retention.';
comment on column private.settings.only_row is 'Always true: there is one row.';
comment on column private.settings.review_threshold is
  'Below this confidence a message waits for review.';
comment on column private.settings.min_scope is
  'Below this scope a message waits for review as out of scope.';
comment on column private.settings.audit_rate is
  'Which share of the confident messages is drawn for review at random.';
comment on column private.settings.daily_cap is
  'How many messages of one user and day (UTC) may enter the queue and the datasets: the first ones.';
comment on column private.settings.row_retention_days is 'After how many days a captured row is deleted.';
comment on column private.settings.label_retention_days is
  'After how many days a text that a person labelled is deleted, its sender''s name long gone.';
comment on column private.settings.retention_batch_rows is
  'How many rows one run of the retention deletes at most.';

insert into private.settings default values;

-- Short texts can be guessed, so a plain hash of one would give it away.
create table private.keys (
  only_row boolean not null default true,
  text_key bytea not null default extensions.gen_random_bytes(32),
  user_key bytea not null default extensions.gen_random_bytes(32),

  constraint keys_pkey primary key (only_row),
  constraint keys_have_one_row check (only_row)
);

comment on table private.keys is
  'The keys of all hashes. Made once; a new key would part what belongs together.';
comment on column private.keys.only_row is 'Always true: there is one row.';
comment on column private.keys.text_key is 'For the hash of a text (HMAC, SHA-256).';
comment on column private.keys.user_key is 'For the hash of a user''s id (HMAC, SHA-256).';

insert into private.keys default values;

alter table private.settings enable row level security;
alter table private.settings force row level security;
alter table private.keys enable row level security;
alter table private.keys force row level security;
revoke all on private.settings, private.keys
  from public, anon, authenticated, service_role, prompt_writer, prompt_exporter;

grant usage on schema public, private, extensions to prompt_maintainer;
grant select on private.settings, private.keys to prompt_maintainer;

create policy "The keeper reads what it was told"
  on private.settings for select to prompt_maintainer
  using (true);
create policy "The keeper reads its keys"
  on private.keys for select to prompt_maintainer
  using (true);

-- The text that copies share: as the model normalises it, and without capitals (A to Z).
create function private.normalise(raw text) returns text
language sql immutable
set search_path = ''
as $$
  select lower(btrim(regexp_replace(
    regexp_replace(
      normalize(raw, nfkc),
      '[\u0001-\u0008\u000e-\u001f\u007f-\u009f\u200b\u2060\ufeff]', '', 'g'
    ),
    '[\u0009-\u000d\u0020\u1680\u2028\u2029]+', ' ', 'g'
  )) collate "C")
$$;

-- The keyed hash by which copies of a text are found.
create function private.text_key(raw text) returns bytea
language sql stable
set search_path = ''
as $$
  select substring(
    extensions.hmac(convert_to(private.normalise(raw), 'UTF8'), text_key, 'sha256') from 1 for 16
  )
  from private.keys
$$;

-- The keyed hash of a user's id: what is left where the id itself must not be kept.
create function private.user_key(user_id uuid) returns bytea
language sql stable
set search_path = ''
as $$
  select extensions.hmac(uuid_send(user_id), user_key, 'sha256') from private.keys
$$;

revoke all on function
  private.normalise(text), private.text_key(text), private.user_key(uuid)
from public, anon, authenticated, service_role;
grant execute on function
  private.normalise(text), private.text_key(text), private.user_key(uuid)
to prompt_maintainer;
