-- private.stop_waiting: nobody will answer this chat now: release it, leave the queue, give back what was paid for no answer.
-- Called by  close_chat, suspend_user, block_profile
-- Locks      the caller holds the chat; operator, then real user
create or replace function private.stop_waiting(p_chat_id uuid, p_reason text)
  returns void
  language plpgsql volatile set search_path = ''
as $$
begin
  perform private.release_chats(array[p_chat_id], array[p_reason]);
  perform private.refund_unanswered(p_chat_id, p_overdue_only => false);
  update public.chats c
  set waiting_since = null, last_answered_seq = c.last_seq
  where c.id = p_chat_id and c.waiting_since is not null;
end;
$$;
