-- private.is_admin: whether the caller is an admin, by the tables and not by the token.
-- Called by  policies, as (select private.is_admin())
-- Runs as    owner: a policy on admins that reads admins would recurse
create or replace function private.is_admin()
  returns boolean
  language sql stable security definer set search_path = ''
as $$
  select exists (select from public.admins a where a.id = auth.uid())
$$;
grant execute on function private.is_admin() to authenticated;
