-- check_invariants: what must hold between operators and chats and does not: the rule that is broken, and where; no rows is good.
-- Called by  fantooo doctor, tests, the simulation, as fantooo_api or service_role
-- Runs as    owner: the API's role has no table rights
-- p_sweep_seconds  how long a sweep may take to come: what only a sweep puts right is no fault before
--
-- One statement, so one moment is judged. Counters are checked for the chats written in lately; whether each waits as it
-- should is read from all of them, so the doctor may ask this of a live database, but nothing asks it every second.
create or replace function public.check_invariants(p_sweep_seconds integer default 120)
  returns table (invariant text, detail text)
  language sql volatile security definer set search_path = ''
as $$
  with held as (
    select c.id, c.assigned_operator_id as operator_id, c.is_active
    from public.chats c
    where c.assigned_operator_id is not null
  ), open_segments as (
    select a.chat_id, a.operator_id from public.chat_assignments a where a.released_at is null
  ), on_duty as (
    select o.id, o.is_active, o.is_available, o.free_since, o.last_heartbeat_at, o.free_since is not null as is_free,
      exists (select from held h where h.operator_id = o.id) as holds_chat,
      exists (select from public.operator_availability v where v.operator_id = o.id and v.ended_at is null) as is_timed
    from public.operators o
  ), written_lately as (
    select distinct m.chat_id
    from public.messages m
    where m.created_at > clock_timestamp() - interval '10 minutes'
  )
  select 'an operator holds one chat at most', format('operator %s holds %s', h.operator_id, string_agg(h.id::text, ', '))
  from held h
  group by h.operator_id
  having count(*) > 1
  union all
  select 'a chat has one open segment at most', format('chat %s has %s', s.chat_id, count(*))
  from open_segments s
  group by s.chat_id
  having count(*) > 1
  union all
  select 'a chat is held exactly while a segment is open',
    case when s.chat_id is null
      then format('chat %s is held by operator %s without a segment', h.id, h.operator_id)
      else format('the segment of chat %s and operator %s is open, and they do not hold it', s.chat_id, s.operator_id)
    end
  from held h
  full join open_segments s on s.chat_id = h.id and s.operator_id = h.operator_id
  where h.id is null or s.chat_id is null
  union all
  select 'an operator is free exactly while available without a chat',
    format('operator %s: available %s, holds a chat %s, free since %s', o.id, o.is_available, o.holds_chat, o.free_since)
  from on_duty o
  where o.is_free <> (o.is_available and not o.holds_chat)
  union all
  select 'only an active, available operator holds a chat',
    format('operator %s: active %s, available %s', o.id, o.is_active, o.is_available)
  from on_duty o
  where o.holds_chat and not (o.is_active and o.is_available)
  union all
  select 'time on duty is counted exactly while available', format('operator %s', o.id)
  from on_duty o
  where o.is_timed <> o.is_available
  union all
  select 'a closed chat is not held', format('chat %s', h.id)
  from held h
  where not h.is_active
  union all
  select 'a closed chat does not wait', format('chat %s', c.id)
  from public.chats c
  where c.waiting_since is not null and not c.is_active
  union all
  select 'seq counts 1, 2, 3 … and the counters of a chat are its messages',
    format('chat %s: last_seq %s, message_count %s, real_message_count %s, but %s messages up to seq %s, %s of them the user''s',
      c.id, c.last_seq, c.message_count, c.real_message_count, m.messages, m.last_seq, m.real_messages)
  from written_lately w
  join public.chats c on c.id = w.chat_id
  cross join lateral (
    select count(*) as messages, max(n.seq) as last_seq, count(*) filter (where n.sender_type = 'real') as real_messages
    from public.messages n
    where n.chat_id = c.id
  ) as m
  where c.last_seq <> m.last_seq or c.last_seq <> m.messages
    or c.message_count <> m.messages or c.real_message_count <> m.real_messages
  union all
  select 'a chat waits exactly while a message of the user is unanswered',
    format('chat %s: waiting since %s, answered up to %s of %s', c.id, c.waiting_since, c.last_answered_seq, c.last_seq)
  from written_lately w
  join public.chats c on c.id = w.chat_id
  where (c.waiting_since is not null) <> (c.last_seq > c.last_answered_seq)
  union all
  select 'a chat is in the queue exactly while it waits and nobody holds it',
    format('chat %s: waiting since %s, held by %s, in the queue since %s', c.id, c.waiting_since, c.assigned_operator_id, q.waiting_since)
  from public.chats c
  left join private.chat_queue q on q.chat_id = c.id
  where q.waiting_since is distinct from case when c.assigned_operator_id is null then c.waiting_since end
  union all
  select 'nobody holds a chat asleep',
    format('chat %s: operator %s has not moved for %s s', h.chat_id, h.operator_id, floor(h.idle_seconds))
  from private.held_chats h, public.app_settings s
  where h.idle_seconds >= s.idle_release_seconds + p_sweep_seconds
  union all
  select 'no chat waits while an operator is free', format('%s chats and %s operators', waiting.chats, free.operators)
  from (
    select count(*) as chats
    from private.chat_queue q
    join public.chats c on c.id = q.chat_id
    -- Not updated since: a chat that has only just come back to its place may wait for the sweep as well.
    where greatest(q.waiting_since, c.updated_at) <= clock_timestamp() - p_sweep_seconds * interval '1 second'
  ) as waiting
  cross join (
    select count(*) as operators
    from on_duty o, public.app_settings s
    where o.free_since <= clock_timestamp() - p_sweep_seconds * interval '1 second'
      and o.last_heartbeat_at > clock_timestamp() - s.lost_operator_seconds * interval '1 second'
  ) as free
  where waiting.chats > 0 and free.operators > 0
$$;
grant execute on function public.check_invariants(integer) to fantooo_api, service_role;
