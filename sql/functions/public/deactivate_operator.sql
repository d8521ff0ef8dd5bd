-- deactivate_operator: an operator may work no longer; the chat they hold goes on at once, to somebody free or to its place.
-- Called by  POST /api/admin/operators/<id>/deactivate, fantooo operators deactivate, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- Repeats    a deactivated operator stays so
-- Locks      chat → operator (→ another operator, by SKIP LOCKED)
-- Raises     PT403 NOT_AN_ADMIN  PT404 OPERATOR_NOT_FOUND  40001 (another chat came meanwhile: try again)
create or replace function public.deactivate_operator(p_admin_id uuid, p_operator_id uuid)
  returns json
  language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_chat_id uuid;
begin
  perform private.require_admin(p_admin_id);
  v_chat_id := private.lock_held_chat(p_operator_id);
  perform private.take_off_duty(p_operator_id, 'deactivated');
  update public.operators o set is_active = false where o.id = p_operator_id;
  if not found then
    raise sqlstate 'PT404' using hint = 'OPERATOR_NOT_FOUND', message = 'There is no such operator.';
  end if;
  if v_chat_id is not null then
    perform private.release_chats(array[v_chat_id], array['operator_deactivated']);
    perform private.offer_chat(v_chat_id);
  end if;
  perform private.audit(p_admin_id, 'deactivate_operator', p_operator_id::text,
    jsonb_build_object('released_chat_id', v_chat_id));
  return json_build_object('operator_id', p_operator_id, 'is_active', false, 'released_chat_id', v_chat_id);
end;
$$;
grant execute on function public.deactivate_operator(uuid, uuid) to fantooo_api, service_role;
