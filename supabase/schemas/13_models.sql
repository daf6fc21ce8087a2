-- The registry of models: what was registered, and the model ledger (here, the ledger) of who decided which model
-- serves, when and why.
--
-- The champion is the model that serves. Without one, the packaged model serves. The artifacts themselves are
-- objects in S3: a row holds the SHA-256 of the manifest, and the manifest that of every file.

create function private.longest(texts text[]) returns integer
language plpgsql immutable
set search_path = ''
as $$
begin
  return (select max(char_length(item)) from unnest(texts) as items (item));
end
$$;

-- A registered model never changes.
create table public.models (
  version text not null,
  manifest_sha256 text not null,
  object_version text,
  artifact_url text not null,
  mode text not null,
  seed bigint not null,
  code_version text not null,
  parent text,
  datasets jsonb not null,
  labels text[] not null,
  metrics jsonb not null,
  sample text,
  sample_messages integer,
  size_bytes bigint not null,
  latency_ms jsonb not null,
  catalogue_version text not null,
  registered_by text not null,
  registered_at timestamptz not null default clock_timestamp(),

  constraint models_pkey primary key (version),
  constraint a_manifest_belongs_to_one_model unique (manifest_sha256),
  constraint version_is_part_of_keys_and_headers
    check (version ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$'),
  constraint version_may_be_captured check (version <> 'legacy'),
  constraint manifest_sha256_is_a_sha256 check (manifest_sha256 ~ '^[0-9a-f]{64}$'),
  constraint object_version_is_part_of_a_header
    check (object_version ~ '^[!-~]+$' and char_length(object_version) <= 1024),
  constraint artifact_url_has_1_to_1024_characters check (char_length(artifact_url) between 1 and 1024),
  constraint mode_is_known check (mode in ('head', 'student', 'full')),
  constraint code_version_has_at_most_100_characters check (char_length(code_version) <= 100),
  constraint parent_is_a_version check (parent ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$'),
  constraint datasets_is_an_array check (jsonb_typeof(datasets) = 'array'),
  constraint datasets_name_their_sources check (not jsonb_path_exists(
    datasets, 'strict $[*] ? (
      !(@.source.type() == "string" && @.examples_by_tier.type() == "object")
      || (@.source.type() == "string" && @.examples_by_tier.type() == "object") is unknown
      || @.source == "" || @.source like_regex "^.{250}.{250}." flag "s"
    )', '{}', true
  )),
  constraint datasets_name_manifests_by_their_sha256 check (not jsonb_path_exists(
    datasets, 'strict $[*].keyvalue() ? (
      @.key == "manifest_sha256" && !(@.value == null) && !(@.value like_regex "^[0-9a-f]{64}$")
      || @.key == "manifest_sha256" && !(@.value == null) && (@.value like_regex "^[0-9a-f]{64}$") is unknown
    )', '{}', true
  )),
  constraint datasets_count_their_examples check (not jsonb_path_exists(
    datasets, 'strict $[*].examples_by_tier.* ? (
      @.type() != "number" || @ < 0 || @ > 1000000000000000 || @.floor() != @
    )', '{}', true
  )),
  constraint datasets_have_no_other_fields check (not jsonb_path_exists(
    datasets, 'strict $[*].keyvalue() ? (
      @.key != "source" && @.key != "manifest_sha256" && @.key != "examples_by_tier"
    )', '{}', true
  )),
  constraint datasets_have_at_most_100000_bytes check (octet_length(datasets::text) <= 100000),
  constraint labels_are_1_to_1000 check (cardinality(labels) between 1 and 1000 and array_ndims(labels) = 1),
  constraint labels_have_1_to_100_characters check (
    array_position(labels, null) is null and private.longest(labels) <= 100 and '' <> all (labels)
  ),
  constraint labels_are_distinct
    check (cardinality(labels) = cardinality(private.array_union(labels, '{}'))),
  constraint metrics_is_an_object check (jsonb_typeof(metrics) = 'object'),
  constraint metrics_are_numbers check (not jsonb_path_exists(
    metrics, 'strict $.* ? (@.type() != "number" || @ < -1e300 || @ > 1e300)', '{}', true
  )),
  constraint metrics_have_at_most_100000_bytes check (octet_length(metrics::text) <= 100000),
  constraint metrics_stand_on_a_sample check (sample is not null or metrics = '{}'),
  constraint sample_has_1_to_100_characters check (char_length(sample) between 1 and 100),
  constraint sample_messages_are_not_negative check (sample_messages >= 0),
  constraint size_bytes_are_not_negative check (size_bytes >= 0),
  constraint latency_ms_is_an_object check (jsonb_typeof(latency_ms) = 'object'),
  constraint latency_ms_are_numbers check (not jsonb_path_exists(
    latency_ms, 'strict $.* ? (@.type() != "number" || @ < -1e300 || @ > 1e300)', '{}', true
  )),
  constraint latency_ms_has_at_most_10000_bytes check (octet_length(latency_ms::text) <= 10000),
  constraint catalogue_version_is_a_sha256 check (catalogue_version ~ '^[0-9a-f]{64}$'),
  constraint registered_by_has_1_to_200_characters check (char_length(registered_by) between 1 and 200)
);

