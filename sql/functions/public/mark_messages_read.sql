-- mark_messages_read: the caller has read the other side's messages up to p_seq; returns how far they have read now.
-- Called by  browsers, as authenticated: the chat's user, or the operator who holds it
-- Runs as    owner: nobody may update messages
-- Repeats    never goes back: an older p_seq changes nothing
-- Locks      chat
-- Raises     PT400 INVALID_INPUT  PT404 CHAT_NOT_FOUND
create or replace function public.mark_messages_read(p_chat_id uuid, p_seq integer)
  returns integer
  language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_chat public.chats;
  v_is_user boolean;
  v_from integer;
  v_to integer;
begin
  if p_seq is null or p_seq < 0 then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'p_seq is the seq of the last message read.';
  end if;
  select c.* into v_chat from public.chats c
  where c.id = p_chat_id and c.id in (select private.my_chat_ids())
  for no key update;
  if not found then
    raise sqlstate 'PT404' using hint = 'CHAT_NOT_FOUND', message = 'There is no such chat.';
  end if;
  v_is_user := v_chat.real_user_id = auth.uid();
  v_from := case when v_is_user then v_chat.real_last_read_seq else v_chat.fictional_last_read_seq end;
  v_to := least(p_seq, v_chat.last_seq);
  if v_to <= v_from then
    return v_from;
  end if;

  update public.messages m
  set read_at = now(), delivered_at = coalesce(m.delivered_at, now())
  where m.chat_id = p_chat_id and m.seq > v_from and m.seq <= v_to
    and m.sender_type = case when v_is_user then 'fictional' else 'real' end
    and m.read_at is null;
  update public.chats c
  set real_last_read_seq = case when v_is_user then v_to else c.real_last_read_seq end,
      fictional_last_read_seq = case when v_is_user then c.fictional_last_read_seq else v_to end
  where c.id = p_chat_id;
  perform private.notify('chat:' || p_chat_id, 'read', jsonb_build_object(
    'chat_id', p_chat_id, 'reader', case when v_is_user then 'real' else 'fictional' end, 'seq', v_to));
  return v_to;
end;
$$;
grant execute on function public.mark_messages_read(uuid, integer) to authenticated;
