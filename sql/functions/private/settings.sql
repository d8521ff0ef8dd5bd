-- private.settings: the row of app_settings.
-- Called by  every function with a rule that an admin may change
create or replace function private.settings()
  returns public.app_settings
  language sql stable security definer set search_path = ''
as $$
  select s.* from public.app_settings s
$$;