-- Estimates would outlive the erasure of an operator.
alter table public.models
  alter column registered_by set statistics 0;

comment on table public.models is
  'The registered models. A row never changes, but for the name of an operator who was erased.';
comment on column public.models.version is
  'The version that captured rows name, and part of object keys and of a response header.';
comment on column public.models.manifest_sha256 is
  'The SHA-256 of the manifest, which holds the SHA-256 of every file of the model.';
comment on column public.models.object_version is
  'The VersionId of the manifest''s object in S3. Null: the bucket keeps no versions.';
comment on column public.models.artifact_url is 'Where the manifest is.';
comment on column public.models.mode is 'What the training fitted: the `head`, the `student`, or both encoders (`full`).';
comment on column public.models.seed is 'The seed of the training.';
comment on column public.models.code_version is 'The version of the code that trained the model.';
comment on column public.models.parent is
  'The version of the model whose encoders the training started from. It may be a packaged one, so it is no foreign key.';
comment on column public.models.datasets is
  'The datasets that the model learned from: [{"source": text, "manifest_sha256": text or null, "examples_by_tier": {tier: count}}].';
comment on column public.models.labels is 'The intents that the model predicts.';
comment on column public.models.metrics is 'The figures of the model by name, as the training measured them on the sample.';
comment on column public.models.sample is 'The fair sample that the metrics stand on. Null: there are no metrics.';
comment on column public.models.sample_messages is 'The number of messages in the sample.';
comment on column public.models.size_bytes is 'The size of all files of the model.';
comment on column public.models.latency_ms is
  'Percentiles of the time for a message, in milliseconds, measured by the publisher: {"p50": number, "p95": number}.';
comment on column public.models.catalogue_version is
  'The version of the catalogue at the registration: see private.catalogue_version.';
comment on column public.models.registered_by is
  'The operator: a user''s id, a name, or the pseudonym of an erased operator.';
comment on column public.models.registered_at is 'Set by the database.';

-- The model ledger. Events are only added.
create table public.model_events (
  id bigint generated always as identity,
  at timestamptz not null default clock_timestamp(),
  kind text not null,
  version text,
  replaced text,
  returned_to bigint,
  actor text not null,
  reason text not null,
  evidence jsonb not null default '{}',

  constraint model_events_pkey primary key (id),
  constraint version_is_registered foreign key (version) references public.models (version),
  constraint replaced_is_registered foreign key (replaced) references public.models (version),
  constraint returned_to_is_an_event foreign key (returned_to) references public.model_events (id),
  constraint kind_is_known check (kind in (
    'registered', 'verdict', 'promoted', 'rolled_back', 'split_started', 'split_changed', 'split_stopped',
    'quarantined'
  )),
  constraint only_a_rollback_has_no_version check (version is not null or kind = 'rolled_back'),
  constraint a_change_of_the_champion_replaces_another_model
    check (version is distinct from replaced and (replaced is null or kind in ('promoted', 'rolled_back'))),
  constraint a_rollback_returns_to_the_promotion_of_its_version check (
    case when kind = 'rolled_back' then (version is null) = (returned_to is null) else returned_to is null end
  ),
  constraint actor_has_1_to_200_characters check (char_length(actor) between 1 and 200),
  constraint reason_has_1_to_2000_characters check (char_length(reason) between 1 and 2000),
  constraint evidence_is_an_object check (jsonb_typeof(evidence) = 'object'),
  -- Numbers of JSON have no limits, and neither have levels: a reader of the ledger might refuse others.
  constraint evidence_has_numbers_that_readers_know check (not jsonb_path_exists(
    evidence, 'strict $.** ? (@.type() == "number" && (@ < -1e300 || @ > 1e300))', '{}', true
  )),
  constraint evidence_has_at_most_20_levels
    check (not jsonb_path_exists(evidence, 'strict $.**{21}', '{}', true)),
  constraint evidence_has_at_most_100000_bytes check (octet_length(evidence::text) <= 100000)
);

