-- Read by the user of the chat, the operator who holds it now, and admins. An operator may insert an answer from the
-- browser: the trigger messages_written_by_operator makes it the message send_operator_message would have written.
-- A user's message is charged, so it is sent by send_user_message only.
grant select on public.messages to authenticated, service_role;
grant insert (chat_id, sender_type, content, client_message_id) on public.messages to authenticated;

create policy select_own_held_or_admin on public.messages for select to authenticated
  using (chat_id in (select private.my_chat_ids()) or (select private.is_admin()));
create policy insert_held on public.messages for insert to authenticated
  with check (sender_type = 'fictional' and chat_id = (select private.my_chat_id()));
