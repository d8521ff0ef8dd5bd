-- record_heartbeat: the operator's app is alive, and this is when its person last moved; answers how long the chat is theirs.
-- Called by  POST /api/operator/heartbeat every 30 s, from the chat and from the waiting page, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- Repeats    times only move forward, and never past the server's clock; without p_last_activity nobody has moved
-- Locks      chat → operator
-- Raises     PT403 NOT_AN_OPERATOR  PT403 OPERATOR_INACTIVE  PT404 CHAT_NOT_FOUND (never theirs)
--            40001 (another chat came meanwhile: try again)
--
-- state: waiting (no chat), active, warning (seconds_left until the chat is taken), released (why, and since when).
create or replace function public.record_heartbeat(
  p_operator_id uuid,
  p_chat_id uuid default null,
  p_last_activity timestamptz default null)
  returns json
  language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_held_id uuid := private.lock_held_chat(p_operator_id);
  v_operator public.operators := private.operator_in_good_standing(p_operator_id);
  v_settings public.app_settings := private.settings();
  v_now timestamptz := clock_timestamp();
  -- least() passes over a null, and would make "never moved" into "moved just now".
  v_activity timestamptz := case when p_last_activity is not null then least(p_last_activity, v_now) end;
  v_idle_seconds double precision;
  v_released record;
begin
  update public.operators o
  set last_heartbeat_at = v_now, last_activity = greatest(o.last_activity, v_activity)
  where o.id = p_operator_id;

  if p_chat_id = v_held_id then
    update public.chat_assignments a set accepted_at = v_now
    where a.chat_id = v_held_id and a.released_at is null and a.accepted_at is null;
    update public.operator_activity a
    set last_activity = greatest(a.last_activity, v_activity), updated_at = v_now
    where a.chat_id = v_held_id and a.operator_id = p_operator_id;
  end if;
  if v_held_id is not null then
    select h.idle_seconds into v_idle_seconds from private.held_chats h where h.operator_id = p_operator_id;
    -- Moving again takes the warning back, so that the next silence is warned of again.
    update public.chats c set idle_warned_at = null
    where c.id = v_held_id and c.idle_warned_at is not null and v_idle_seconds < v_settings.idle_warning_seconds;
  end if;

  if p_chat_id is distinct from v_held_id and p_chat_id is not null then
    select a.release_reason as reason, a.released_at as at into v_released
    from public.chat_assignments a
    where a.chat_id = p_chat_id and a.operator_id = p_operator_id
    order by a.assigned_at desc
    limit 1;
    if not found then
      raise sqlstate 'PT404' using hint = 'CHAT_NOT_FOUND', message = 'There is no such chat of yours.';
    end if;
    return json_build_object(
      'state', 'released', 'seconds_left', 0, 'chat_id', v_held_id, 'is_available', v_operator.is_available,
      'released', json_build_object('chat_id', p_chat_id, 'reason', v_released.reason, 'at', v_released.at));
  end if;

  return json_build_object(
    'state', case
      when v_held_id is null then 'waiting'
      when v_idle_seconds >= v_settings.idle_warning_seconds then 'warning'
      else 'active' end,
    'seconds_left', case when v_held_id is not null
      then greatest(0, ceil(v_settings.idle_release_seconds - v_idle_seconds))::integer end,
    'chat_id', v_held_id,
    'is_available', v_operator.is_available,
    'released', null);
end;
$$;
grant execute on function public.record_heartbeat(uuid, uuid, timestamptz) to fantooo_api, service_role;
