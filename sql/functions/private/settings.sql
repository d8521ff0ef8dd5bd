-- private.settings: the row of app_settings.
-- Called by  functions with a rule that an admin may change, where they do not read it together with other rows
-- PL/pgSQL, whose plans are kept: an SQL function that cannot be inlined is planned anew at every call (docs/performance.md).
create or replace function private.settings()
  returns public.app_settings
  language plpgsql stable security definer set search_path = ''
as $$
declare
  v_settings public.app_settings;
begin
  select s.* into strict v_settings from public.app_settings s;
  return v_settings;
end;
$$;
