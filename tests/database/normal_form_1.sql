-- The functions of the normal form before version 2.

create or replace function private.visible_text(raw text) returns text
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

create or replace function private.normalise_text(raw text) returns text
language sql immutable
set search_path = ''
as $$
  select lower(private.visible_text(raw) collate "C")
$$;
