-- private.free_operator_for: the operator who should get this chat now, locked until commit; null when there is none.
-- Called by  offer_chat
-- Locks      operator, by SKIP LOCKED: it does not wait (but for the moment assign_chat_to_operator tells of), so any lock may
--            already be held
--
-- Of private.free_operators the one who last answered the chat comes first; then whoever has been free longest; the one it
-- was just taken from comes last, but before nobody. Each is asked for by itself, so that an index leads to them: a sweep
-- asks for many chats while many operators are free.
-- PL/pgSQL, whose plans are kept: an SQL function that cannot be inlined is planned anew at every call (docs/performance.md).
create or replace function private.free_operator_for(p_chat public.chats, p_in_line_only boolean, p_except uuid)
  returns uuid
  language plpgsql volatile set search_path = ''
as $$
declare
  v_operator_id uuid;
begin
  if p_chat.last_answered_by is distinct from p_chat.last_released_from then
    select o.id into v_operator_id from private.free_operators o
    where o.id = p_chat.last_answered_by and o.id is distinct from p_except
      and (o.asked_at is not null or not p_in_line_only)
    for no key update skip locked;
  end if;
  if v_operator_id is null then
    select o.id into v_operator_id from private.free_operators o
    where o.id is distinct from p_chat.last_released_from and o.id is distinct from p_except
      and (o.asked_at is not null or not p_in_line_only)
    order by o.free_since, o.id
    limit 1
    for no key update skip locked;
  end if;
  if v_operator_id is null then
    select o.id into v_operator_id from private.free_operators o
    where o.id = p_chat.last_released_from and o.id is distinct from p_except
      and (o.asked_at is not null or not p_in_line_only)
    for no key update skip locked;
  end if;
  return v_operator_id;
end;
$$;
