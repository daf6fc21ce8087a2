-- Settings of review and retention, and the secrets of keyed hashes.

-- One row, edited in the dashboard (schema `private`).
create table private.settings (
  only_row boolean not null default true,
  review_threshold double precision not null default 0.7,
  min_scope double precision not null default 0.5,
  audit_rate double precision not null default 0.05,
  audit_wait_days integer not null default 14,
  min_queue_items integer not null default 20,
  context_messages integer not null default 2,
  second_opinion_rate double precision not null default 0.05,
  daily_cap integer not null default 50,
  row_retention_days integer not null default 90,
  label_retention_days integer not null default 730,
  spool_retention_days integer not null default 14,
  retention_batch_rows integer not null default 500,

  constraint settings_pkey primary key (only_row),
  constraint settings_have_one_row check (only_row),
  constraint review_threshold_is_a_probability check (review_threshold between 0 and 1),
  constraint min_scope_is_a_probability check (min_scope between 0 and 1),
  constraint audit_rate_is_a_probability check (audit_rate between 0 and 1),
  constraint audit_wait_days_are_positive check (audit_wait_days > 0),
  constraint min_queue_items_are_0_to_1000 check (min_queue_items between 0 and 1000),
  constraint context_messages_are_0_to_2 check (context_messages between 0 and 2),
  constraint second_opinion_rate_is_a_probability check (second_opinion_rate between 0 and 1),
  constraint daily_cap_is_positive check (daily_cap > 0),
  constraint row_retention_days_are_positive check (row_retention_days > 0),
  constraint label_retention_is_at_least_row_retention
    check (label_retention_days >= row_retention_days),
  constraint spool_retention_days_are_positive check (spool_retention_days > 0),
  -- A batch locks each of its texts, and the server has a few thousand locks.
  constraint retention_batch_rows_are_1_to_2000 check (retention_batch_rows between 1 and 2000)
);

comment on table private.settings is 'Settings of review and retention.';
comment on column private.settings.only_row is 'Always true: the table has one row.';
comment on column private.settings.review_threshold is
  'A message predicted with a lower confidence waits for review.';
comment on column private.settings.min_scope is
  'A message with a lower scope waits for review as out of scope, unless its intent is `unknown` with confidence.';
comment on column private.settings.audit_rate is
  'The probability with which each message within the daily cap is drawn for the audit, whatever its prediction.';
comment on column private.settings.audit_wait_days is
  'After so many days, an audited message that reviewers passed over no longer holds up the figures of the audit.';
comment on column private.settings.min_queue_items is
  'While fewer texts wait for review, random texts without a decision enter the queue. 0: none do.';
comment on column private.settings.context_messages is
  'How many earlier messages of the conversation the console shows with a message, redacted as it is: 0, 1 or 2.';
comment on column private.settings.second_opinion_rate is
  'The share of texts that the console shows to a second reviewer as if nobody had decided them.';
comment on column private.settings.daily_cap is
  'How many messages per user and day (UTC) may enter the review queue and the datasets: the first ones.';
comment on column private.settings.row_retention_days is
  'The age in days at which a captured row is deleted.';
comment on column private.settings.label_retention_days is
  'How many days after its latest row was deleted a retained text is deleted. Records of exports are deleted at this age, too.';
comment on column private.settings.spool_retention_days is
  'How many days a captured row may wait in the spool: the retention of the spool''s queue. Deferred changes are kept for twice as long.';
comment on column private.settings.retention_batch_rows is
  'The maximum number of rows that one batch of the retention, or one step of an erasure, removes.';

insert into private.settings default values;

-- How many rows the next batch has, by the time that this one took: others wait for its locks.
create function private.next_batch_rows(batch_rows integer, duration interval) returns integer
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select least(retention_batch_rows, case
      when duration > interval '100 milliseconds' then greatest(10, batch_rows / 2)
      when duration < interval '50 milliseconds' then 2 * batch_rows
      else batch_rows
    end) from private.settings
  );
end
$$;

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

-- The version of the normal form below. Under another version, a text may have another text key and another
-- split: see 14_normal_form.sql. `NORMAL_FORM_VERSION` in Python is the same number.
create function private.normal_form_version() returns integer
language sql immutable
set search_path = ''
as $$
  select 2
$$;

-- PostgreSQL's `normalize`, but for an error: it takes U+11A7, the character before the trailing consonants of Hangul,
-- for one of them, and drops it after a syllable. It composes with nothing, so what is before and after it
-- can be normalised apart.
create function private.compose_text(raw text, form text) returns text
language plpgsql immutable
set search_path = ''
as $$
begin
  if position(U&'\11A7' in raw) = 0 then
    return pg_catalog.normalize(raw, form);
  end if;
  return (
    select string_agg(pg_catalog.normalize(part, form), U&'\11A7' order by number)
    from unnest(string_to_array(raw, U&'\11A7')) with ordinality as parts (part, number)
  );
