-- Two people who sent the same text may be erased at the same time. Neither is then one of the others
-- for whom its line stays.

grant prompt_maintainer to postgres;
grant create on schema private to prompt_maintainer;

-- Which lines of an object are about somebody: [row, text, how many rows of others say the same text
-- there, how many others]. Others who were erased do not count.
create or replace function private.list_user_lines(person uuid, of_bucket text, of_key text) returns json
language sql stable
security definer
set search_path = ''
as $$
  with held as (
    select log_id, noted.user_keys[owner] as user_key, text_key from public.exported_rows noted,
      unnest(noted.log_ids, noted.owners, noted.text_keys) as listed (log_id, owner, text_key)
    where noted.bucket = of_bucket and noted.key = of_key
  ), theirs as (
    select log_id, text_key from held where user_key = private.user_key(person)
  ), others as (
    select text_key, count(distinct log_id) as rows, count(distinct user_key) as people
    from held
    where user_key <> private.user_key(person)
      and text_key in (select text_key from theirs)
      and not exists (select from private.tombstones dead where dead.user_key = held.user_key)
    group by text_key
  )
  select coalesce(json_agg(json_build_array(
    log_id, encode(text_key, 'hex'), coalesce(rows, 0), coalesce(people, 0)
  )), '[]')
  from theirs left join others using (text_key)
$$;

revoke create on schema private from prompt_maintainer;
revoke prompt_maintainer from postgres;
