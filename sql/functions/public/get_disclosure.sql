-- get_disclosure: what a user has to acknowledge before their first message, and its version.
-- Called by  GET /api/disclosure, as fantooo_api; signed-out pages, as anon
-- Runs as    owner: nobody but admins reads app_settings
create or replace function public.get_disclosure()
  returns json
  language sql stable security definer set search_path = ''
as $$
  select json_build_object('version', s.disclosure_version, 'text', s.disclosure_text)
  from public.app_settings s
$$;
grant execute on function public.get_disclosure() to anon, authenticated, fantooo_api, service_role;
