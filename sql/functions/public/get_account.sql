-- get_account: who the caller is: their role and their own row.
-- Called by  GET /api/account, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- Raises     PT404 USER_NOT_FOUND (an Auth user without any role here)
create or replace function public.get_account(p_caller_id uuid)
  returns json
  language plpgsql stable security definer set search_path = ''
as $$
declare
  v_account json;
begin
  select coalesce(
    (select json_build_object('role', 'admin', 'user', a) from public.admins a where a.id = p_caller_id),
    (select json_build_object('role', 'operator', 'user', json_build_object(
       'id', o.id, 'name', o.name, 'email', o.email, 'is_active', o.is_active, 'is_available', o.is_available,
       'unavailable_reason', o.unavailable_reason, 'total_messages', o.total_messages, 'created_at', o.created_at))
     from public.operators o where o.id = p_caller_id),
    (select json_build_object('role', 'real_user', 'user', to_jsonb(u) - 'recent_sends',
       'disclosure_required', u.disclosure_version is distinct from (private.settings()).disclosure_version)
     from public.real_users u where u.id = p_caller_id))
  into v_account;
  if v_account is null then
    raise sqlstate 'PT404' using hint = 'USER_NOT_FOUND', message = 'This account is not registered here.';
  end if;
  return v_account;
end;
$$;
grant execute on function public.get_account(uuid) to fantooo_api, service_role;