alter table public.model_events
  alter column actor set statistics 0,
  alter column reason set statistics 0,
  alter column evidence set statistics 0;

comment on table public.model_events is
  'The model ledger: what happened to which model, when, by whom, why, and on what evidence.';
comment on column public.model_events.id is 'In the order of recording, which is the order of `at`.';
comment on column public.model_events.at is 'Set by the database, in the order of the events.';
comment on column public.model_events.kind is
  '`registered`, `promoted`, `rolled_back` or `quarantined`; `verdict` and `split_...` for comparisons of two models.';
comment on column public.model_events.version is
  'The model that the event is about. In `rolled_back` the model that serves from then on; null: the packaged one.';
comment on column public.model_events.replaced is
  'The champion before a change of the champion. Null: the packaged model.';
comment on column public.model_events.returned_to is
  'In `rolled_back`: the promotion that is in force again. Null: none, so the packaged model serves.';
comment on column public.model_events.actor is
  'The operator: a user''s id, a name, or the pseudonym of an erased operator.';
comment on column public.model_events.reason is 'The operator''s reason.';
comment on column public.model_events.evidence is 'What the decision rests on. It refers to captured rows by their ids.';

-- Changes of the champion, the latest first.
create index model_events_of_the_champion on public.model_events (id desc)
  where kind in ('promoted', 'rolled_back');
create index model_events_by_version on public.model_events (version, id desc);
create index model_events_by_replaced on public.model_events (replaced, id desc);
create index model_events_by_returned_to on public.model_events (returned_to);

-- What every capture reads: the address of the champion, as the ledger says. One row, which a trigger of the ledger
-- maintains, since a capture would otherwise pay for two look-ups in indexes.
create table private.champion (
  only_row boolean not null default true,
  address jsonb not null default '{}',
  header text not null default '{"X-Serving-Model": "{}"}',

  constraint champion_pkey primary key (only_row),
  constraint champion_has_one_row check (only_row)
);

comment on table private.champion is 'The addresses of the models that serve, derived from the ledger and the split.';
comment on column private.champion.only_row is 'Always true: the table has one row.';
comment on column private.champion.address is
  '{"version", "manifest_sha256", "object_version"}, or {} for the packaged model; in a split also `split`, with its secret key.';
comment on column private.champion.header is 'The same as a header of a response of PostgREST.';

insert into private.champion default values;

alter table public.models enable row level security;
alter table public.models force row level security;
alter table public.model_events enable row level security;
alter table public.model_events force row level security;
alter table private.champion enable row level security;
alter table private.champion force row level security;

create policy "The maintainer reads every model"
  on public.models for select to prompt_maintainer using (true);
create policy "The maintainer registers a model"
  on public.models for insert to prompt_maintainer with check (true);
create policy "The maintainer replaces the name of an erased operator of a model"
  on public.models for update to prompt_maintainer using (true) with check (true);

create policy "The maintainer reads the ledger"
  on public.model_events for select to prompt_maintainer using (true);
create policy "The maintainer appends to the ledger"
  on public.model_events for insert to prompt_maintainer with check (true);
create policy "The maintainer replaces the name of an erased operator in the ledger"
  on public.model_events for update to prompt_maintainer using (true) with check (true);

create policy "The maintainer reads which model serves"
  on private.champion for select to prompt_maintainer using (true);
create policy "The maintainer records which model serves"
  on private.champion for update to prompt_maintainer using (true) with check (true);

-- Grants restrict the roles of the API. This restricts the owner of the tables, and with it the dashboard.
create function private.refuse_registry_changes() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  raise exception 'The registry of models cannot be changed by hand.'
    using errcode = 'insufficient_privilege',
      hint = 'Use prompt-capture models: publish, promote, rollback or quarantine.';
end
$$;

create trigger before_90_refuse_changes before insert or update or delete or truncate on public.models
  for each statement when (current_user <> 'prompt_maintainer')
  execute function private.refuse_registry_changes();
