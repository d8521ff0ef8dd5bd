-- For the operator who holds the chat, and admins. Never for the user.
grant select on public.chat_notes to authenticated, service_role;
grant update (real_profile_notes, fictional_profile_notes) on public.chat_notes to authenticated;

create policy select_held_or_admin on public.chat_notes for select to authenticated
  using (chat_id = (select private.my_chat_id()) or (select private.is_admin()));
create policy update_held on public.chat_notes for update to authenticated
  using (chat_id = (select private.my_chat_id()))
  with check (chat_id = (select private.my_chat_id()));
