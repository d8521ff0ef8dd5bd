-- reopen_chat: a closed chat may go on.
-- Called by  POST /api/admin/chats/<id>/reopen, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- Repeats    an open chat stays open
-- Locks      chat
-- Raises     PT403 NOT_AN_ADMIN  PT404 CHAT_NOT_FOUND
create or replace function public.reopen_chat(p_admin_id uuid, p_chat_id uuid)
  returns json
  language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform private.require_admin(p_admin_id);
  update public.chats c set is_active = true, updated_at = now() where c.id = p_chat_id;
  if not found then
    raise sqlstate 'PT404' using hint = 'CHAT_NOT_FOUND', message = 'There is no such chat.';
  end if;
  perform private.audit(p_admin_id, 'reopen_chat', p_chat_id::text);
  return json_build_object('chat_id', p_chat_id, 'is_active', true);
end;
$$;
grant execute on function public.reopen_chat(uuid, uuid) to fantooo_api, service_role;
