-- For admins; users read their own through my_credit_history, without admins' notes. Written by functions, changed by nobody.
grant select on public.credit_ledger to authenticated, service_role;

create policy select_admin on public.credit_ledger for select to authenticated
  using ((select private.is_admin()));
