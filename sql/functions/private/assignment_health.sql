-- private.assignment_health: every held chat (or one operator's), how long its operator has been idle, and what is due because of it.
-- Called by  sweep_idle_assignments, record_heartbeat, doctor: the one place where the idle rules stand
--
-- The clocks start at the assignment: what an operator did before it neither helps nor harms them.
-- Volatile, so that every call sees what was committed until then and the clock as it is.
-- verdict: null (fine), 'warn', or the reason for which the chat is to be released.
create or replace function private.assignment_health(p_operator_id uuid default null)
  returns table (chat_id uuid, operator_id uuid, idle_seconds double precision, verdict text)
  language sql volatile set search_path = ''
as $$
  select h.chat_id, h.operator_id, h.idle_seconds,
    case
      when h.silent_seconds >= s.lost_operator_seconds then 'operator_lost'
      when h.idle_seconds >= s.idle_release_seconds then 'idle_timeout'
      when h.unanswered_seconds >= s.answer_within_seconds then 'answer_timeout'
      when h.idle_seconds >= s.idle_warning_seconds and h.idle_warned_at is null then 'warn'
    end
  from public.app_settings s
  cross join lateral (
    select
      c.id as chat_id,
      o.id as operator_id,
      c.idle_warned_at,
      extract(epoch from clock.now - greatest(o.last_heartbeat_at, c.assignment_time))::double precision as silent_seconds,
      extract(epoch from clock.now - greatest(a.last_activity, c.assignment_time))::double precision as idle_seconds,
      extract(epoch from clock.now - greatest(c.waiting_since, c.assignment_time))::double precision
        * (c.waiting_since is not null)::integer as unanswered_seconds
    from (select clock_timestamp() as now) clock
    cross join public.chats c
    join public.operators o on o.id = c.assigned_operator_id
    left join public.operator_activity a on a.chat_id = c.id and a.operator_id = o.id
    where c.assigned_operator_id is not null
      and (p_operator_id is null or c.assigned_operator_id = p_operator_id)
  ) h
$$;
