-- get_operator_chat: the chat an operator holds, as their screen shows it; chat is null when they hold none.
-- Called by  GET /api/operator/chat, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- Repeats    looking changes nothing; a chat given unasked counts as picked up once looked at
-- Raises     PT403 NOT_AN_OPERATOR  PT403 OPERATOR_INACTIVE
create or replace function public.get_operator_chat(p_operator_id uuid)
  returns json
  language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_chat_id uuid;
begin
  perform private.operator_in_good_standing(p_operator_id);
  select c.id into v_chat_id from public.chats c where c.assigned_operator_id = p_operator_id;
  update public.chat_assignments a
  set accepted_at = clock_timestamp()
  where a.chat_id = v_chat_id and a.released_at is null and a.accepted_at is null;
  return json_build_object('chat', private.operator_chat_json(v_chat_id));
end;
$$;
grant execute on function public.get_operator_chat(uuid) to fantooo_api, service_role;
