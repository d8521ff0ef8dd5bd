-- reassign_chat: an admin takes a chat from its operator, and gives it to a certain one, or to whoever is free.
-- Called by  POST /api/admin/chats/<id>/reassign, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- Locks      chat → operators held from and given to, by id: two admins may swap two chats at once
-- Raises     PT403 NOT_AN_ADMIN  PT404 CHAT_NOT_FOUND  PT404 OPERATOR_NOT_FOUND  PT409 CHAT_CLOSED  PT409 OPERATOR_NOT_FREE
create or replace function public.reassign_chat(p_admin_id uuid, p_chat_id uuid, p_operator_id uuid default null)
  returns json
  language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_chat public.chats;
  v_operator public.operators;
  v_assigned_to uuid := p_operator_id;
begin
  perform private.require_admin(p_admin_id);
  select c.* into v_chat from public.chats c where c.id = p_chat_id for no key update;
  if not found then
    raise sqlstate 'PT404' using hint = 'CHAT_NOT_FOUND', message = 'There is no such chat.';
  elsif not v_chat.is_active then
    raise sqlstate 'PT409' using hint = 'CHAT_CLOSED', message = 'This chat has been closed.';
  end if;
  if p_operator_id is null then
    v_assigned_to := public.release_and_reassign_chat(p_chat_id, 'admin_reassigned');
  else
    perform from public.operators o
    where o.id in (v_chat.assigned_operator_id, p_operator_id) order by o.id for no key update;
    perform private.release_chats(array[p_chat_id], array['admin_reassigned']);
    select o.* into v_operator from public.operators o where o.id = p_operator_id;
    if not found then
      raise sqlstate 'PT404' using hint = 'OPERATOR_NOT_FOUND', message = 'There is no such operator.';
    elsif v_operator.free_since is null then
      raise sqlstate 'PT409' using hint = 'OPERATOR_NOT_FREE',
        message = 'This operator is not available, or holds another chat.';
    end if;
    perform private.give_chat(p_chat_id, p_operator_id, p_accepted => false);
  end if;
  perform private.audit(p_admin_id, 'reassign_chat', p_chat_id::text,
    jsonb_build_object('operator_id', v_assigned_to));
  return json_build_object('chat_id', p_chat_id, 'assigned_operator_id', v_assigned_to);
end;
$$;
grant execute on function public.reassign_chat(uuid, uuid, uuid) to fantooo_api, service_role;
