-- private.my_chat_id: the chat that the calling operator holds now; null for anybody else.
-- Called by  policies, as (select private.my_chat_id())
-- Runs as    owner: the answer must not hang on the policies that ask for it
create or replace function private.my_chat_id()
  returns uuid
  language sql stable security definer set search_path = ''
as $$
  select c.id
  from public.chats c
  join public.operators o on o.id = c.assigned_operator_id
  where c.assigned_operator_id = auth.uid() and o.is_active
$$;
grant execute on function private.my_chat_id() to authenticated;
