-- A user sees their own purchases, admins all. Written by the payment functions only.
grant select on public.transactions to authenticated, service_role;

create policy select_own_or_admin on public.transactions for select to authenticated
  using (real_user_id = (select private.my_user_id()) or (select private.is_admin()));
