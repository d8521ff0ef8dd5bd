-- For admins. Written by receive_payment_event and handle_payment_event only.
grant select on public.payment_events to authenticated, service_role;

create policy select_admin on public.payment_events for select to authenticated
  using ((select private.is_admin()));
