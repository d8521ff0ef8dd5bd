-- private.profile_json: a profile as it is served, labelled fictional.
-- Called by  whatever returns a profile
-- PL/pgSQL, whose plans are kept: an SQL function that cannot be inlined is planned anew at every call (docs/performance.md).
create or replace function private.profile_json(p_profile public.fictional_users)
  returns json
  language plpgsql immutable set search_path = ''
as $$
begin
  return json_build_object(
    'id', p_profile.id,
    'name', p_profile.name,
    'age', p_profile.age,
    'gender', p_profile.gender,
    'location', p_profile.location,
    'bio', p_profile.bio,
    'profile_pictures', p_profile.profile_pictures,
    'is_active', p_profile.is_active,
    'is_fictional', p_profile.is_fictional,
    'created_at', p_profile.created_at);
end;
$$;
