-- list_profiles: a page of the active profiles, newest first, each labelled fictional.
-- Called by  GET /api/profiles, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- p_gender   null: whom the user is looking for
-- p_cursor   nextCursor of the page before
-- Raises     PT400 INVALID_INPUT  PT403 NOT_A_REAL_USER  PT403 ACCOUNT_SUSPENDED
create or replace function public.list_profiles(
  p_user_id uuid,
  p_gender text default null,
  p_cursor text default null,
  p_limit integer default 20)
  returns json
  language plpgsql stable security definer set search_path = ''
as $$
declare
  v_gender text;
  v_after public.fictional_users;
  v_profiles json;
  v_next text;
begin
  perform private.require_real_user(p_user_id);
  if p_gender not in ('male', 'female') then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'gender is male or female.';
  elsif p_limit is null or p_limit not between 1 and 100 then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'A page has 1 to 100 profiles.';
  end if;
  v_gender := coalesce(p_gender, (select u.looking_for from public.real_users u where u.id = p_user_id));
  if p_cursor is not null then
    -- The cursor is a profile's id: the place in the list is looked up, so it cannot be made up.
    if pg_input_is_valid(p_cursor, 'uuid') then
      select f.* into v_after from public.fictional_users f where f.id = p_cursor::uuid;
    end if;
    if v_after.id is null then
      raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'This cursor is not one of ours.';
    end if;
  end if;
  select json_agg(private.profile_json(page) order by page.created_at desc, page.id desc),
    case when count(*) = p_limit then (array_agg(page.id order by page.created_at, page.id))[1]::text end
  into v_profiles, v_next
  from (
    select f.* from public.fictional_users f
    where f.is_active and f.gender = v_gender
      and (v_after.id is null or (f.created_at, f.id) < (v_after.created_at, v_after.id))
      and not exists (select from public.blocks b where b.real_user_id = p_user_id and b.fictional_user_id = f.id)
    order by f.created_at desc, f.id desc
    limit p_limit
  ) as page;
  return json_build_object('profiles', coalesce(v_profiles, '[]'), 'nextCursor', v_next);
end;
$$;
grant execute on function public.list_profiles(uuid, text, text, integer) to fantooo_api, service_role;
