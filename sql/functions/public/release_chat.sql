-- release_chat: an operator lays their chat down; a waiting one goes to somebody else who is free, or back to its place in the queue.
-- Called by  POST /api/operator/release, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- Locks      chat → operator (→ another operator, by SKIP LOCKED)
-- Raises     PT403 NOT_AN_OPERATOR  PT403 OPERATOR_INACTIVE  PT403 CHAT_NOT_ASSIGNED
create or replace function public.release_chat(p_operator_id uuid, p_chat_id uuid)
  returns json
  language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform private.lay_down_chat(p_operator_id, p_chat_id, 'operator_released');
  return json_build_object(
    'released', true, 'reassigned', private.offer_chat(p_chat_id, p_except => p_operator_id) is not null);
end;
$$;
grant execute on function public.release_chat(uuid, uuid) to fantooo_api, service_role;
