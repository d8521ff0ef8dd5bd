-- complete_chat: the operator is done with a chat: release it and take the next; returns that one, or null when none waits.
-- Called by  POST /api/operator/complete (through complete_and_continue), as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- Locks      chat → operator, then a chat by SKIP LOCKED
-- Raises     PT403 NOT_AN_OPERATOR  PT403 OPERATOR_INACTIVE  PT403 CHAT_NOT_ASSIGNED
create or replace function public.complete_chat(p_operator_id uuid, p_chat_id uuid)
  returns uuid
  language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform private.lay_down_chat(p_operator_id, p_chat_id, 'completed');
  -- Laid down with a message unanswered: it keeps its place, and is for another operator first.
  perform private.offer_chat(p_chat_id, p_except => p_operator_id);
  if not (select o.is_available from public.operators o where o.id = p_operator_id) then
    return null;
  end if;
  return public.assign_chat_to_operator(p_operator_id, p_except => p_chat_id);
end;
$$;
grant execute on function public.complete_chat(uuid, uuid) to fantooo_api, service_role;
