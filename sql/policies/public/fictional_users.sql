-- Users browse the active profiles and see those they chat with; an operator sees the one they write for; admins all.
-- Written by save_profile only.
grant select on public.fictional_users to authenticated, service_role;

create policy select_active_chatted_or_admin on public.fictional_users for select to authenticated
  using (
    (is_active and (select private.my_user_id()) is not null)
    or id in (select c.fictional_user_id from public.chats c)
    or (select private.is_admin()));
