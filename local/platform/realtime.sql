-- What Realtime's own migrations make, as far as a project's SQL sees it.
--
-- The one departure from the host: there postgres does not own realtime.messages and may make policies on it
-- all the same, by an extension (supautils, policy_grants). PostgreSQL alone allows that to owners only, so
-- here postgres inherits the owner's rights, and an event trigger refuses it everything else an owner may do.

create schema realtime;
grant usage on schema realtime to postgres with grant option;
grant usage on schema realtime to anon, authenticated, service_role, supabase_realtime_admin;

create table realtime.messages (
  topic text not null,
  extension text not null,
  payload jsonb,
  event text,
  private boolean default false,
  updated_at timestamp not null default now(),
  inserted_at timestamp not null default now(),
  id uuid not null default gen_random_uuid(),
  binary_payload bytea,
  primary key (id, inserted_at),
  constraint messages_payload_exclusive check (payload is null or binary_payload is null)
) partition by range (inserted_at);
create index messages_inserted_at_topic_index on realtime.messages (inserted_at desc, topic)
  where extension = 'broadcast' and private;
alter table realtime.messages enable row level security;
alter table realtime.messages owner to supabase_realtime_admin;
grant select, insert, update on realtime.messages to postgres, anon, authenticated, service_role;

grant supabase_realtime_admin to postgres with inherit true, set false;

create publication supabase_realtime_messages_publication for table realtime.messages;

-- Make the daily partitions of yesterday to three days ahead, and drop those older than 72 hours. On the host
-- the Realtime service does this; here its stand-in calls this function now and then.
create function realtime.keep_message_partitions() returns void
  language plpgsql set search_path = ''
as $$
declare
  v_day date;
  v_old regclass;
begin
  -- Two callers at once must not both make tomorrow.
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('realtime.keep_message_partitions'));
  for v_day in select d from pg_catalog.generate_series(current_date - 1, current_date + 3, '1 day') d loop
    execute pg_catalog.format(
      'create table if not exists realtime.%I partition of realtime.messages for values from (%L) to (%L)',
      'messages_' || pg_catalog.to_char(v_day, 'YYYY_MM_DD'), v_day, v_day + 1
    );
  end loop;
  for v_old in
    select i.inhrelid from pg_catalog.pg_inherits i join pg_catalog.pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'realtime.messages'::pg_catalog.regclass
      and pg_catalog.to_date(pg_catalog.right(c.relname, 10), 'YYYY_MM_DD') < current_date - 3
  loop
    execute pg_catalog.format('drop table %s', v_old);
  end loop;
end;
$$;
revoke execute on function realtime.keep_message_partitions() from public;
select realtime.keep_message_partitions();

create function realtime.topic() returns text language sql stable as $$
  select nullif(current_setting('realtime.topic', true), '')
$$;

-- Broadcast a payload to a topic once the transaction commits.
-- As on the host it runs as its caller and reports every failure as a mere warning.
create function realtime.send(payload jsonb, event text, topic text, private boolean default true) returns void
  language plpgsql
as $$
declare
  v_id uuid := gen_random_uuid();
begin
  perform set_config('realtime.topic', topic, true);
  insert into realtime.messages (id, payload, event, topic, private, extension)
  values (
    v_id, case when payload ? 'id' then payload else jsonb_set(payload, '{id}', to_jsonb(v_id)) end,
    event, topic, private, 'broadcast'
  );
exception when others then
  raise warning 'WarnSendingBroadcastMessage: %', sqlerrm;
end;
$$;

create function realtime.send_binary(payload bytea, event text, topic text, private boolean default true)
  returns void
  language plpgsql
as $$
begin
  perform set_config('realtime.topic', topic, true);
  insert into realtime.messages (binary_payload, event, topic, private, extension)
  values (payload, event, topic, private, 'broadcast');
exception when others then
  raise warning 'WarnSendingBroadcastMessage: %', sqlerrm;
end;
$$;

-- Broadcast a changed row, whole, on a private topic; made to be called from a row trigger.
create function realtime.broadcast_changes(
  topic_name text, event_name text, operation text, table_name text, table_schema text,
  new record, old record, level text default 'ROW'
) returns void
  language plpgsql
as $$
begin
  if level = 'STATEMENT' then
    raise exception 'function can only be triggered for each row, not for each statement';
  end if;
  if operation not in ('INSERT', 'UPDATE', 'DELETE') then
    raise exception 'Unexpected operation type: %', operation;
  end if;
  perform realtime.send(
    jsonb_build_object(
      'record', to_jsonb(new), 'old_record', to_jsonb(old),
      'operation', operation, 'table', table_name, 'schema', table_schema
    ),
    event_name, topic_name
  );
end;
$$;

-- Refuse postgres what inheriting the owner's rights would otherwise let it do in the platform's schemas.
create function realtime.refuse_changes_by_the_project() returns event_trigger
  language plpgsql set search_path = ''
as $$
declare
  v_object text;
begin
  if pg_catalog.current_setting('is_superuser') = 'on' then
    return;
  end if;
  if tg_event = 'sql_drop' then
    select object_identity into v_object from pg_catalog.pg_event_trigger_dropped_objects()
    where schema_name = 'realtime' and object_type <> 'policy';
  else
    select object_identity into v_object from pg_catalog.pg_event_trigger_ddl_commands()
    where schema_name = 'realtime' and object_type <> 'policy';
  end if;
  if v_object is not null then
    raise insufficient_privilege using message = pg_catalog.format('must be owner of %s', v_object);
  end if;
end;
$$;
create event trigger realtime_is_not_the_projects on ddl_command_end
  execute function realtime.refuse_changes_by_the_project();
create event trigger realtime_is_not_the_projects_to_drop on sql_drop
  execute function realtime.refuse_changes_by_the_project();