create trigger before_90_refuse_changes before insert or update or delete or truncate on public.model_events
  for each statement when (current_user <> 'prompt_maintainer')
  execute function private.refuse_registry_changes();
create trigger before_90_refuse_changes before insert or update or delete or truncate on private.champion
  for each statement when (current_user <> 'prompt_maintainer')
  execute function private.refuse_registry_changes();

-- The state of every model ---------------------------------------------------------------------------

create view public.model_states with (security_invoker = on) as
with champion as (
  select version, at from public.model_events
  where kind in ('promoted', 'rolled_back') order by id desc limit 1
)
select models.version,
  case
    when quarantined_at is not null then 'quarantined'
    when champion.version is not null then 'champion'
    when replaced_at is not null then 'retired'
    else 'candidate'
  end as state,
  coalesce(quarantined_at, champion.at, replaced_at, models.registered_at) as since
from public.models left join champion using (version)
cross join lateral (
  select max(at) as quarantined_at from public.model_events events
  where events.version = models.version and kind = 'quarantined'
) as quarantine
cross join lateral (
  select max(at) as replaced_at from public.model_events events
  where events.replaced = models.version
) as replacement;
comment on view public.model_states is
  'Every model: the champion, a candidate (never promoted), retired (it was the champion) or quarantined, and since when.';

set role prompt_maintainer;

-- What serves ----------------------------------------------------------------------------------------

-- The event that made the champion of a moment serve. Null: no model was promoted before.
create function private.champion_event(moment timestamptz default 'infinity') returns public.model_events
language sql stable
set search_path = ''
as $$
  select events from public.model_events events
  where kind in ('promoted', 'rolled_back') and at <= moment order by id desc limit 1
$$;

create function private.show_model_event(event public.model_events) returns jsonb
language sql stable
set search_path = ''
as $$
  select to_jsonb(event) - 'returned_to' where event.id is not null
$$;

create function private.serving_event(moment timestamptz) returns jsonb
language sql stable
security definer
set search_path = ''
as $$
  select private.show_model_event(private.champion_event(moment))
$$;

create function private.serving_model() returns jsonb
language sql stable
security definer
set search_path = ''
as $$
  select address from private.champion
$$;

-- Where the manifest of a model is. Null for the packaged model.
create function private.model_address(p_version text) returns jsonb
language sql stable
set search_path = ''
as $$
  select jsonb_build_object(
    'version', version, 'manifest_sha256', manifest_sha256, 'object_version', object_version
  ) from public.models where version = p_version
$$;

-- Derives what serves from the ledger and from the split (20_split.sql).
create function private.record_serving() returns void
language plpgsql
set search_path = ''
as $$
declare
  serving jsonb := private.compose_serving();
begin
  update private.champion set address = serving,
    header = jsonb_build_object('X-Serving-Model', serving::text)::text;
end
$$;

create function private.record_champion() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.record_serving();
  return null;
end
$$;

-- Tells the function that captures which model serves, in a header of the response to its insert (`response.headers`
-- is a setting of PostgREST). It needs no right and no further request. Once per transaction; a failure is logged
-- and never fails the capture, nor does the capture wait while somebody holds the table.
create function private.report_serving_model() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  headers text := current_setting('response.headers', true);
begin
  lock table private.champion in access share mode nowait;
  if headers <> '' then
    perform set_config('response.headers', (headers::jsonb || header::jsonb)::text, true) from private.champion;
  else
    perform set_config('response.headers', '[' || header || ']', true) from private.champion;
  end if;
  return new;
exception when others then
  raise log 'The serving model cannot be reported (%).', sqlstate;
  return new;
end
$$;

set role postgres;

create trigger after_10_record_champion after insert on public.model_events
  for each row when (new.kind in ('promoted', 'rolled_back'))
  execute function private.record_champion();

create trigger before_80_report_serving_model before insert on public.nlu_prompt_logs
  for each row
  when (strpos(coalesce(current_setting('response.headers', true), ''), 'X-Serving-Model') = 0)
  execute function private.report_serving_model();

set role prompt_maintainer;

-- Changes of the ledger ------------------------------------------------------------------------------
-- Each takes the lock of the registry first, and reads after it: events are recorded one after another.

-- The version of the catalogue: the SHA-256 of the sorted names of the intents in use, as a JSON list.
create function private.catalogue_version() returns text
language sql stable
set search_path = ''
as $$
  select encode(sha256(convert_to(coalesce(jsonb_agg(intent order by intent collate "C"), '[]')::text, 'UTF8')), 'hex')
  from public.intent_catalogue where retired_at is null or retired_at > now()
