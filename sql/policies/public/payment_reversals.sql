-- For admins. Written by reverse_payment only.
grant select on public.payment_reversals to authenticated, service_role;

create policy select_admin on public.payment_reversals for select to authenticated
  using ((select private.is_admin()));