end
$$;

-- A text as a reader sees it, normalised as for the model: no invisible characters, single spaces, at most
-- 4,000 characters. `normalise` in Python returns the same, with the same literals and limits, and says more.
--
-- Whatever the characters are, the time grows with the length of the text alone. Composition would sort a run of
-- combining marks in a time that grows with the square of its length, and expand U+FDFA to 18 characters.
create function private.visible_text(raw text) returns text
language plpgsql immutable
set search_path = ''
as $$
declare
  hidden constant text :=
    '\u0001-\u0008\u000E-\u001F\u007F-\u009F\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F'
    '\u200B\u200C\u200E\u200F\u202A-\u202E\u2060-\u206F\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF0-\uFFFB'
    '\U0001BCA0-\U0001BCA3\U0001D173-\U0001D17A\U000E0000-\U000E0061\U000E0080-\U000E0FFF';
  joiners constant text := '\u200D\U000E0062-\U000E007F';
  emoji constant text := '\u2194\u2195\u2600-\u27BF\u2B1B\U0001F300-\U0001FAFF';
  flag constant text :=
    '\U0001F3F4\U000E0067\U000E0062(?:\U000E0065\U000E006E\U000E0067|\U000E0073\U000E0063\U000E0074'
    '|\U000E0077\U000E006C\U000E0073)\U000E007F';
  marks constant text :=
    '\u0300-\u034E\u0350-\u036F\u0483-\u0487\u0591-\u05BD\u05BF\u05C1\u05C2\u05C4\u05C5\u05C7'
    '\u0610-\u061A\u064B-\u065F\u0670\u06D6-\u06DC\u06DF-\u06E4\u06E7\u06E8\u06EA-\u06ED\u0711'
    '\u0730-\u074A\u07EB-\u07F3\u07FD\u0816-\u0819\u081B-\u0823\u0825-\u0827\u0829-\u082D'
    '\u0859-\u085B\u0897-\u089F\u08CA-\u08E1\u08E3-\u08FF\u093C\u094D\u0951-\u0954\u09BC\u09CD'
    '\u09FE\u0A3C-\u0A4D\u0ABC\u0ACD\u0B3C\u0B4D\u0BCD\u0C3C\u0C4D-\u0C56\u0CBC\u0CCD'
    '\u0D3B\u0D3C\u0D4D\u0DCA\u0E38-\u0E3A\u0E48-\u0E4B\u0EB8-\u0EBA\u0EC8-\u0ECB\u0F18\u0F19'
    '\u0F35\u0F37\u0F39\u0F71-\u0F84\u0F86\u0F87\u0FC6\u1037-\u103A\u108D\u135D-\u135F'
    '\u1714\u1715\u1734\u17D2\u17DD\u18A9\u1939-\u193B\u1A17\u1A18\u1A60-\u1A7F\u1AB0-\u1AEB'
    '\u1B34-\u1B44\u1B6B-\u1B73\u1BAA\u1BAB\u1BE6-\u1BF3\u1C37\u1CD0-\u1CD2\u1CD4-\u1CE8\u1CED'
    '\u1CF4\u1CF8\u1CF9\u1DC0-\u1DFF\u20D0-\u20F0\u2CEF-\u2CF1\u2D7F\u2DE0-\u2DFF\u302A-\u302F'
    '\u3099\u309A\uA66F\uA674-\uA67D\uA69E\uA69F\uA6F0\uA6F1\uA806\uA82C\uA8C4\uA8E0-\uA8F1'
    '\uA92B-\uA92D\uA953\uA9B3-\uA9C0\uAAB0\uAAB2-\uAAB4\uAAB7\uAAB8\uAABE\uAABF\uAAC1\uAAF6'
    '\uABED\uFB1E\uFE20-\uFE2F\uFF9E\uFF9F\U000101FD\U000102E0\U00010376-\U0001037A'
    '\U00010A0D-\U00010A0F\U00010A38-\U00010A3F\U00010AE5\U00010AE6\U00010D24-\U00010D27'
    '\U00010D69-\U00010D6D\U00010EAB\U00010EAC\U00010EFA-\U00010EFF\U00010F46-\U00010F50'
    '\U00010F82-\U00010F85\U00011046\U00011070\U0001107F\U000110B9\U000110BA'
    '\U00011100-\U00011102\U00011133\U00011134\U00011173\U000111C0\U000111CA'
    '\U00011235\U00011236\U000112E9\U000112EA\U0001133B\U0001133C\U0001134D'
    '\U00011366-\U00011374\U000113CE-\U000113D0\U00011442-\U00011446\U0001145E'
    '\U000114C2\U000114C3\U000115BF\U000115C0\U0001163F\U000116B6\U000116B7\U0001172B'
    '\U00011839\U0001183A\U0001193D\U0001193E\U00011943\U000119E0\U00011A34\U00011A47\U00011A99'
    '\U00011C3F\U00011D42-\U00011D45\U00011D97\U00011F41\U00011F42\U0001612F'
    '\U00016AF0-\U00016AF4\U00016B30-\U00016B36\U00016FF0\U00016FF1\U0001BC9E'
    '\U0001D165-\U0001D169\U0001D16D-\U0001D172\U0001D17B-\U0001D182\U0001D185-\U0001D18B'
    '\U0001D1AA-\U0001D1AD\U0001D242-\U0001D244\U0001E000-\U0001E02A\U0001E08F'
    '\U0001E130-\U0001E136\U0001E2AE\U0001E2EC-\U0001E2EF\U0001E4EC-\U0001E4EF'
    '\U0001E5EE\U0001E5EF\U0001E6E3\U0001E6E6\U0001E6EE\U0001E6EF\U0001E6F5'
    '\U0001E8D0-\U0001E8D6\U0001E944-\U0001E94A';
  pile_of_marks constant text := '[' || marks || ']{31,}';
  visible text := regexp_replace(raw, '[' || hidden || ']+', '', 'g');
  without_joiners text;
  composed text;
