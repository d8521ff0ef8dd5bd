-- create_admin: make an Auth user an admin.
-- Called by  POST /api/admin/admins, fantooo create-admin, as fantooo_api or service_role
-- Runs as    owner: the API's role has no table rights
-- Repeats    an admin stays one; name and rank become those given
-- Raises     PT403 NOT_A_SUPER_ADMIN  PT404 USER_NOT_FOUND  PT409 HAS_ANOTHER_ROLE  PT400 INVALID_INPUT
-- p_admin_id a super admin; null only while there is no admin at all: the first of a new project
create or replace function public.create_admin(
  p_admin_id uuid, p_user_id uuid, p_name text, p_email text, p_is_super_admin boolean default false)
  returns json
  language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_admin public.admins;
begin
  -- Two "first" admins at once: the second waits here and then is not the first.
  lock table public.admins in share row exclusive mode;
  if p_admin_id is null and exists (select from public.admins)
    or p_admin_id is not null
      and not exists (select from public.admins a where a.id = p_admin_id and a.is_super_admin) then
    raise sqlstate 'PT403' using hint = 'NOT_A_SUPER_ADMIN', message = 'Only super admins make admins.';
  end if;
  perform private.require_staff_account(p_user_id, p_name, p_email);
  if exists (select from public.operators o where o.id = p_user_id) then
    raise sqlstate 'PT409' using hint = 'HAS_ANOTHER_ROLE', message = 'This account is an operator.';
  end if;
  insert into public.admins as a (id, name, email, is_super_admin)
  values (p_user_id, p_name, p_email, p_is_super_admin or p_admin_id is null)
  on conflict (id) do update set name = excluded.name, is_super_admin = excluded.is_super_admin
  returning * into v_admin;
  perform private.audit(p_admin_id, 'create_admin', p_user_id::text,
    jsonb_build_object('is_super_admin', v_admin.is_super_admin));
  return json_build_object('admin', v_admin);
end;
$$;
grant execute on function public.create_admin(uuid, uuid, text, text, boolean) to fantooo_api, service_role;
