-- Alerts: what the function `monitor` found, and who handled it. The rules are in Python
-- (shared/python/prompt_capture/domain/monitoring/), on counts by day that this file returns.

-- An alert is one event: it is opened once, however often its rule fires while it is open, and resolved when the
-- rule no longer fires.
create table public.alerts (
  id bigint generated always as identity,
  rule text not null,
  subject text not null default '',
  since timestamptz not null,
  summary text not null,
  evidence jsonb not null default '{}',
  runbook text not null,
  opened_at timestamptz not null default clock_timestamp(),
  last_seen_at timestamptz not null default clock_timestamp(),
  notified_at timestamptz,
  acknowledged_at timestamptz,
  acknowledged_by text,
  muted_until timestamptz,
  muted_by text,
  resolved_at timestamptz,

  constraint alerts_pkey primary key (id),
  constraint rule_is_a_name check (rule ~ '^[a-z][a-z_]{0,99}$'),
  constraint subject_has_at_most_2000_characters check (char_length(subject) <= 2000),
  constraint summary_has_1_to_2000_characters check (char_length(summary) between 1 and 2000),
  constraint evidence_of_an_alert_is_an_object check (jsonb_typeof(evidence) = 'object'),
  constraint evidence_of_an_alert_has_at_most_10000_bytes check (octet_length(evidence::text) <= 10000),
  constraint runbook_is_a_page_of_the_documentation
    check (runbook ~ '^docs/[a-z/-]+\.md#[a-z0-9-]+$' and char_length(runbook) <= 200),
  constraint an_acknowledgement_has_its_operator check (num_nonnulls(acknowledged_at, acknowledged_by) in (0, 2)),
  constraint acknowledged_by_has_1_to_200_characters check (char_length(acknowledged_by) between 1 and 200),
  constraint muted_by_has_1_to_200_characters check (char_length(muted_by) between 1 and 200)
);

comment on table public.alerts is
  'Events that the rules of the monitor found. They hold counts and the names of intents, models and exports: no text and no sender.';
comment on column public.alerts.id is 'In the order of opening.';
comment on column public.alerts.rule is 'The rule that fired.';
comment on column public.alerts.subject is 'What it fired for, such as an intent. Empty: all messages.';
comment on column public.alerts.since is 'Since when what it found holds, as far as the counts show.';
comment on column public.alerts.summary is 'What was seen, with its figures.';
comment on column public.alerts.evidence is 'The figures by name.';
comment on column public.alerts.runbook is 'What to do: a section of the documentation.';
comment on column public.alerts.opened_at is 'When the rule first fired.';
comment on column public.alerts.last_seen_at is 'When the rule fired most recently.';
comment on column public.alerts.notified_at is 'When it was sent to the topic. Null: not yet, or muted.';
comment on column public.alerts.acknowledged_at is 'When somebody took it over.';
comment on column public.alerts.acknowledged_by is
  'Who took it over: a user''s id, a name, or the pseudonym of an erased operator.';
comment on column public.alerts.muted_until is
  'Until then, neither this alert nor another one of the same rule and subject is sent to the topic.';
comment on column public.alerts.muted_by is 'Who muted it: as acknowledged_by.';
comment on column public.alerts.resolved_at is 'When the rule no longer fired. Null: open.';

-- One open alert for each rule and subject.
create unique index alerts_open on public.alerts (rule, subject) where resolved_at is null;
create index alerts_muted on public.alerts (rule, subject, muted_until) where muted_until is not null;

-- Estimates would outlive the erasure of an operator.
alter table public.alerts
  alter column acknowledged_by set statistics 0,
  alter column muted_by set statistics 0;

alter table public.alerts enable row level security;
alter table public.alerts force row level security;

create policy "The maintainer reads every alert"
  on public.alerts for select to prompt_maintainer using (true);
create policy "The maintainer opens an alert"
  on public.alerts for insert to prompt_maintainer with check (true);
create policy "The maintainer updates an alert"
  on public.alerts for update to prompt_maintainer using (true) with check (true);

set role prompt_maintainer;

-- What the rules read ---------------------------------------------------------------------------------

