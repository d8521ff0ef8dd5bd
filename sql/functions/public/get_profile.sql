-- get_profile: one active profile, labelled fictional.
-- Called by  GET /api/profiles/<id>, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- Raises     PT403 NOT_A_REAL_USER  PT403 ACCOUNT_SUSPENDED  PT404 PROFILE_NOT_FOUND
create or replace function public.get_profile(p_user_id uuid, p_profile_id uuid)
  returns json
  language plpgsql stable security definer set search_path = ''
as $$
declare
  v_profile public.fictional_users;
begin
  perform private.require_real_user(p_user_id);
  select f.* into v_profile from public.fictional_users f where f.id = p_profile_id and f.is_active;
  if not found then
    raise sqlstate 'PT404' using hint = 'PROFILE_NOT_FOUND', message = 'There is no such profile.';
  end if;
  return json_build_object('profile', private.profile_json(v_profile));
end;
$$;
grant execute on function public.get_profile(uuid, uuid) to fantooo_api, service_role;
