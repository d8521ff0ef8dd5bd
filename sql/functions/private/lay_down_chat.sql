-- private.lay_down_chat: release a chat for the operator who holds it, or a refusal.
-- Called by  release_chat, complete_chat
-- Locks      chat → operator
-- Raises     PT403 NOT_AN_OPERATOR  PT403 OPERATOR_INACTIVE  PT403 CHAT_NOT_ASSIGNED
create or replace function private.lay_down_chat(p_operator_id uuid, p_chat_id uuid, p_reason text)
  returns void
  language plpgsql volatile set search_path = ''
as $$
declare
  v_holder_id uuid;
begin
  select c.assigned_operator_id into v_holder_id from public.chats c where c.id = p_chat_id for no key update;
  perform private.operator_in_good_standing(p_operator_id);
  if v_holder_id is distinct from p_operator_id then
    raise sqlstate 'PT403' using hint = 'CHAT_NOT_ASSIGNED', message = 'This chat is not assigned to you.';
  end if;
  perform private.release_chats(array[p_chat_id], array[p_reason]);
  update public.operators o set last_heartbeat_at = clock_timestamp() where o.id = p_operator_id;
end;
$$;
