-- private.is_admin: whether the caller is an admin, by the tables and not by the token.
-- Called by  policies, as (select private.is_admin())
-- Runs as    owner: a policy on admins that reads admins would recurse
-- PL/pgSQL, whose plans are kept: an SQL function that cannot be inlined is planned anew at every call (docs/performance.md).
create or replace function private.is_admin()
  returns boolean
  language plpgsql stable security definer set search_path = ''
as $$
begin
  return exists (select from public.admins a where a.id = auth.uid());
end;
$$;
grant execute on function private.is_admin() to authenticated;
