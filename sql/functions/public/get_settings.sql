-- get_settings: the rules an admin may change.
-- Called by  GET /api/admin/settings, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- Raises     PT403 NOT_AN_ADMIN
create or replace function public.get_settings(p_admin_id uuid)
  returns json
  language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_admin(p_admin_id);
  return json_build_object('settings', to_jsonb(private.settings()) - 'id');
end;
$$;
grant execute on function public.get_settings(uuid) to fantooo_api, service_role;