begin
  if visible ~ ('[' || joiners || ']') then
    without_joiners := regexp_replace(visible, '[' || joiners || ']+', '', 'g');
    -- Where they stay costs much more to determine than to remove them all.
    visible := case
      when char_length(visible) - char_length(without_joiners) > 100 then without_joiners
      else regexp_replace(
        visible,
        '([' || emoji || '])(\u200D)(?=[' || emoji || '])|(' || flag || ')|[' || joiners || ']+',
        '\1\2\3', 'g'
      )
    end;
  end if;

  if octet_length(visible) > char_length(visible) then  -- not ASCII
    if position(U&'\FDFA' in visible) > 0 then
      visible := array_to_string((string_to_array(visible, U&'\FDFA'))[1:201], U&'\FDFA');
    end if;
    visible := private.compose_text(regexp_replace(visible, pile_of_marks, '', 'g'), 'NFKC');
  end if;

  -- An emoji or a flag at the cut would be incomplete.
  if char_length(visible) > 4000 then
    visible := regexp_replace(left(visible, 4000), '[ ' || joiners || ']+$', '');
  end if;

  if octet_length(visible) > char_length(visible) then
    -- A character may decompose to several marks, and what stood around them may compose.
    composed := regexp_replace(visible, pile_of_marks, '', 'g');
    if composed <> visible then
      visible := private.compose_text(composed, 'NFC');
    end if;
  end if;
  return btrim(regexp_replace(visible, '[\u0009-\u000d\u0020\u1680\u2028\u2029]+', ' ', 'g'));
end
$$;

-- The form that copies of a text share: as a reader sees it, with A to Z in lower case.
create function private.normalise_text(raw text) returns text
language plpgsql immutable
set search_path = ''
as $$
declare
  visible text := private.visible_text(raw);
  lowered text := lower(visible collate "C");
begin
  -- Some letters form one character with a mark only in lower case.
  if lowered <> visible and octet_length(lowered) > char_length(lowered) then
    return private.compose_text(lowered, 'NFC');
  end if;
  return lowered;
end
$$;

-- The text key: a keyed hash that identifies all copies of a text. It has 16 bytes, so that exports can
-- write it as a UUID.
create function private.text_key(raw text) returns bytea
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select substring(
      extensions.hmac(convert_to(private.normalise_text(raw), 'UTF8'), text_key_secret, 'sha256')
      from 1 for 16
    )
    from private.keys
  );
end
$$;

-- The user key: a keyed hash that stands in for a user's id where the id must not be stored.
create function private.user_key(user_id uuid) returns bytea
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select extensions.hmac(uuid_send(user_id), user_key_secret, 'sha256') from private.keys
  );
end
$$;

-- The form in which names are compared, everywhere: `Grace` and `grace` are one person. It is the same whatever the
-- database's locale, which knows only the letters A to Z where it is `C`. Composed, as in `normalise_text`.
create function private.fold_name(name text) returns text
language plpgsql immutable strict
set search_path = ''
as $$
begin
  return private.compose_text(lower(name collate "und-x-icu") collate "C", 'NFC');
end
$$;

-- The pseudonym that replaces the name of an erased reviewer or operator. `Grace` and `grace` have the same.
create function private.pseudonym(name text) returns text
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select 'erased-' || left(
      encode(extensions.hmac(convert_to(private.fold_name(name), 'UTF8'), user_key_secret, 'sha256'), 'hex'), 12
    ) from private.keys
  );
end
$$;