$$;

-- Begins a change of the ledger, and returns the name of its operator.
create function private.begin_registry_change(actor text) returns text
language plpgsql
set search_path = ''
as $$
declare
  operator text := private.reviewer_name(actor);
begin
  perform private.lock_model_registry();
  if operator is null or private.is_reserved_reviewer(operator) then
    raise exception 'The name of the operator is empty or reserved.'
      using errcode = 'check_violation', constraint = 'actor_is_a_name',
        hint = 'Set actor to your own name. Reserved: dashboard, legacy, erased-...';
  end if;
  if private.is_former_user(operator) then
    raise exception 'The account of this operator was deleted.'
      using errcode = 'PT403', hint = 'Sign in with another account.';
  end if;
  return operator;
end
$$;

-- A later time than that of the last event, even if the clock was set back.
create function private.next_event_time() returns timestamptz
language plpgsql
set search_path = ''
as $$
begin
  return greatest(
    clock_timestamp(),
    (select at + interval '1 microsecond' from public.model_events order by id desc limit 1)
  );
end
$$;

create function private.append_model_event(
  kind text, version text, operator text, reason text, evidence jsonb,
  replaced text default null, returned_to bigint default null
) returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  event public.model_events;
begin
  insert into public.model_events (at, kind, version, replaced, returned_to, actor, reason, evidence)
  values (
    private.next_event_time(), kind, version, replaced, returned_to, operator, reason, coalesce(evidence, '{}')
  ) returning * into event;
  return private.show_model_event(event);
end
$$;

create function private.is_quarantined(p_version text) returns boolean
language sql stable
set search_path = ''
as $$
  select exists (select from public.model_events where version = p_version and kind = 'quarantined')
$$;

create function private.refuse_unknown_model(p_version text) returns void
language plpgsql
set search_path = ''
as $$
begin
  if not exists (select from public.models where version = p_version) then
    raise exception 'No model with this version is registered.'
      using errcode = 'PT404', hint = 'Publish the model first: prompt-capture models publish.';
  end if;
end
$$;

-- The most models, or events, in a page.
create function private.registry_page_size() returns integer
language sql immutable
set search_path = ''
as $$
  select 200
$$;

-- A page of models with their states, the newest first, or one model. `p_before`: the last version of the page before.
create function private.list_models(p_version text, p_before text default null) returns jsonb
language sql stable
security definer
set search_path = ''
as $$
  with page as (
    select * from public.models
    where (p_version is null or version = p_version) and (
      p_before is null
      or registered_at < (select registered_at from public.models where version = p_before)
    )
    order by registered_at desc limit private.registry_page_size()
  )
  select coalesce(
    jsonb_agg(to_jsonb(page) || jsonb_build_object('state', state) order by registered_at desc), '[]'
  )
  from page join public.model_states using (version)
$$;

-- A page of the ledger, the newest event first, or of the events that name one model. `p_before`: the last id of the
-- page before.
create function private.list_model_events(p_version text, p_before bigint default null) returns jsonb
language sql stable
security definer
set search_path = ''
as $$
  select coalesce(jsonb_agg(private.show_model_event(page) order by id desc), '[]')
  from (
    select * from public.model_events events
    where (p_version is null or p_version in (version, replaced)) and (p_before is null or id < p_before)
    order by id desc limit private.registry_page_size()
  ) as page
$$;

-- Reads the columns of a model. Casts accept more than the type of a column, such as a number as a text, and write what
-- they refuse to the server's log. (Constraints do not: row level security is forced.)
create function private.read_model(columns jsonb) returns public.models
language plpgsql stable
set search_path = ''
as $$
declare
  model public.models;
  is_read boolean := false;
begin
  begin
    model := jsonb_populate_record(null::public.models, columns);
    is_read := jsonb_typeof(columns) = 'object' and not exists (
      select from jsonb_each(columns) as given join jsonb_each(to_jsonb(model)) as read using (key)
      where given.value <> read.value
    );
  exception when data_exception or program_limit_exceeded then
    null;
  end;
  if is_read is not true then
    raise exception 'A column of the model does not have its type.'
      using errcode = 'check_violation', constraint = 'columns_have_their_types',
        hint = 'Send the columns of public.models as a JSON object, each with its type.';
  end if;
  return model;
