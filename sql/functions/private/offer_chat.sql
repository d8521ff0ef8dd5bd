-- private.offer_chat: give a waiting chat to the operator who should have it now; returns them, or null.
-- Called by  send_user_message (operators in line only), sweep_idle_assignments, and whatever takes an operator out of a chat
-- Locks      the caller holds the chat; operator by SKIP LOCKED
-- p_except   somebody who does not want it: they have just laid it down
create or replace function private.offer_chat(p_chat_id uuid, p_in_line_only boolean default false, p_except uuid default null)
  returns uuid
  language plpgsql volatile set search_path = ''
as $$
declare
  v_chat public.chats;
  v_operator_id uuid;
begin
  select c.* into strict v_chat from public.chats c where c.id = p_chat_id;
  if v_chat.waiting_since is null or v_chat.assigned_operator_id is not null then
    return null;
  end if;
  v_operator_id := private.free_operator_for(v_chat, p_in_line_only, p_except);
  if v_operator_id is not null then
    perform private.give_chat(p_chat_id, v_operator_id, p_accepted => false);
  end if;
  return v_operator_id;
end;
$$;
