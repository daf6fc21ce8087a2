-- Settings of review and retention, and the secrets of keyed hashes.

-- One row, edited in the dashboard (schema `private`).
create table private.settings (
  only_row boolean not null default true,
  review_threshold double precision not null default 0.7,
  min_scope double precision not null default 0.5,
  audit_rate double precision not null default 0.02,
  daily_cap integer not null default 50,
  row_retention_days integer not null default 90,
  label_retention_days integer not null default 730,
  spool_retention_days integer not null default 14,
  retention_batch_rows integer not null default 500,

  constraint settings_pkey primary key (only_row),
  constraint settings_have_one_row check (only_row),
  constraint review_threshold_is_a_probability check (review_threshold between 0 and 1),
  constraint min_scope_is_a_probability check (min_scope between 0 and 1),
  constraint audit_rate_is_below_1 check (audit_rate >= 0 and audit_rate < 1),
  constraint daily_cap_is_positive check (daily_cap > 0),
  constraint row_retention_days_are_positive check (row_retention_days > 0),
  constraint label_retention_is_at_least_row_retention
    check (label_retention_days >= row_retention_days),
  constraint spool_retention_days_are_positive check (spool_retention_days > 0),
  constraint retention_batch_rows_are_1_to_10000 check (retention_batch_rows between 1 and 10000)
);

comment on table private.settings is 'Settings of review and retention.';
comment on column private.settings.only_row is 'Always true: the table has one row.';
comment on column private.settings.review_threshold is
  'A message predicted with a lower confidence waits for review.';
comment on column private.settings.min_scope is
  'A message with a lower scope waits for review as out of scope.';
comment on column private.settings.audit_rate is
  'The share of confident messages that is drawn for review at random.';
comment on column private.settings.daily_cap is
  'How many messages per user and day (UTC) may enter the review queue and the datasets: the first ones.';
comment on column private.settings.row_retention_days is
  'The age in days at which a captured row is deleted.';
comment on column private.settings.label_retention_days is
  'How many days after its latest row was deleted a retained text is deleted. Records of exports are deleted at this age, too.';
comment on column private.settings.spool_retention_days is
  'How many days a captured row may wait in the spool: the retention of the spool''s queue. Deferred changes are kept for twice as long.';
comment on column private.settings.retention_batch_rows is
  'The maximum number of rows that one batch of the retention deletes.';

insert into private.settings default values;

-- Short texts and known ids can be guessed, so a plain hash would reveal them.
create table private.keys (
  only_row boolean not null default true,
  text_key_secret bytea not null default extensions.gen_random_bytes(32),
  user_key_secret bytea not null default extensions.gen_random_bytes(32),

  constraint keys_pkey primary key (only_row),
  constraint keys_have_one_row check (only_row)
);

comment on table private.keys is
  'The secrets of all keyed hashes. Created once: with a new secret, hashes no longer match earlier ones.';
comment on column private.keys.only_row is 'Always true: the table has one row.';
comment on column private.keys.text_key_secret is 'For text keys (HMAC, SHA-256).';
comment on column private.keys.user_key_secret is 'For user keys and pseudonyms (HMAC, SHA-256).';

insert into private.keys default values;

alter table private.settings enable row level security;
alter table private.settings force row level security;
alter table private.keys enable row level security;
alter table private.keys force row level security;

create policy "The maintainer reads the settings"
  on private.settings for select to prompt_maintainer using (true);
create policy "The maintainer reads the secrets"
  on private.keys for select to prompt_maintainer using (true);

-- A text as a reader sees it, normalised as for the model: no invisible characters, single spaces.
create function private.visible_text(raw text) returns text
language sql immutable
set search_path = ''
as $$
  select btrim(regexp_replace(
    regexp_replace(
      normalize(raw, nfkc),
      '[\u0001-\u0008\u000e-\u001f\u007f-\u009f\u200b\u2060\ufeff]', '', 'g'
    ),
    '[\u0009-\u000d\u0020\u1680\u2028\u2029]+', ' ', 'g'
  ))
$$;

-- The form that copies of a text share: as a reader sees it, with A to Z in lower case.
create function private.normalise_text(raw text) returns text
language sql immutable
set search_path = ''
as $$
  select lower(private.visible_text(raw) collate "C")
$$;

-- The text key: a keyed hash that identifies all copies of a text. It has 16 bytes, so that exports can
-- write it as a UUID.
create function private.text_key(raw text) returns bytea
language sql stable
set search_path = ''
as $$
  select substring(
    extensions.hmac(convert_to(private.normalise_text(raw), 'UTF8'), text_key_secret, 'sha256')
    from 1 for 16
  )
  from private.keys
$$;

-- The user key: a keyed hash that stands in for a user's id where the id must not be stored.
create function private.user_key(user_id uuid) returns bytea
language sql stable
set search_path = ''
as $$
  select extensions.hmac(uuid_send(user_id), user_key_secret, 'sha256') from private.keys
$$;
