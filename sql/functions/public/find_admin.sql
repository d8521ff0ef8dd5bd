-- find_admin: the id of the admin with this e-mail address.
-- Called by  the fantooo command, where an admin names themselves (--by), as fantooo_api or service_role
-- Runs as    owner: the API's role has no table rights
-- Raises     PT403 NOT_AN_ADMIN
create or replace function public.find_admin(p_email text)
  returns uuid
  language plpgsql stable security definer set search_path = ''
as $$
declare
  v_admin_id uuid;
begin
  select a.id into v_admin_id from public.admins a where lower(a.email) = lower(p_email);
  if not found then
    raise sqlstate 'PT403' using hint = 'NOT_AN_ADMIN', message = format('No admin has the e-mail address %s.', p_email);
  end if;
  return v_admin_id;
end;
$$;
grant execute on function public.find_admin(text) to fantooo_api, service_role;
