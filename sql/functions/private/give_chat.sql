-- private.give_chat: make an operator the one who holds a chat. Both rows are locked by the caller.
-- Called by  assign_chat_to_operator (p_accepted: they asked, and so were heard of), offer_chat and
--            reassign_chat (they have yet to pick it up)
-- Locks      nothing further: chat and operator are already the caller's
create or replace function private.give_chat(p_chat_id uuid, p_operator_id uuid, p_accepted boolean)
  returns void
  language plpgsql volatile set search_path = ''
as $$
declare
  v_now timestamptz := clock_timestamp();
begin
  update public.chats c
  set assigned_operator_id = p_operator_id, assignment_time = v_now, idle_warned_at = null, updated_at = v_now
  where c.id = p_chat_id;
  insert into public.chat_assignments (chat_id, operator_id, assigned_at, accepted_at)
  values (p_chat_id, p_operator_id, v_now, case when p_accepted then v_now end);
  insert into public.operator_activity (chat_id, operator_id, last_activity, updated_at)
  values (p_chat_id, p_operator_id, v_now, v_now)
  on conflict (chat_id, operator_id) do update set last_activity = v_now, updated_at = v_now;
  insert into public.operator_stats (operator_id, date, chats_handled)
  values (p_operator_id, (v_now at time zone 'UTC')::date, 1)
  on conflict (operator_id, date) do update set chats_handled = operator_stats.chats_handled + 1;
  update public.operators o
  set free_since = null, asked_at = null,
      last_heartbeat_at = case when p_accepted then v_now else o.last_heartbeat_at end
  where o.id = p_operator_id;
  perform private.notify('operator:' || p_operator_id, 'assigned', jsonb_build_object('chat_id', p_chat_id));
  perform private.notify('operators', 'queue_changed', '{}');
end;
$$;
