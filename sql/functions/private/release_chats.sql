-- private.release_chats: take chats from whoever holds them. waiting_since stays: a chat keeps its place in the queue.
-- Called by  everything that releases; set-based, because a sweep may release thousands
-- Locks      the caller holds the chats; operators after them
-- p_reasons  one for each chat, kept in chat_assignments. 'operator_lost' takes the operator off availability;
--            'idle_timeout' and 'answer_timeout' do so when it happened too often (app_settings).
create or replace function private.release_chats(p_chat_ids uuid[], p_reasons text[])
  returns void
  language plpgsql volatile set search_path = ''
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_operator_ids uuid[];
  v_held_ids uuid[];
  v_held_reasons text[];
begin
  select array_agg(c.id), array_agg(c.assigned_operator_id), array_agg(r.reason)
  into v_held_ids, v_operator_ids, v_held_reasons
  from unnest(p_chat_ids, p_reasons) as r (chat_id, reason)
  join public.chats c on c.id = r.chat_id
  where c.assigned_operator_id is not null;
  if v_held_ids is null then
    return;
  end if;

  -- Whoever finished with a chat may well have its next message; whoever left it undone comes last.
  update public.chats c
  set last_released_from = case when r.reason <> 'completed' or c.waiting_since is not null then c.assigned_operator_id end,
      assigned_operator_id = null, assignment_time = null, idle_warned_at = null, updated_at = v_now
  from unnest(v_held_ids, v_held_reasons) as r (chat_id, reason)
  where c.id = r.chat_id;

  -- The operator: free again, or off when the app is gone or chats were held asleep too often.
  with judged as (
    select r.operator_id, r.reason,
      case
        when r.reason = 'operator_lost' then 'operator_lost'
        when r.reason in ('idle_timeout', 'answer_timeout') and o.idle_releases + 1 >= s.idle_releases_before_pause then 'paused'
      end as off_reason
    from unnest(v_operator_ids, v_held_reasons) as r (operator_id, reason)
    join public.operators o on o.id = r.operator_id
    cross join public.app_settings s
  ), changed as (
    update public.operators o
    set idle_releases = o.idle_releases + (j.reason in ('idle_timeout', 'answer_timeout'))::integer,
        is_available = o.is_available and j.off_reason is null,
        unavailable_reason = coalesce(j.off_reason, o.unavailable_reason),
        free_since = case when o.is_available and j.off_reason is null then v_now end,
        asked_at = null
    from judged j
    where o.id = j.operator_id
    returning o.id, j.off_reason
  )
  update public.operator_availability v
  set ended_at = v_now, end_reason = c.off_reason
  from changed c
  where v.operator_id = c.id and v.ended_at is null and c.off_reason is not null;

  -- Not before the operator is ours: to pick a chat up, an operator locks themselves and then this row.
  update public.chat_assignments a
  set released_at = v_now, release_reason = r.reason
  from unnest(v_held_ids, v_held_reasons) as r (chat_id, reason)
  where a.chat_id = r.chat_id and a.released_at is null;

  perform private.notify_each(
    array_agg('operator:' || r.operator_id),
    'released',
    array_agg(jsonb_build_object('chat_id', r.chat_id, 'reason', r.reason, 'released_at', v_now)))
  from unnest(v_operator_ids, v_held_ids, v_held_reasons) as r (operator_id, chat_id, reason);
  perform private.notify('operators', 'queue_changed', '{}');
end;
$$;
