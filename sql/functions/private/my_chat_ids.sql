-- private.my_chat_ids: the chats whose messages the caller may read: a real user's own, an operator's current one.
-- Called by  policies, as in (select private.my_chat_ids()), which plans as one hashed subplan
-- Runs as    owner: the answer must not hang on the policies that ask for it
-- PL/pgSQL, whose plans are kept: an SQL function that cannot be inlined is planned anew at every call (docs/performance.md).
create or replace function private.my_chat_ids()
  returns setof uuid
  language plpgsql stable security definer set search_path = ''
as $$
begin
  return query
    select c.id from public.chats c where c.real_user_id = private.my_user_id()
    union all
    select private.my_chat_id();
end;
$$;
grant execute on function private.my_chat_ids() to authenticated;
