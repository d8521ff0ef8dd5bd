-- create_operator: make an Auth user an operator.
-- Called by  POST /api/admin/operators, fantooo operators create, as fantooo_api or service_role
-- Runs as    owner: the API's role has no table rights
-- Repeats    an operator stays one and is active again
-- Raises     PT403 NOT_AN_ADMIN  PT404 USER_NOT_FOUND  PT409 HAS_ANOTHER_ROLE  PT400 INVALID_INPUT
create or replace function public.create_operator(p_admin_id uuid, p_user_id uuid, p_name text, p_email text)
  returns json
  language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_operator public.operators;
begin
  perform private.require_admin(p_admin_id);
  perform private.require_staff_account(p_user_id, p_name, p_email);
  if exists (select from public.admins a where a.id = p_user_id) then
    raise sqlstate 'PT409' using hint = 'HAS_ANOTHER_ROLE', message = 'This account is an admin.';
  end if;
  insert into public.operators (id, name, email, created_by) values (p_user_id, p_name, p_email, p_admin_id)
  on conflict (id) do update set name = excluded.name, is_active = true
  returning * into v_operator;
  perform private.audit(p_admin_id, 'create_operator', p_user_id::text);
  return json_build_object('operator', v_operator);
end;
$$;
grant execute on function public.create_operator(uuid, uuid, text, text) to fantooo_api, service_role;
