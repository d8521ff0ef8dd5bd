-- private.operator_turn: an operator writes in the chat they hold: everything but the message row itself.
-- Called by  send_operator_message, tg_messages__written_by_operator: one set of side effects for both ways in
-- Locks      chat → operator (→ real user, when an answer that came too late is refunded)
-- Raises     PT403 NOT_AN_OPERATOR  PT403 OPERATOR_INACTIVE  PT403 CHAT_NOT_ASSIGNED
create or replace function private.operator_turn(
  p_operator_id uuid,
  p_chat_id uuid,
  out seq integer,
  out answered_waiting_since timestamptz,
  out written_at timestamptz)
  language plpgsql volatile set search_path = ''
as $$
declare
  v_chat public.chats;
begin
  select c.* into v_chat from public.chats c where c.id = p_chat_id for no key update;
  perform private.operator_in_good_standing(p_operator_id);
  -- An unknown chat and somebody else's get one answer.
  if v_chat.assigned_operator_id is distinct from p_operator_id then
    raise sqlstate 'PT403' using hint = 'CHAT_NOT_ASSIGNED', message = 'This chat is not assigned to you.';
  end if;

  written_at := clock_timestamp();
  seq := v_chat.last_seq + 1;
  answered_waiting_since := v_chat.waiting_since;

  -- An answer after the time allowed does not undo that the user is owed the credit.
  if v_chat.waiting_since is not null then
    perform private.refund_unanswered(p_chat_id);
  end if;

  update public.chats c
  set last_seq = c.last_seq + 1, message_count = c.message_count + 1, last_answered_seq = c.last_seq + 1,
      last_message_at = written_at, waiting_since = null, idle_warned_at = null,
      last_answered_by = p_operator_id, updated_at = written_at
  where c.id = p_chat_id;
  update public.chat_assignments a
  set messages_sent = a.messages_sent + 1,
      first_response_at = coalesce(a.first_response_at, written_at),
      accepted_at = coalesce(a.accepted_at, written_at)
  where a.chat_id = p_chat_id and a.released_at is null;
  update public.operators o
  set total_messages = o.total_messages + 1, last_activity = written_at, last_heartbeat_at = written_at, idle_releases = 0
  where o.id = p_operator_id;
  update public.operator_activity a
  set last_activity = written_at, updated_at = written_at
  where a.chat_id = p_chat_id and a.operator_id = p_operator_id;
  insert into public.operator_stats (operator_id, date, messages_sent)
  values (p_operator_id, (written_at at time zone 'UTC')::date, 1)
  on conflict (operator_id, date) do update set messages_sent = operator_stats.messages_sent + 1;
end;
$$;
