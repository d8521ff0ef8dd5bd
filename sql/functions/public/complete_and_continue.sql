-- complete_and_continue: complete_chat and what the operator's screen shows next, in one round trip.
-- Called by  POST /api/operator/complete, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- Locks, Raises  as complete_chat
create or replace function public.complete_and_continue(p_operator_id uuid, p_chat_id uuid)
  returns json
  language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_chat_id uuid := public.complete_chat(p_operator_id, p_chat_id);
begin
  return json_build_object('chat', private.operator_chat_json(v_chat_id));
end;
$$;
grant execute on function public.complete_and_continue(uuid, uuid) to fantooo_api, service_role;
