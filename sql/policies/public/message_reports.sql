-- Who reported sees it, admins see all. Made by report_message, resolved by resolve_report.
grant select on public.message_reports to authenticated, service_role;

create policy select_own_or_admin on public.message_reports for select to authenticated
  using (reporter_id = (select private.my_user_id()) or (select private.is_admin()));
