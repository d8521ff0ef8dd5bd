-- private.my_user_id: the caller's id while they are a real user in good standing; null otherwise.
-- Called by  policies, as (select private.my_user_id())
-- Runs as    owner: the answer must not hang on the policies that ask for it
-- PL/pgSQL, whose plans are kept: an SQL function that cannot be inlined is planned anew at every call (docs/performance.md).
create or replace function private.my_user_id()
  returns uuid
  language plpgsql stable security definer set search_path = ''
as $$
begin
  return (
    select u.id from public.real_users u where u.id = auth.uid() and u.is_active);
end;
$$;
grant execute on function private.my_user_id() to authenticated;