-- Counts of complete days, messages within the daily caps alone: no single sender moves them far. Of each day and
-- intent: [day, intent, messages, with an outcome, failed, with a scope, out of scope]. Of each day before the cut-off
-- of the audit: [day, decided, correct]. Of each of the last 840 hours, the present one last: messages.
create function private.read_monitoring(days integer) returns jsonb
language plpgsql stable
security definer
set search_path = ''
as $$
declare
  settings private.settings;
  today constant date := (now() at time zone 'UTC')::date;
  first_day constant date := today - least(greatest(coalesce(days, 400), 1), 800);
  this_hour constant timestamptz := date_trunc('hour', now());
begin
  select * into strict settings from private.settings;
  return jsonb_build_object(
    'at', now(),
    'counted_at', (select counted_at from private.monitoring),
    'first_day', first_day,
    'audits_complete_before', private.audits_complete_before(),
    'audit_wait_days', settings.audit_wait_days,
    'intents', (
      select coalesce(jsonb_agg(jsonb_build_array(
        day, predicted_intent, messages, with_outcome, failed, with_scope, out_of_scope
      ) order by day, predicted_intent), '[]')
      from (
        select day, predicted_intent, sum(messages) as messages,
          coalesce(sum(messages) filter (where outcome <> 'unknown'), 0) as with_outcome,
          coalesce(sum(messages) filter (where outcome = 'failed'), 0) as failed,
          coalesce(sum(messages) filter (where scope_band >= 0), 0) as with_scope,
          coalesce(sum(messages) filter (where is_out_of_scope), 0) as out_of_scope
        from public.daily_counts
        where day >= first_day and day < today and within_daily_cap
        group by day, predicted_intent
      ) as by_intent
    ),
    'audits', (
      select coalesce(jsonb_agg(jsonb_build_array(day, decided, correct) order by day), '[]')
      from (
        select day, sum(messages) as decided,
          coalesce(sum(messages) filter (where label = predicted_intent), 0) as correct
        from public.daily_audits
        where label <> '' and day >= first_day
          and day < (private.audits_complete_before() at time zone 'UTC')::date
        group by day
      ) as by_day
    ),
    'hours', (
      select jsonb_agg(coalesce(messages, 0) order by hour)
      from generate_series(this_hour - interval '839 hours', this_hour, interval '1 hour') as hours (hour)
      left join (
        select date_trunc('hour', created_at) as hour, count(*) as messages
        from public.nlu_prompt_logs where created_at >= this_hour - interval '839 hours'
        group by 1
      ) as counted using (hour)
    ),
    'last_message_at', (select max(created_at) from public.nlu_prompt_logs),
    'spooled_since', (select spooled_since from private.monitoring),
    'backlog', (
      select jsonb_build_object(
        'waiting', count(*), 'audits_waiting', count(*) filter (where 'random_audit' = any (reasons)),
        'oldest_waiting_since', min(waiting_since)
      )
      from public.review_queue
      where rank < private.rank_when_decided() and waiting_since is not null and reasons <> array['random_fill']
    ),
    'tasks', private.list_tasks()
  );
end
$$;

create function private.show_alert(alert public.alerts) returns jsonb
language sql stable
set search_path = ''
as $$
  select to_jsonb(alert) || jsonb_build_object('state', case
    when alert.resolved_at is not null then 'resolved'
    when alert.muted_until > now() then 'muted'
    when alert.acknowledged_at is not null then 'acknowledged'
    else 'open'
  end)
$$;

-- Recording -------------------------------------------------------------------------------------------

-- Whoever changes several alerts locks them first, in the order of their numbers.
create function private.lock_alerts(ids bigint[]) returns void
language plpgsql
set search_path = ''
as $$
begin
  perform from public.alerts where id = any (ids) order by id for update;
end
$$;

