-- release_and_reassign_chat: take a chat from its operator and give it to another who is free; returns that one, or null.
-- Called by  reassign_chat, operations, as service_role or fantooo_api
-- Runs as    owner: the API's role has no table rights
-- Repeats    a chat that nobody holds is only offered again
-- Locks      chat → operator (→ the next operator, by SKIP LOCKED)
-- Raises     PT400 INVALID_INPUT  PT404 CHAT_NOT_FOUND
--
-- The chat keeps its place (waiting_since). It goes to whoever has been free longest and was heard of lately, by
-- preference not the one it was taken from, but to that one rather than to nobody; else back to the queue. A chat
-- with nothing unanswered is only released.
create or replace function public.release_and_reassign_chat(p_chat_id uuid, p_reason text)
  returns uuid
  language plpgsql volatile security definer set search_path = ''
as $$
begin
  if coalesce(p_reason, '') = '' then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'A release has a reason.';
  end if;
  perform from public.chats c where c.id = p_chat_id for no key update;
  if not found then
    raise sqlstate 'PT404' using hint = 'CHAT_NOT_FOUND', message = 'There is no such chat.';
  end if;
  perform private.release_chats(array[p_chat_id], array[p_reason]);
  return private.offer_chat(p_chat_id);
end;
$$;
grant execute on function public.release_and_reassign_chat(uuid, text) to fantooo_api, service_role;
