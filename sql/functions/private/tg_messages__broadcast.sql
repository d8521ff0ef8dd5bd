-- private.tg_messages__broadcast: tell the subscribers of a new message.
-- Called by  trigger on messages, AFTER INSERT, whoever inserted it
-- Runs as    owner: realtime.send runs as its caller
--
-- Realtime asks once, at the join, who may listen: an operator whose chat was taken away hears chat:<id> until their
-- token ends. So what the user writes goes with its text only to operator:<id> of whoever holds the chat at that
-- moment; on chat:<id> it is a hint (the user's other windows fetch it). What the profile writes goes there whole.
create or replace function private.tg_messages__broadcast()
  returns trigger
  language plpgsql security definer set search_path = ''
as $$
declare
  v_message jsonb := private.message_json(new)::jsonb;
  v_operator_id uuid;
begin
  if new.sender_type = 'fictional' then
    perform private.notify('chat:' || new.chat_id, 'message', jsonb_build_object('message', v_message));
  else
    perform private.notify('chat:' || new.chat_id, 'message', jsonb_build_object('message', v_message - 'content'));
    select c.assigned_operator_id into v_operator_id from public.chats c where c.id = new.chat_id;
    if v_operator_id is not null then
      perform private.notify('operator:' || v_operator_id, 'message', jsonb_build_object('message', v_message));
    end if;
  end if;
  return null;
end;
$$;

create or replace trigger messages_broadcast after insert on public.messages
  for each row execute function private.tg_messages__broadcast();
