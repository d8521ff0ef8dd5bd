-- reactivate_operator: a deactivated operator may work again; they come back by saying they are available.
-- Called by  POST /api/admin/operators/<id>/reactivate, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- Repeats    an active operator stays so
-- Raises     PT403 NOT_AN_ADMIN  PT404 OPERATOR_NOT_FOUND
create or replace function public.reactivate_operator(p_admin_id uuid, p_operator_id uuid)
  returns json
  language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform private.require_admin(p_admin_id);
  update public.operators o set is_active = true where o.id = p_operator_id;
  if not found then
    raise sqlstate 'PT404' using hint = 'OPERATOR_NOT_FOUND', message = 'There is no such operator.';
  end if;
  perform private.audit(p_admin_id, 'reactivate_operator', p_operator_id::text);
  return json_build_object('operator_id', p_operator_id, 'is_active', true);
end;
$$;
grant execute on function public.reactivate_operator(uuid, uuid) to fantooo_api, service_role;