-- Opens an alert for each finding that has no open one, updates the others, and resolves those whose rule was
-- evaluated and did not fire. Returns the open alerts that were neither sent nor muted. `observed` is what the monitor
-- saw outside the database: the number of prompts in the spool (`spooled`; null: it could not be asked), and the
-- package that is deployed (`package`).
create function private.record_alerts(findings jsonb, rules text[], observed jsonb default '{}') returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- One evaluation at a time.
  perform from private.monitoring for update;
  -- The muted ones, too: a new alert takes over who muted it, whom an erasure may be replacing.
  perform private.lock_alerts(array(
    select id from public.alerts where resolved_at is null or muted_until > now()
  ));

  update public.alerts set resolved_at = clock_timestamp()
  where resolved_at is null and rule = any (rules) and (rule, subject) not in (
    select finding ->> 'rule', coalesce(finding ->> 'subject', '') from jsonb_array_elements(findings) as finding
  );
  insert into public.alerts (rule, subject, since, summary, evidence, runbook, muted_until, muted_by)
  select found.rule, coalesce(found.subject, ''), found.since, found.summary, coalesce(found.evidence, '{}'),
    found.runbook, muted.muted_until, muted.muted_by
  from jsonb_to_recordset(findings) as found (
    rule text, subject text, since timestamptz, summary text, evidence jsonb, runbook text
  )
  left join lateral (
    select earlier.muted_until, earlier.muted_by from public.alerts earlier
    where earlier.rule = found.rule and earlier.subject = coalesce(found.subject, '') and earlier.muted_until > now()
    order by earlier.muted_until desc limit 1
  ) as muted on true
  on conflict (rule, subject) where resolved_at is null do update
  set last_seen_at = clock_timestamp(), summary = excluded.summary, evidence = excluded.evidence;

  update private.monitoring set evaluated_at = clock_timestamp(), spooled_since = case
    when (observed ->> 'spooled')::bigint > 0 then coalesce(spooled_since, clock_timestamp())
    when (observed ->> 'spooled')::bigint = 0 then null
    else spooled_since
  end;
  insert into private.deployments (package)
  select observed ->> 'package'
  where observed ->> 'package' is distinct from (select package from private.deployments order by id desc limit 1)
    and observed ->> 'package' is not null;
  return (
    select coalesce(jsonb_agg(private.show_alert(alerts) order by id), '[]') from public.alerts
    where resolved_at is null and notified_at is null and (muted_until is null or muted_until < now())
  );
end
$$;

create function private.mark_alerts_as_sent(ids bigint[]) returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.lock_alerts(ids);
  update public.alerts set notified_at = clock_timestamp() where id = any (ids) and notified_at is null;
end
$$;

-- Handling --------------------------------------------------------------------------------------------

-- The alerts, the newest first: those that are open, or all.
create function private.list_alerts(with_resolved boolean, max_alerts integer) returns jsonb
language plpgsql stable
security definer
set search_path = ''
as $$
begin
  perform private.refuse_strangers();
  return (
    select coalesce(jsonb_agg(private.show_alert(listed) order by id desc), '[]') from (
      select * from public.alerts where with_resolved or resolved_at is null
      order by id desc limit least(greatest(max_alerts, 1), 10000)
    ) as listed
  );
end
$$;

-- Who handles an alert: a signed-in user signs with the account, and a viewer handles none. Waits for the deletion of
-- an account that is under way.
create function private.alert_operator(actor text) returns text
language plpgsql
set search_path = ''
as $$
declare
  operator text;
begin
  if private.is_console_request() then
    operator := private.require_console_role('reviewer', 'operator');
  else
    operator := private.reviewer_name(actor);
  end if;
  if operator is null or char_length(operator) > 200 or private.is_reserved_reviewer(operator) then
    raise exception 'The name of the operator is empty, reserved, or has more than 200 characters.'
      using errcode = 'check_violation', hint = 'Name who decides. Reserved: dashboard, legacy, erased-...';
  end if;
  perform private.lock_edits_shared();
  perform private.refuse_erased_reviewer(operator);
  return operator;
end
$$;

create function private.find_open_alert(p_id bigint) returns void
language plpgsql stable
set search_path = ''
as $$
begin
  if not exists (select from public.alerts where id = p_id) then
    raise exception 'There is no alert with this number.' using errcode = 'PT404', hint = 'List the alerts.';
  end if;
  if exists (select from public.alerts where id = p_id and resolved_at is not null) then
    raise exception 'The alert is resolved.' using errcode = 'PT409', hint = 'There is nothing left to do.';
  end if;
end
$$;

-- Takes an alert over. The first operator who does so stays.
create function private.acknowledge_alert(p_id bigint, actor text) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  operator text := private.alert_operator(actor);
begin
  perform private.find_open_alert(p_id);
  update public.alerts set acknowledged_at = clock_timestamp(), acknowledged_by = operator
  where id = p_id and acknowledged_at is null;
  return (select private.show_alert(alerts) from public.alerts where id = p_id);
end
$$;

