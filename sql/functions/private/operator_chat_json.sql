-- private.operator_chat_json: the three panels of an operator's screen: chat, curated user, profile, both notes, last 50 messages.
-- Called by  assign_next_chat, get_operator_chat, complete_and_continue, get_assigned_chat
--
-- The user is curated: no e-mail, no coordinates, no credits, no login name.
-- PL/pgSQL, whose plans are kept: an SQL function that cannot be inlined is planned anew at every call (docs/performance.md).
create or replace function private.operator_chat_json(p_chat_id uuid)
  returns json
  language plpgsql stable set search_path = ''
as $$
begin
  return (
    select json_build_object(
      'id', c.id,
      'real_user_id', c.real_user_id,
      'fictional_user_id', c.fictional_user_id,
      'message_count', c.message_count,
      'last_seq', c.last_seq,
      'last_read_seq', c.fictional_last_read_seq,
      'user_read_seq', c.real_last_read_seq,
      'last_message_at', c.last_message_at,
      'waiting_since', c.waiting_since,
      'assigned_operator_id', c.assigned_operator_id,
      'assignment_time', c.assignment_time,
      'is_active', c.is_active,
      'created_at', c.created_at,
      'user', json_build_object(
        'id', u.id, 'display_name', u.display_name, 'location', u.location, 'gender', u.gender,
        'looking_for', u.looking_for, 'age', u.age, 'profile_picture', u.profile_picture, 'member_since', u.created_at),
      'profile', private.profile_json(f),
      'notes', (select json_build_object(
                  'real_profile_notes', n.real_profile_notes, 'fictional_profile_notes', n.fictional_profile_notes,
                  'version', n.version, 'updated_at', n.updated_at)
                from public.chat_notes n where n.chat_id = c.id),
      'messages', coalesce((select json_agg(private.message_json(m) order by m.seq)
                            from public.messages m where m.chat_id = c.id and m.seq > c.last_seq - 50), '[]'))
    from public.chats c
    join public.real_users u on u.id = c.real_user_id
    join public.fictional_users f on f.id = c.fictional_user_id
    where c.id = p_chat_id);
end;
$$;
