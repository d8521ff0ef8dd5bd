-- private.notify_each: tell many topics of the same event, each with a payload of its own. Never fails the write it tells of.
-- Called by  functions that change many rows at once: release_chats, sweep_idle_assignments
-- Runs as    owner, as private.notify
--
-- Writes at once the rows that realtime.send would write one by one, each in a subtransaction. Its table is the host's to
-- change, its function is what the host promises: where writing fails, each topic is told by that.
create or replace function private.notify_each(p_topics text[], p_event text, p_payloads jsonb[])
  returns void
  language plpgsql volatile security definer set search_path = ''
as $$
begin
  insert into realtime.messages (id, payload, event, topic, private, extension)
  select n.id, jsonb_build_object('id', n.id) || n.payload, p_event, n.topic, true, 'broadcast'
  from (
    select gen_random_uuid() as id, told.topic, told.payload
    from unnest(p_topics, p_payloads) as told (topic, payload)
  ) as n;
exception
  when others then
    raise warning '% notifications of % are sent one by one: %', cardinality(p_topics), p_event, sqlerrm;
    perform private.notify(told.topic, p_event, told.payload)
    from unnest(p_topics, p_payloads) as told (topic, payload);
end;
$$;
