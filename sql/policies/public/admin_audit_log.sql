-- For admins. Written by the functions that they act through, changed by nobody.
grant select on public.admin_audit_log to authenticated, service_role;

create policy select_admin on public.admin_audit_log for select to authenticated
  using ((select private.is_admin()));