end
$$;

-- Registers a model as a candidate, and returns it. The same model again changes nothing: the manifest decides
-- whether it is the same.
create function private.register_model(p_model jsonb, p_actor text, p_reason text, p_evidence jsonb) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  operator text := private.begin_registry_change(p_actor);
  model public.models := private.read_model(p_model || jsonb_build_object(
    'catalogue_version', private.catalogue_version(),
    'registered_by', operator,
    'registered_at', private.next_event_time()
  ));
begin
  if exists (
    select from public.models
    where (models.version = model.version) <> (models.manifest_sha256 = model.manifest_sha256)
  ) then
    raise exception 'The version or the manifest belongs to another model.'
      using errcode = 'PT409', hint = 'Train again: a new model has a new version.';
  end if;
  if not exists (select from public.models where version = model.version) then
    insert into public.models select model.*;
    perform private.append_model_event('registered', model.version, operator, p_reason, p_evidence);
  end if;
  return private.list_models(model.version) -> 0;
end
$$;

-- Makes a model the champion, and returns the event. Null: it is the champion already.
create function private.promote_model(
  p_version text, p_actor text, p_reason text, p_evidence jsonb, is_forced boolean
) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  operator text := private.begin_registry_change(p_actor);
  champion text := (private.champion_event()).version;
begin
  perform private.refuse_unknown_model(p_version);
  if private.is_quarantined(p_version) then
    raise exception 'The model is quarantined.'
      using errcode = 'PT409', hint = 'Promote another one. A quarantine is final.';
  end if;
  if p_version = champion then
    return null;
  end if;
  return private.append_model_event(
    'promoted', p_version, operator, p_reason,
    coalesce(p_evidence, '{}') || private.justify_promotion(p_version, operator, is_forced), champion
  );
end
$$;

-- Undoes the promotion that is in force: the promotion before it is in force again, or the one before that where
-- its model is quarantined or is the champion itself. Without any, the packaged model serves. The caller holds the
-- lock of the registry, and a model is the champion.
create function private.undo_promotion(operator text, p_reason text, p_evidence jsonb) returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  latest public.model_events := private.champion_event();
  earlier public.model_events;
  promotion bigint := case latest.kind when 'promoted' then latest.id else latest.returned_to end;
begin
  loop
    select events.* into earlier from public.model_events events
    where kind in ('promoted', 'rolled_back') and id < promotion order by id desc limit 1;
    promotion := case earlier.kind when 'promoted' then earlier.id else earlier.returned_to end;
    exit when promotion is null
      or (earlier.version <> latest.version and not private.is_quarantined(earlier.version));
  end loop;
  return private.append_model_event(
    'rolled_back', earlier.version, operator, p_reason, p_evidence, latest.version, promotion
  );
end
$$;

-- Undoes the promotion that is in force, and returns the event. With `p_champion`, the version that the caller wants
-- to replace, a repeated call returns the event of the first one.
create function private.roll_back_model(p_actor text, p_reason text, p_evidence jsonb, p_champion text default null)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  operator text := private.begin_registry_change(p_actor);
  latest public.model_events := private.champion_event();
begin
  if p_champion is not null and latest.version is distinct from p_champion then
    if latest.kind = 'rolled_back' and latest.replaced = p_champion then
      return private.show_model_event(latest);
    end if;
    raise exception 'Another model is the champion.'
      using errcode = 'PT412', hint = 'See which model serves: prompt-capture models list.';
  end if;
  if latest.version is null then
    raise exception 'The packaged model serves, so there is nothing to roll back.'
      using errcode = 'PT409', hint = 'Promote a model, or deploy another packaged one.';
  end if;
  return private.undo_promotion(operator, p_reason, p_evidence);
end
$$;

-- Excludes a model from serving for good, and returns the event. Null: it is quarantined already. The promotion of
-- a champion is undone in the same step.
create function private.quarantine_model(p_version text, p_actor text, p_reason text, p_evidence jsonb) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  operator text := private.begin_registry_change(p_actor);
  event jsonb;
begin
  perform private.refuse_unknown_model(p_version);
  if private.is_quarantined(p_version) then
    return null;
  end if;
  event := private.append_model_event('quarantined', p_version, operator, p_reason, p_evidence);
  if (private.champion_event()).version = p_version then
    perform private.undo_promotion(operator, p_reason, p_evidence);
  end if;
  return event;