-- Sends nothing about the rule and the subject of an alert until a time, at most a year ahead. A time that has
-- passed ends it.
create function private.mute_alert(p_id bigint, until timestamptz, actor text) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  operator text := private.alert_operator(actor);
begin
  perform private.find_open_alert(p_id);
  if until is null or until > now() + interval '366 days' then
    raise exception 'An alert is muted until a time, at most a year ahead.'
      using errcode = 'check_violation', hint = 'Name an earlier time.';
  end if;
  update public.alerts set muted_until = until, muted_by = operator where id = p_id;
  return (select private.show_alert(alerts) from public.alerts where id = p_id);
end
$$;

-- Erasure ---------------------------------------------------------------------------------------------

-- Replaces an operator's name by a pseudonym; returns how many alerts changed.
create function private.replace_alert_operator(name text) returns integer
language plpgsql
set search_path = ''
as $$
declare
  pseudonym constant text := private.pseudonym(name);
  changed integer;
begin
  perform private.lock_alerts(array(
    select id from public.alerts where private.fold_name(name) in (private.fold_name(acknowledged_by), private.fold_name(muted_by))
  ));
  update public.alerts
  set acknowledged_by = case when private.fold_name(acknowledged_by) = private.fold_name(name) then pseudonym else acknowledged_by end,
    muted_by = case when private.fold_name(muted_by) = private.fold_name(name) then pseudonym else muted_by end
  where private.fold_name(name) in (private.fold_name(acknowledged_by), private.fold_name(muted_by));
  get diagnostics changed = row_count;
  return changed;
end
$$;

-- Does it for an operator who is known by a name. The name is cleaned as where it was recorded.
create function private.pseudonymise_alert_operator(name text) returns integer
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.lock_names();
  return private.replace_alert_operator(private.reviewer_name(name));
end
$$;

-- At the end of an erasure: the user may have handled alerts. Whoever handles one later finds the tombstone.
create function private.pseudonymise_erased_alert_operator() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.replace_alert_operator(operators.name) from (
    select acknowledged_by as name from public.alerts where private.is_user_id(acknowledged_by)
    union
    select muted_by from public.alerts where private.is_user_id(muted_by)
  ) as operators
  where private.user_key(operators.name::uuid) = new.user_key;
  return null;
end
$$;

set role postgres;

create trigger after_20_pseudonymise_alert_operator after update of erased_at on private.tombstones
  for each row execute function private.pseudonymise_erased_alert_operator();

-- Entry points. They run with the caller's rights. Signed-in users have none to `private`: the functions for them have
-- parsed bodies (`begin atomic`), which name no schema when they run. ----------------------------------------------------

create function public.read_monitoring(days integer default 400) returns jsonb
language sql stable
set search_path = ''
as $$
  select private.read_monitoring(days)
$$;
comment on function public.read_monitoring(integer) is
  'Returns the counts that the rules of the alerts read: no text and no user.';

create function public.record_alerts(findings jsonb, rules text[], observed jsonb default '{}') returns jsonb
language sql
set search_path = ''
as $$
  select private.record_alerts(findings, rules, observed)
$$;
comment on function public.record_alerts(jsonb, text[], jsonb) is
  'Opens, updates and resolves alerts after the rules were evaluated. Returns those to send.';

create function public.mark_alerts_as_sent(ids bigint[]) returns void
language sql
set search_path = ''
as $$
  select private.mark_alerts_as_sent(ids)
$$;
comment on function public.mark_alerts_as_sent(bigint[]) is 'Records that alerts were sent to the topic.';

create function public.list_alerts(with_resolved boolean default false, max_alerts integer default 100) returns jsonb
language sql stable
set search_path = ''
begin atomic
  select private.list_alerts(with_resolved, max_alerts);
end;
comment on function public.list_alerts(boolean, integer) is 'Returns the open alerts, or all, the newest first.';

create function public.acknowledge_alert(id bigint, actor text default null) returns jsonb
language sql
set search_path = ''
begin atomic
  select private.acknowledge_alert(id, actor);
end;
comment on function public.acknowledge_alert(bigint, text) is
  'Takes an open alert over. Signed-in users sign with their account, whatever actor says.';

create function public.mute_alert(id bigint, until timestamptz, actor text default null) returns jsonb
language sql
set search_path = ''
begin atomic
  select private.mute_alert(id, until, actor);
end;
comment on function public.mute_alert(bigint, timestamptz, text) is
  'Sends nothing about the rule and subject of an open alert until a time.';
