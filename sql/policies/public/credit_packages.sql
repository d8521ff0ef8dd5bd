-- Everybody signed in sees what is on sale; admins also what was. Changed by migrations and in Studio.
grant select on public.credit_packages to authenticated, service_role;

create policy select_active_or_admin on public.credit_packages for select to authenticated
  using (is_active or (select private.is_admin()));
