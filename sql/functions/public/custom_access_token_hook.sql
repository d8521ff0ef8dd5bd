-- custom_access_token_hook: add user_role (admin, operator, real_user) to an access token.
-- Called by  Auth, whenever it issues a token, with a limit of 2 s
-- Runs as    supabase_auth_admin, which policies let read who is what (Supabase advises against definer here)
--
-- user_role is for routing pages. Every function checks the tables, so a suspended operator is out at once.
create or replace function public.custom_access_token_hook(event jsonb)
  returns jsonb
  language sql stable set search_path = ''
as $$
  select jsonb_set(event, '{claims,user_role}', coalesce(
    (select '"admin"'::jsonb from public.admins a where a.id = u.id),
    (select '"operator"'::jsonb from public.operators o where o.id = u.id and o.is_active),
    (select '"real_user"'::jsonb from public.real_users r where r.id = u.id and r.is_active),
    'null'::jsonb))
  from (select (event ->> 'user_id')::uuid as id) as u
$$;
grant execute on function public.custom_access_token_hook(jsonb) to supabase_auth_admin;
