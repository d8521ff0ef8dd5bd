-- suspend_user: a user may do nothing until reinstated; their chats leave the queue and unanswered credits come back.
-- Called by  POST /api/admin/users/<id>/suspend, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- Repeats    a suspended user stays so, with the reason given last
-- Locks      chats, by id → operators → real user
-- Raises     PT403 NOT_AN_ADMIN  PT404 USER_NOT_FOUND  PT400 INVALID_INPUT
create or replace function public.suspend_user(p_admin_id uuid, p_user_id uuid, p_reason text)
  returns json
  language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_chat_id uuid;
begin
  perform private.require_admin(p_admin_id);
  if char_length(private.clean_text(p_reason)) not between 1 and 1000 then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'A suspension has a reason of 1 to 1000 characters.';
  end if;
  perform from public.chats c where c.real_user_id = p_user_id order by c.id for no key update;
  -- All operators before the user's own row, which the first refund locks.
  perform private.release_chats(array_agg(c.id), array_agg('user_suspended'::text))
  from public.chats c where c.real_user_id = p_user_id and c.assigned_operator_id is not null;
  for v_chat_id in
    select c.id from public.chats c where c.real_user_id = p_user_id and c.waiting_since is not null
  loop
    perform private.stop_waiting(v_chat_id, 'user_suspended');
  end loop;
  update public.real_users u
  set is_active = false, suspended_reason = private.clean_text(p_reason), updated_at = now()
  where u.id = p_user_id;
  if not found then
    raise sqlstate 'PT404' using hint = 'USER_NOT_FOUND', message = 'There is no such user.';
  end if;
  perform private.audit(p_admin_id, 'suspend_user', p_user_id::text, jsonb_build_object('reason', p_reason));
  return json_build_object('user_id', p_user_id, 'is_active', false);
end;
$$;
grant execute on function public.suspend_user(uuid, uuid, text) to fantooo_api, service_role;
