-- An operator sees their own row, admins see all. Written by functions only.
grant select on public.operators to authenticated, service_role;
grant select (id, is_active) on public.operators to supabase_auth_admin;

create policy select_own_or_admin on public.operators for select to authenticated
  using (id = (select auth.uid()) or (select private.is_admin()));
-- For custom_access_token_hook.
create policy select_for_tokens on public.operators for select to supabase_auth_admin
  using (true);
