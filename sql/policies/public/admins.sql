-- Admins see each other; everybody else at most themselves. Made by create_admin only.
grant select on public.admins to authenticated, service_role;
grant select (id) on public.admins to supabase_auth_admin;

create policy select_own_or_admin on public.admins for select to authenticated
  using (id = (select auth.uid()) or (select private.is_admin()));
-- For custom_access_token_hook.
create policy select_for_tokens on public.admins for select to supabase_auth_admin
  using (true);
