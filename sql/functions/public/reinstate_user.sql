-- reinstate_user: a suspended user may go on.
-- Called by  POST /api/admin/users/<id>/reinstate, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- Repeats    an active user stays so
-- Raises     PT403 NOT_AN_ADMIN  PT404 USER_NOT_FOUND
create or replace function public.reinstate_user(p_admin_id uuid, p_user_id uuid)
  returns json
  language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform private.require_admin(p_admin_id);
  update public.real_users u
  set is_active = true, suspended_reason = null, updated_at = now()
  where u.id = p_user_id;
  if not found then
    raise sqlstate 'PT404' using hint = 'USER_NOT_FOUND', message = 'There is no such user.';
  end if;
  perform private.audit(p_admin_id, 'reinstate_user', p_user_id::text);
  return json_build_object('user_id', p_user_id, 'is_active', true);
end;
$$;
grant execute on function public.reinstate_user(uuid, uuid) to fantooo_api, service_role;
