-- A user sees their chats, an operator the one they hold now, admins all. Written by functions only.
grant select on public.chats to authenticated, service_role;

create policy select_own_held_or_admin on public.chats for select to authenticated
  using (
    real_user_id = (select private.my_user_id())
    or id = (select private.my_chat_id())
    or (select private.is_admin()));
