-- admin_list_users: a page of the real users, newest first.
-- Called by  GET /api/admin/users, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- p_filters  is_active, name (the beginning of a name)
-- p_before   only users who came before this time: the created_at of the last one of the page before
-- Raises     PT403 NOT_AN_ADMIN  PT400 INVALID_INPUT
create or replace function public.admin_list_users(
  p_admin_id uuid, p_filters jsonb default '{}', p_before timestamptz default null, p_limit integer default 50)
  returns json
  language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_admin(p_admin_id);
  perform private.require_page_size(p_limit);
  return (
    select json_build_object('users', coalesce(json_agg(
      to_jsonb(page) - array['recent_sends', 'latitude', 'longitude'] order by page.created_at desc, page.id), '[]'))
    from (
      select u.* from public.real_users u
      where (p_before is null or u.created_at < p_before)
        and (p_filters ->> 'is_active' is null or u.is_active = (p_filters ->> 'is_active')::boolean)
        and (p_filters ->> 'name' is null or starts_with(u.name, p_filters ->> 'name'))
      order by u.created_at desc, u.id
      limit p_limit
    ) as page);
exception
  when data_exception then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'A filter has a value that it cannot have.';
end;
$$;
grant execute on function public.admin_list_users(uuid, jsonb, timestamptz, integer) to fantooo_api, service_role;
