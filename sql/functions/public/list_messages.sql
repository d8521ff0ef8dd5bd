-- list_messages: a page of a chat for its user, the operator who holds it, or an admin.
-- Called by  GET /api/chats/<id>/messages, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- p_after    the messages after this seq, oldest first; otherwise the newest page, or the one before p_before. Always in order.
-- Raises     PT400 INVALID_INPUT  PT404 CHAT_NOT_FOUND
create or replace function public.list_messages(
  p_caller_id uuid,
  p_chat_id uuid,
  p_after integer default null,
  p_before integer default null,
  p_limit integer default 50)
  returns json
  language plpgsql stable security definer set search_path = ''
as $$
declare
  v_chat public.chats;
  v_messages json;
  v_count integer;
begin
  if p_limit is null or p_limit not between 1 and 200 or least(p_after, p_before) < 0 then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'A page has 1 to 200 messages, after or before a seq.';
  end if;
  select c.* into v_chat from public.chats c
  where c.id = p_chat_id
    and (exists (select from public.real_users u where u.id = p_caller_id and u.id = c.real_user_id and u.is_active)
      or exists (select from public.operators o where o.id = p_caller_id and o.id = c.assigned_operator_id and o.is_active)
      or exists (select from public.admins a where a.id = p_caller_id));
  if not found then
    raise sqlstate 'PT404' using hint = 'CHAT_NOT_FOUND', message = 'There is no such chat.';
  end if;

  -- seq has no gaps, so a page is a range and not a search.
  select json_agg(private.message_json(m) order by m.seq), count(*) into v_messages, v_count
  from public.messages m
  where m.chat_id = p_chat_id
    and m.seq > coalesce(p_after, least(coalesce(p_before, v_chat.last_seq + 1), v_chat.last_seq + 1) - 1 - p_limit)
    and m.seq <= case when p_after is null
                 then least(coalesce(p_before, v_chat.last_seq + 1), v_chat.last_seq + 1) - 1
                 else least(p_after::bigint + p_limit, v_chat.last_seq) end;
  return json_build_object(
    'messages', coalesce(v_messages, '[]'),
    'last_seq', v_chat.last_seq,
    'has_more', case when p_after is null
                then least(coalesce(p_before, v_chat.last_seq + 1), v_chat.last_seq + 1) - 1 > p_limit
                else p_after::bigint + p_limit < v_chat.last_seq end,
    'read_seq', case when p_caller_id = v_chat.real_user_id then v_chat.real_last_read_seq
                else v_chat.fictional_last_read_seq end);
end;
$$;
grant execute on function public.list_messages(uuid, uuid, integer, integer, integer) to fantooo_api, service_role;
