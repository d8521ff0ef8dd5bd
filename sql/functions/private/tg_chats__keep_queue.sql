-- private.tg_chats__keep_queue: a chat is in the queue exactly while a message of its user waits and nobody holds it.
-- Called by  triggers on chats (insert; update that brings it in or takes it out), whoever wrote
-- Runs as    owner: nobody else reaches the queue
-- Locks      the chat's row is the caller's; then its place in the queue, which somebody who asks for a chat may have locked
--            for a moment: they wait for nobody while they do
create or replace function private.tg_chats__keep_queue()
  returns trigger
  language plpgsql security definer set search_path = ''
as $$
begin
  if new.waiting_since is not null and new.assigned_operator_id is null then
    insert into private.chat_queue (chat_id, waiting_since) values (new.id, new.waiting_since)
    on conflict (chat_id) do update set waiting_since = excluded.waiting_since;
  else
    delete from private.chat_queue q where q.chat_id = new.id;
  end if;
  return null;
end;
$$;

create or replace trigger chats_enter_queue after insert on public.chats
  for each row when (new.waiting_since is not null and new.assigned_operator_id is null)
  execute function private.tg_chats__keep_queue();
create or replace trigger chats_keep_queue after update of waiting_since, assigned_operator_id on public.chats
  for each row when (
    case when old.assigned_operator_id is null then old.waiting_since end
    is distinct from case when new.assigned_operator_id is null then new.waiting_since end)
  execute function private.tg_chats__keep_queue();