end
$$;

-- Erasure --------------------------------------------------------------------------------------------

-- Replaces an operator's name by a pseudonym; returns how many events and models changed. Reasons stay as they are.
-- The caller holds the lock of the registry.
create function private.replace_operator(name text) returns integer
language plpgsql
set search_path = ''
as $$
declare
  pseudonym constant text := private.pseudonym(name);
  events integer;
  models integer;
begin
  update public.model_events set actor = pseudonym where private.fold_name(actor) = private.fold_name(name);
  get diagnostics events = row_count;
  update public.models set registered_by = pseudonym where private.fold_name(registered_by) = private.fold_name(name);
  get diagnostics models = row_count;
  return events + models;
end
$$;

-- Does it for an operator who is known by a name. The name is cleaned as where it was recorded.
create function private.pseudonymise_operator(name text) returns integer
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.lock_names();
  return private.replace_operator(private.reviewer_name(name));
end
$$;

-- At the end of an erasure: the user may have been an operator. Waits for a change of the ledger that is under way;
-- a later one finds the tombstone. Whoever registered a model is the actor of an event.
create function private.pseudonymise_erased_operator() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.lock_model_registry();
  perform private.replace_operator(operators.name) from (
    select distinct actor as name from public.model_events where private.is_user_id(actor)
  ) as operators
  where private.user_key(operators.name::uuid) = new.user_key;
  return null;
end
$$;

set role postgres;

create trigger after_10_pseudonymise_operator after update of erased_at on private.tombstones
  for each row execute function private.pseudonymise_erased_operator();

-- Entry points. They run with the caller's rights. ---------------------------------------------------

create function public.serving_model() returns jsonb
language sql stable
set search_path = ''
as $$
  select private.serving_model()
$$;
comment on function public.serving_model() is
  'Returns version, manifest_sha256 and object_version of the champion, or {} for the packaged model; in a split also `split`.';

create function public.serving_event(moment timestamptz) returns jsonb
language sql stable
set search_path = ''
as $$
  select private.serving_event(moment)
$$;
comment on function public.serving_event(timestamptz) is
  'Returns the event that made the champion of a moment serve, or null where no model had been promoted.';

create function public.list_models(version text default null, before text default null) returns jsonb
language sql stable
set search_path = ''
as $$
  select private.list_models(version, before)
$$;
comment on function public.list_models(text, text) is
  'Returns models with their states, the newest first, at most 200: those registered before the version `before`, or the one with this version.';

create function public.list_model_events(version text default null, before bigint default null) returns jsonb
language sql stable
set search_path = ''
as $$
  select private.list_model_events(version, before)
$$;
comment on function public.list_model_events(text, bigint) is
  'Returns events of the ledger, the newest first, at most 200: those before the id `before`, of all models or of this version.';

create function public.register_model(model jsonb, actor text, reason text, evidence jsonb default '{}')
returns jsonb
language sql
set search_path = ''
as $$
  select private.register_model(model, actor, reason, evidence)
$$;
comment on function public.register_model(jsonb, text, text, jsonb) is
  'Registers a model, given by the columns of public.models, and returns it with its state. The same model again changes nothing.';

create function public.promote_model(
  version text, actor text, reason text, evidence jsonb default '{}', force boolean default false
) returns jsonb
language sql
set search_path = ''
as $$
  select private.promote_model(version, actor, reason, evidence, force)
$$;
comment on function public.promote_model(text, text, text, jsonb, boolean) is
  'Makes a model the champion, on its latest verdict or by force. Returns the event, or null where it is the champion already.';

create function public.roll_back_model(
  actor text, reason text, evidence jsonb default '{}', champion text default null
) returns jsonb
language sql
set search_path = ''
as $$
  select private.roll_back_model(actor, reason, evidence, champion)
$$;
comment on function public.roll_back_model(text, text, jsonb, text) is
  'Returns to the model that the champion replaced, or to the packaged one. Returns the event. With `champion`, it replaces that version alone, and a repeated call returns the same event.';

create function public.quarantine_model(version text, actor text, reason text, evidence jsonb default '{}')
returns jsonb
language sql
set search_path = ''
as $$
  select private.quarantine_model(version, actor, reason, evidence)
$$;
comment on function public.quarantine_model(text, text, text, jsonb) is
  'Excludes a model from serving for good; a champion is rolled back. Returns the event, or null where it is quarantined already.';
