-- private.chat_for_user: a chat as its real user is shown it, with the profile and what is unread.
-- Called by  open_chat, list_chats
-- PL/pgSQL, whose plans are kept: an SQL function that cannot be inlined is planned anew at every call (docs/performance.md).
create or replace function private.chat_for_user(p_chat public.chats)
  returns json
  language plpgsql stable set search_path = ''
as $$
begin
  return json_build_object(
    'id', p_chat.id,
    'real_user_id', p_chat.real_user_id,
    'fictional_user_id', p_chat.fictional_user_id,
    'message_count', p_chat.message_count,
    'real_message_count', p_chat.real_message_count,
    'free_messages_left', greatest(0, (private.settings()).free_messages - p_chat.real_message_count),
    'last_seq', p_chat.last_seq,
    'last_read_seq', p_chat.real_last_read_seq,
    'unread', (select count(*) from public.messages m
               where m.chat_id = p_chat.id and m.seq > p_chat.real_last_read_seq and m.sender_type = 'fictional'),
    'last_message_at', p_chat.last_message_at,
    'waiting_since', p_chat.waiting_since,
    'is_active', p_chat.is_active,
    'created_at', p_chat.created_at,
    'profile', (select json_build_object(
                  'id', f.id, 'name', f.name, 'age', f.age, 'location', f.location,
                  'profile_pictures', f.profile_pictures, 'is_fictional', f.is_fictional)
                from public.fictional_users f where f.id = p_chat.fictional_user_id));
end;
$$;
