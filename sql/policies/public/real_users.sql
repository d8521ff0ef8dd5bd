-- A user sees their own row (also while suspended, to be told why) and changes their profile, never credits or state.
-- Operators see no row at all: get_assigned_chat gives them a curated view.
grant select on public.real_users to authenticated, service_role;
grant update (display_name, location, latitude, longitude, looking_for, profile_picture) on public.real_users to authenticated;
grant select (id, is_active) on public.real_users to supabase_auth_admin;

create policy select_own_or_admin on public.real_users for select to authenticated
  using (id = (select auth.uid()) or (select private.is_admin()));
create policy update_own on public.real_users for update to authenticated
  using (id = (select private.my_user_id()))
  with check (id = (select private.my_user_id()));
-- For custom_access_token_hook.
create policy select_for_tokens on public.real_users for select to supabase_auth_admin
  using (true);
