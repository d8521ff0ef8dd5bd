-- get_email_domain: what follows the @ in the address of a user who signs up as "name".
-- Called by  POST /api/auth/sign-up and /sign-in, as fantooo_api
-- Runs as    owner: nobody but admins reads app_settings
create or replace function public.get_email_domain()
  returns text
  language sql stable security definer set search_path = ''
as $$
  select s.email_domain from public.app_settings s
$$;
grant execute on function public.get_email_domain() to fantooo_api, service_role;
