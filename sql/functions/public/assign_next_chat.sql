-- assign_next_chat: assign_chat_to_operator and what the operator's screen shows, in one round trip.
-- Called by  POST /api/operator/assign, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- Repeats, Locks, Raises  as assign_chat_to_operator
create or replace function public.assign_next_chat(p_operator_id uuid)
  returns json
  language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_chat_id uuid := public.assign_chat_to_operator(p_operator_id);
begin
  return json_build_object('chat', private.operator_chat_json(v_chat_id));
end;
$$;
grant execute on function public.assign_next_chat(uuid) to fantooo_api, service_role;
