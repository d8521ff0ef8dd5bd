-- sweep_idle_assignments: warn, release, reassign: nobody holds a chat asleep, and no waiting chat misses a free operator.
-- Called by  GET /api/cron/idle-detection, the idle-detection job, pg_cron: any mix, overlapping or not
-- Runs as    owner: the API's role has no table rights
-- Repeats    a second sweep finds nothing left to do; one that runs at the same time skips what this one has locked
-- Locks      chats (and places in the queue) by SKIP LOCKED → operators
-- Returns    what was done: action is warned, released, paused, lost (an operator with no chat went silent) or assigned
create or replace function public.sweep_idle_assignments()
  returns table (chat_id uuid, operator_id uuid, action text, reason text)
  language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  v_locked_ids uuid[];
  v_warned_ids uuid[];
  v_warned_topics text[];
  v_warnings jsonb[];
  v_released_ids uuid[];
  v_released_from uuid[];
  v_reasons text[];
  v_waiting_id uuid;
  v_operator_id uuid;
begin
  -- Lock what looks due, then judge again: a heartbeat may have come between the look and the lock.
  select array_agg(locked.id) into v_locked_ids
  from (
    select c.id from public.chats c
    where c.assigned_operator_id is not null
      and c.id in (select h.chat_id from private.assignment_health() h where h.verdict is not null)
    for no key update skip locked
  ) as locked;

  if v_locked_ids is not null then
    -- A join, because a kept plan would look through v_locked_ids from one end for each chat.
    select
      array_agg(h.chat_id) filter (where h.verdict = 'warn'),
      array_agg('operator:' || h.operator_id) filter (where h.verdict = 'warn'),
      array_agg(jsonb_build_object('chat_id', h.chat_id, 'seconds_left', ceil(s.idle_release_seconds - h.idle_seconds)))
        filter (where h.verdict = 'warn'),
      array_agg(h.chat_id) filter (where h.verdict <> 'warn'),
      array_agg(h.operator_id) filter (where h.verdict <> 'warn'),
      array_agg(h.verdict) filter (where h.verdict <> 'warn')
    into v_warned_ids, v_warned_topics, v_warnings, v_released_ids, v_released_from, v_reasons
    from unnest(v_locked_ids) as locked (id)
    join private.assignment_health() h on h.chat_id = locked.id
    cross join public.app_settings s
    where h.verdict is not null;

    return query
      update public.chats c set idle_warned_at = clock_timestamp()
      where c.id = any (v_warned_ids)
      returning c.id, c.assigned_operator_id, 'warned', 'idle';
    perform private.notify_each(v_warned_topics, 'idle_warning', v_warnings);

    perform private.release_chats(v_released_ids, v_reasons);
    return query
      select r.chat_id, r.operator_id, case when o.is_available then 'released' else 'paused' end, r.reason
      from unnest(v_released_ids, v_released_from, v_reasons) as r (chat_id, operator_id, reason)
      join public.operators o on o.id = r.operator_id;
  end if;

  -- Available, without a chat, and silent: not there. They come back by saying so.
  for v_operator_id in
    select o.id from public.operators o
    where o.free_since is not null
      and o.last_heartbeat_at <= clock_timestamp()
        - (select s.lost_operator_seconds from public.app_settings s) * interval '1 second'
    for no key update skip locked
  loop
    perform private.take_off_duty(v_operator_id, 'operator_lost');
    return query select null::uuid, v_operator_id, 'lost', 'operator_lost';
  end loop;

  -- The backstop of every event that should have matched them: as many waiting chats as there are free operators. A
  -- thousand at a time: until it commits, nobody whose chat was taken gets an answer to a heartbeat. The next goes on.
  -- Found and locked as in assign_chat_to_operator.
  for v_waiting_id in
    select c.id from private.chat_queue q
    join public.chats c on c.id = q.chat_id
    where coalesce(c.waiting_since = q.waiting_since and c.assigned_operator_id is null, false)
    order by q.waiting_since, q.chat_id
    limit (select least(count(*), 1000) from public.operators o where o.free_since is not null)
    for update of q skip locked
    for no key update of c skip locked
  loop
    v_operator_id := private.offer_chat(v_waiting_id);
    exit when v_operator_id is null;
    return query select v_waiting_id, v_operator_id, 'assigned', 'sweep';
  end loop;
end;
$$;
grant execute on function public.sweep_idle_assignments() to fantooo_api, service_role;
