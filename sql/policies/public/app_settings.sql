-- Admins read and change the rules; each change is audited by a trigger. Everybody else meets them through functions.
grant select on public.app_settings to authenticated, service_role;
grant update (
  free_messages, messages_per_minute, idle_warning_seconds, idle_release_seconds, lost_operator_seconds,
  answer_within_seconds, idle_releases_before_pause, unanswered_refund_seconds, email_domain, disclosure_version,
  disclosure_text, currency) on public.app_settings to authenticated;

create policy select_admin on public.app_settings for select to authenticated
  using ((select private.is_admin()));
create policy update_admin on public.app_settings for update to authenticated
  using ((select private.is_admin()))
  with check ((select private.is_admin()));
