-- private.lock_held_chat: lock the chat an operator holds and then the operator; returns the chat's id, or null.
-- Called by  record_heartbeat, and what takes an operator out of their chat: set_operator_availability,
--            deactivate_operator, handle_deleted_user
-- Locks      chat → operator
-- Raises     40001 when another chat came while we waited: the caller tries again
create or replace function private.lock_held_chat(p_operator_id uuid)
  returns uuid
  language plpgsql volatile set search_path = ''
as $$
declare
  v_chat_id uuid;
begin
  -- A chat that is taken from them while we wait for it is no longer found.
  select c.id into v_chat_id from public.chats c where c.assigned_operator_id = p_operator_id for no key update;
  perform from public.operators o where o.id = p_operator_id for no key update;
  if v_chat_id is distinct from (select c.id from public.chats c where c.assigned_operator_id = p_operator_id) then
    raise serialization_failure using message = 'The operator was given another chat meanwhile.', hint = 'TRY_AGAIN';
  end if;
  return v_chat_id;
end;
$$;
