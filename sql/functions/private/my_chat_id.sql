-- private.my_chat_id: the chat that the calling operator holds now; null for anybody else.
-- Called by  policies, as (select private.my_chat_id())
-- Runs as    owner: the answer must not hang on the policies that ask for it
-- PL/pgSQL, whose plans are kept: an SQL function that cannot be inlined is planned anew at every call (docs/performance.md).
create or replace function private.my_chat_id()
  returns uuid
  language plpgsql stable security definer set search_path = ''
as $$
begin
  return (
    select c.id
    from public.chats c
    join public.operators o on o.id = c.assigned_operator_id
    where c.assigned_operator_id = auth.uid() and o.is_active);
end;
$$;
grant execute on function private.my_chat_id() to authenticated;
