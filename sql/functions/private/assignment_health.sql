-- private.assignment_health: private.held_chats, as committed until now and by the clock as it is.
-- Called by  sweep_idle_assignments
-- SQL, and so planned anew at every call: how many chats are held decides how the tables are best joined.
create or replace function private.assignment_health()
  returns table (chat_id uuid, operator_id uuid, idle_seconds double precision, verdict text)
  language sql volatile set search_path = ''
as $$
  select h.chat_id, h.operator_id, h.idle_seconds, h.verdict from private.held_chats h
$$;
