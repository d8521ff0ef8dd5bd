-- Realtime Authorization: who may join a private topic, and who may send on it. The rules are in may_listen and may_send.
create policy fantooo_listen on realtime.messages for select to authenticated
  using (extension in ('broadcast', 'presence') and (select private.may_listen((select realtime.topic()))));
create policy fantooo_send on realtime.messages for insert to authenticated
  with check (private.may_send((select realtime.topic()), extension));
