-- list_packages: what can be bought, the smallest first.
-- Called by  GET /api/packages, as fantooo_api
-- Runs as    owner: the API's role has no table rights
create or replace function public.list_packages()
  returns json
  language sql stable security definer set search_path = ''
as $$
  select json_build_object('packages', coalesce(
    json_agg(json_build_object(
      'id', p.id, 'credits', p.credits, 'price_minor', p.price_minor, 'currency', p.currency)
      order by p.currency <> s.currency, p.currency, p.price_minor), '[]'))
  from public.credit_packages p
  cross join public.app_settings s
  where p.is_active
$$;
grant execute on function public.list_packages() to fantooo_api, service_role;
