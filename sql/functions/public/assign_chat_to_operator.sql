-- assign_chat_to_operator: give an operator the chat that has waited longest; null when none waits: they are then in line.
-- Called by  POST /api/operator/assign (through assign_next_chat), complete_chat, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- Repeats    a chat given to them unasked (they were in line) is theirs to pick up with this call; a second call is refused
-- Locks      operator, then a place in the queue and its chat by SKIP LOCKED: this takes the order the other way round and may, because it does not wait there
-- Raises     PT403 NOT_AN_OPERATOR  PT403 OPERATOR_INACTIVE  PT400 OPERATOR_NOT_AVAILABLE  PT409 ALREADY_ASSIGNED
-- p_except   a chat they have just laid down
create or replace function public.assign_chat_to_operator(p_operator_id uuid, p_except uuid default null)
  returns uuid
  language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_operator public.operators := private.operator_in_good_standing(p_operator_id);
  v_chat_id uuid;
begin
  select c.id into v_chat_id from public.chats c where c.assigned_operator_id = p_operator_id;
  if found then
    update public.chat_assignments a
    set accepted_at = clock_timestamp()
    where a.chat_id = v_chat_id and a.released_at is null and a.accepted_at is null;
    if not found then
      raise sqlstate 'PT409' using hint = 'ALREADY_ASSIGNED', message = 'Operator already has an active assignment.';
    end if;
    update public.operators o set last_heartbeat_at = clock_timestamp() where o.id = p_operator_id;
    return v_chat_id;
  elsif not v_operator.is_available then
    raise sqlstate 'PT400' using hint = 'OPERATOR_NOT_AVAILABLE', message = 'Operator not available.';
  end if;

  -- The place in the queue is locked before the chat: of those who ask at once, one alone goes on to it. By the chat's lock
  -- alone they would now and then wait: SKIP LOCKED waits for a newer version of a row when the older one's transaction ends
  -- in the moment it is looked at. And the chat is judged, under its lock, in coalesce: PostgreSQL takes the conditions for
  -- rare, which they are among all chats but not in the queue, and would read and sort the whole of it.
  select c.id into v_chat_id
  from private.chat_queue q
  join public.chats c on c.id = q.chat_id
  where coalesce(c.waiting_since = q.waiting_since and c.assigned_operator_id is null, false) and c.id is distinct from p_except
  order by q.waiting_since, q.chat_id
  limit 1
  for update of q skip locked
  for no key update of c skip locked;
  if found then
    perform private.give_chat(v_chat_id, p_operator_id, p_accepted => true);
  else
    update public.operators o
    set last_heartbeat_at = clock_timestamp(), asked_at = coalesce(o.asked_at, clock_timestamp())
    where o.id = p_operator_id;
  end if;
  return v_chat_id;
end;
$$;
grant execute on function public.assign_chat_to_operator(uuid, uuid) to fantooo_api, service_role;
