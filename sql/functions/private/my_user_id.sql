-- private.my_user_id: the caller's id while they are a real user in good standing; null otherwise.
-- Called by  policies, as (select private.my_user_id())
-- Runs as    owner: the answer must not hang on the policies that ask for it
create or replace function private.my_user_id()
  returns uuid
  language sql stable security definer set search_path = ''
as $$
  select u.id from public.real_users u where u.id = auth.uid() and u.is_active
$$;
grant execute on function private.my_user_id() to authenticated;
