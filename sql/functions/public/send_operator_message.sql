-- send_operator_message: an operator answers as the profile, in the chat they hold now.
-- Called by  POST /api/operator/messages, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- Repeats    p_client_message_id names the message: the same call again returns the first message, repeated = true,
--            also when the chat has been released meanwhile
-- Locks      chat → operator (→ real user, when a late answer is refunded)
-- Raises     PT400 EMPTY_MESSAGE  PT400 MESSAGE_TOO_LONG  PT403 NOT_AN_OPERATOR  PT403 OPERATOR_INACTIVE
--            PT403 CHAT_NOT_ASSIGNED  PT409 IDEMPOTENCY_CONFLICT
create or replace function public.send_operator_message(
  p_operator_id uuid,
  p_chat_id uuid,
  p_content text,
  p_client_message_id uuid default null)
  returns json
  language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_content text := private.clean_message(p_content);
  v_message public.messages;
  v_turn record;
begin
  perform from public.chats c where c.id = p_chat_id for no key update;
  if p_client_message_id is not null then
    select m.* into v_message from public.messages m
    where m.chat_id = p_chat_id and m.client_message_id = p_client_message_id;
    if found and v_message.handled_by_operator_id = p_operator_id and v_message.content = v_content then
      return json_build_object('message', private.message_json(v_message), 'repeated', true);
    elsif found then
      raise sqlstate 'PT409' using hint = 'IDEMPOTENCY_CONFLICT',
        message = 'This message id was already used for another message.';
    end if;
  end if;
  v_turn := private.operator_turn(p_operator_id, p_chat_id);
  insert into public.messages
    (id, chat_id, seq, sender_type, content, client_message_id, handled_by_operator_id, created_at, answered_waiting_since)
  values
    (private.uuid_v7(), p_chat_id, v_turn.seq, 'fictional', v_content, p_client_message_id, p_operator_id, v_turn.written_at,
     v_turn.answered_waiting_since)
  returning * into v_message;
  return json_build_object('message', private.message_json(v_message), 'repeated', false);
end;
$$;
grant execute on function public.send_operator_message(uuid, uuid, text, uuid) to fantooo_api, service_role;
