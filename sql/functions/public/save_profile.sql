-- save_profile: make a fictional profile, or change one; fields left out stay as they are.
-- Called by  POST and PATCH /api/admin/profiles, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- p_profile_id  null makes a new one
-- p_profile     name, age, gender, location, bio, profile_pictures (https URLs), is_active
-- Raises     PT403 NOT_AN_ADMIN  PT404 PROFILE_NOT_FOUND  PT400 INVALID_INPUT
create or replace function public.save_profile(p_admin_id uuid, p_profile_id uuid, p_profile jsonb)
  returns json
  language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_old public.fictional_users;
  v_new public.fictional_users;
begin
  perform private.require_admin(p_admin_id);
  if p_profile_id is not null then
    select f.* into v_old from public.fictional_users f where f.id = p_profile_id for no key update;
    if not found then
      raise sqlstate 'PT404' using hint = 'PROFILE_NOT_FOUND', message = 'There is no such profile.';
    end if;
  end if;
  v_new := jsonb_populate_record(v_old, p_profile - array['id', 'is_fictional', 'created_at', 'created_by']);
  if exists (select from unnest(v_new.profile_pictures) as picture
    where picture !~ '^https://[^\s"<>]+$' or pg_catalog.char_length(picture) > 2000) then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'Pictures are https addresses.';
  end if;
  insert into public.fictional_users as f
    (id, name, age, gender, location, bio, profile_pictures, is_active, created_by)
  values
    (coalesce(p_profile_id, gen_random_uuid()), private.clean_text(v_new.name), v_new.age, v_new.gender,
     private.clean_text(v_new.location), private.clean_text(v_new.bio), coalesce(v_new.profile_pictures, '{}'),
     coalesce(v_new.is_active, true), p_admin_id)
  on conflict (id) do update
  set name = excluded.name, age = excluded.age, gender = excluded.gender, location = excluded.location,
      bio = excluded.bio, profile_pictures = excluded.profile_pictures, is_active = excluded.is_active
  returning * into v_new;
  perform private.audit(p_admin_id, case when p_profile_id is null then 'create_profile' else 'change_profile' end,
    v_new.id::text, p_profile);
  return json_build_object('profile', private.profile_json(v_new));
exception
  when check_violation or not_null_violation or invalid_text_representation or numeric_value_out_of_range then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message =
      'A profile has a name (1 to 50 characters), an age (18 to 100), a gender (male or female), a location (1 to 100 characters), at most 2000 characters of bio and at most 10 pictures.';
end;
$$;
grant execute on function public.save_profile(uuid, uuid, jsonb) to fantooo_api, service_role;
