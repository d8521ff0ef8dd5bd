-- An operator sees their own, admins all. Written by functions only.
grant select on public.operator_stats to authenticated, service_role;

create policy select_own_or_admin on public.operator_stats for select to authenticated
  using (operator_id = (select auth.uid()) or (select private.is_admin()));
