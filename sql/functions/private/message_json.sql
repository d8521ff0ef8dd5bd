-- private.message_json: a message as it is served. What only statistics need stays out.
-- Called by  whatever returns or broadcasts a message
-- PL/pgSQL, whose plans are kept: an SQL function that cannot be inlined is planned anew at every call (docs/performance.md).
create or replace function private.message_json(p_message public.messages)
  returns json
  language plpgsql immutable set search_path = ''
as $$
begin
  return json_build_object(
    'id', p_message.id,
    'chat_id', p_message.chat_id,
    'seq', p_message.seq,
    'sender_type', p_message.sender_type,
    'content', p_message.content,
    'client_message_id', p_message.client_message_id,
    'is_free_message', p_message.is_free_message,
    'created_at', p_message.created_at,
    'delivered_at', p_message.delivered_at,
    'read_at', p_message.read_at,
    'refunded_at', p_message.refunded_at);
end;
$$;
