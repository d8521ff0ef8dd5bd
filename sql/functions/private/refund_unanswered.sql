-- private.refund_unanswered: give back the credit of every paid message of a chat that was not answered in time.
-- Called by  refund_unanswered_messages, operator_turn (the answer came too late), stop_waiting (nobody will answer)
-- Repeats    a message is refunded once: refunded_at, and the ledger's unique index behind it
-- Locks      the caller holds the chat; real user last
-- p_overdue_only  false: also those whose time is not up, since nobody will answer any more
create or replace function private.refund_unanswered(p_chat_id uuid, p_overdue_only boolean default true)
  returns setof uuid
  language plpgsql volatile set search_path = ''
as $$
declare
  v_user_id uuid;
  v_message_id uuid;
begin
  for v_user_id, v_message_id in
    update public.messages m
    set refunded_at = clock_timestamp()
    from public.chats c, public.app_settings s
    where c.id = p_chat_id
      and m.chat_id = c.id
      and m.seq > c.last_answered_seq
      and m.sender_type = 'real'
      and not m.is_free_message
      and m.refunded_at is null
      and (not p_overdue_only
        or m.created_at <= clock_timestamp() - s.unanswered_refund_seconds * interval '1 second')
    returning c.real_user_id, m.id
  loop
    perform private.move_credits(v_user_id, 1, 'unanswered', p_message_id => v_message_id);
    return next v_message_id;
  end loop;
end;
$$;
