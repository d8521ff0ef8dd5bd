-- private.tg_messages__written_by_operator: a message inserted by an operator's browser becomes the one that
-- send_operator_message would have written, with every side effect; what the browser claims about it is overwritten.
-- Called by  trigger on messages, BEFORE INSERT, only for rows inserted as authenticated
-- Runs as    owner: the operator may insert a message and nothing else of this
-- Locks      chat → operator (→ real user)
-- Raises     as operator_turn and clean_message
create or replace function private.tg_messages__written_by_operator()
  returns trigger
  language plpgsql security definer set search_path = ''
as $$
declare
  v_turn record;
begin
  new.content := private.clean_message(new.content);
  v_turn := private.operator_turn(auth.uid(), new.chat_id);
  new.id := private.uuid_v7();
  new.seq := v_turn.seq;
  new.sender_type := 'fictional';
  new.handled_by_operator_id := auth.uid();
  new.is_free_message := false;
  new.created_at := v_turn.written_at;
  new.answered_waiting_since := v_turn.answered_waiting_since;
  new.delivered_at := null;
  new.read_at := null;
  new.refunded_at := null;
  return new;
end;
$$;

create or replace trigger messages_written_by_operator before insert on public.messages
  for each row when (current_user = 'authenticated')
  execute function private.tg_messages__written_by_operator();
