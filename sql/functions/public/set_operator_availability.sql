-- set_operator_availability: an operator comes or goes; going releases the chat they hold, to somebody else if somebody is free.
-- Called by  POST /api/operator/availability, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- Repeats    the state asked for is the state: a second call changes nothing but the heartbeat
-- Locks      chat → operator (→ another operator, by SKIP LOCKED)
-- Raises     PT400 INVALID_INPUT  PT403 NOT_AN_OPERATOR  PT403 OPERATOR_INACTIVE  40001 (another chat came meanwhile: try again)
create or replace function public.set_operator_availability(p_operator_id uuid, p_available boolean)
  returns json
  language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_now timestamptz;
  v_chat_id uuid;
begin
  if p_available is null then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'available is true or false.';
  end if;
  v_chat_id := private.lock_held_chat(p_operator_id);
  perform private.operator_in_good_standing(p_operator_id);
  v_now := clock_timestamp();

  if p_available then
    update public.operators o
    set is_available = true, unavailable_reason = null, last_heartbeat_at = v_now, last_activity = v_now,
        idle_releases = case when o.is_available then o.idle_releases else 0 end,
        free_since = case when v_chat_id is null then coalesce(o.free_since, v_now) end
    where o.id = p_operator_id;
    insert into public.operator_availability (operator_id, started_at) values (p_operator_id, v_now)
    on conflict (operator_id) where ended_at is null do nothing;
    v_chat_id := null;
  else
    perform private.take_off_duty(p_operator_id, 'operator_left');
    if v_chat_id is not null then
      perform private.release_chats(array[v_chat_id], array['operator_left']);
      perform private.offer_chat(v_chat_id);
    end if;
  end if;
  return json_build_object(
    'is_available', p_available,
    'released_chat_id', v_chat_id,
    'waiting', exists (select from private.chat_queue));
end;
$$;
grant execute on function public.set_operator_availability(uuid, boolean) to fantooo_api, service_role;
