-- An operator sees their own history, admins all. Written by functions only.
grant select on public.chat_assignments to authenticated, service_role;

create policy select_own_or_admin on public.chat_assignments for select to authenticated
  using (operator_id = (select auth.uid()) or (select private.is_admin()));
