-- handle_new_user: make the real_users row of a sign-up; do nothing for any other new Auth user.
-- Called by  trigger on auth.users, AFTER INSERT, in Auth's own session
-- Runs as    owner: supabase_auth_admin has no rights on public tables
-- Raises     PT400 INVALID_NAME  PT400 INVALID_EMAIL  PT400 INVALID_AGE  PT400 INVALID_SIGN_UP
--            (Auth answers any of them "Database error saving new user": our API validates before)
--
-- A sign-up is user metadata with a "name". It never gives a role: at INSERT the admin's app_metadata is not
-- there yet, and user metadata is the user's own to write. Admins and operators: create_admin, create_operator.
create or replace function public.handle_new_user()
  returns trigger
  language plpgsql security definer set search_path = ''
as $$
declare
  v_profile jsonb := new.raw_user_meta_data;
  v_settings public.app_settings;
begin
  if v_profile is null or jsonb_typeof(v_profile) <> 'object' or not v_profile ? 'name' then
    return new;
  end if;
  v_settings := private.settings();
  if coalesce(v_profile ->> 'name', '') !~ '^[a-z0-9_]{3,20}$' then
    raise sqlstate 'PT400' using hint = 'INVALID_NAME',
      message = 'A name is 3 to 20 characters: small letters, digits and underscores.';
  elsif new.email is distinct from (v_profile ->> 'name') || '@' || v_settings.email_domain then
    raise sqlstate 'PT400' using hint = 'INVALID_EMAIL',
      message = format('The e-mail address of a user is name@%s.', v_settings.email_domain);
  elsif coalesce(v_profile ->> 'age', '') !~ '^[0-9]{1,3}$' or (v_profile ->> 'age')::integer not between 18 and 100 then
    raise sqlstate 'PT400' using hint = 'INVALID_AGE', message = 'Users are 18 to 100 years old.';
  elsif char_length(private.clean_text(v_profile ->> 'display_name')) not between 1 and 50
    or char_length(private.clean_text(v_profile ->> 'location')) not between 1 and 100
    or coalesce(v_profile ->> 'gender', '') not in ('male', 'female')
    or coalesce(v_profile ->> 'looking_for', '') not in ('male', 'female') then
    raise sqlstate 'PT400' using hint = 'INVALID_SIGN_UP',
      message = 'A sign-up has display_name (1 to 50 characters), location (1 to 100), gender and looking_for (male or female).';
  end if;
  insert into public.real_users
    (id, name, display_name, email, location, gender, looking_for, age, disclosure_version, disclosure_accepted_at)
  select
    new.id, v_profile ->> 'name', private.clean_text(v_profile ->> 'display_name'), new.email,
    private.clean_text(v_profile ->> 'location'), v_profile ->> 'gender', v_profile ->> 'looking_for',
    (v_profile ->> 'age')::integer,
    case when accepted then v_settings.disclosure_version end,
    case when accepted then now() end
  from (select v_profile -> 'accepts_fictional_profiles' = 'true'::jsonb as accepted) as disclosure;
  return new;
end;
$$;

create or replace trigger fantooo_new_user after insert on auth.users
  for each row execute function public.handle_new_user();
