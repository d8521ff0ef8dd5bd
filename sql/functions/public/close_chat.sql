-- close_chat: nobody writes in a chat any more; what was paid and not answered comes back.
-- Called by  POST /api/admin/chats/<id>/close, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- Repeats    a closed chat stays closed
-- Locks      chat → operator → real user
-- Raises     PT403 NOT_AN_ADMIN  PT404 CHAT_NOT_FOUND
create or replace function public.close_chat(p_admin_id uuid, p_chat_id uuid)
  returns json
  language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform private.require_admin(p_admin_id);
  perform from public.chats c where c.id = p_chat_id for no key update;
  if not found then
    raise sqlstate 'PT404' using hint = 'CHAT_NOT_FOUND', message = 'There is no such chat.';
  end if;
  perform private.stop_waiting(p_chat_id, 'chat_closed');
  update public.chats c set is_active = false, updated_at = now() where c.id = p_chat_id;
  perform private.audit(p_admin_id, 'close_chat', p_chat_id::text);
  return json_build_object('chat_id', p_chat_id, 'is_active', false);
end;
$$;
grant execute on function public.close_chat(uuid, uuid) to fantooo_api, service_role;
