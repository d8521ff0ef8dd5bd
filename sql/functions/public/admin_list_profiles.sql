-- admin_list_profiles: a page of all profiles, the inactive ones too, newest first.
-- Called by  GET /api/admin/profiles, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- p_filters  is_active, gender
-- p_before   only profiles made before this time: the created_at of the last one of the page before
-- Raises     PT403 NOT_AN_ADMIN  PT400 INVALID_INPUT
create or replace function public.admin_list_profiles(
  p_admin_id uuid, p_filters jsonb default '{}', p_before timestamptz default null, p_limit integer default 50)
  returns json
  language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_admin(p_admin_id);
  perform private.require_page_size(p_limit);
  return (
    select json_build_object('profiles', coalesce(
      json_agg(private.profile_json(page) order by page.created_at desc, page.id), '[]'))
    from (
      select f.* from public.fictional_users f
      where (p_before is null or f.created_at < p_before)
        and (p_filters ->> 'is_active' is null or f.is_active = (p_filters ->> 'is_active')::boolean)
        and (p_filters ->> 'gender' is null or f.gender = p_filters ->> 'gender')
      order by f.created_at desc, f.id
      limit p_limit
    ) as page);
exception
  when data_exception then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'A filter has a value that it cannot have.';
end;
$$;
grant execute on function public.admin_list_profiles(uuid, jsonb, timestamptz, integer) to fantooo_api, service_role;
