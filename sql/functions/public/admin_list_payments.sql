-- admin_list_payments: a page of purchases, newest first.
-- Called by  GET /api/admin/payments, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- p_filters  status, user_id, reference, shortfall (true: a reversal found the credits spent)
-- p_before   only purchases begun before this time: the created_at of the last one of the page before
-- Raises     PT403 NOT_AN_ADMIN  PT400 INVALID_INPUT
create or replace function public.admin_list_payments(
  p_admin_id uuid, p_filters jsonb default '{}', p_before timestamptz default null, p_limit integer default 50)
  returns json
  language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_admin(p_admin_id);
  perform private.require_page_size(p_limit);
  return (
    select json_build_object('payments', coalesce(
      json_agg(page order by page.created_at desc, page.id), '[]'))
    from (
      select t.* from public.transactions t
      where (p_before is null or t.created_at < p_before)
        and (p_filters ->> 'status' is null or t.status = p_filters ->> 'status')
        and (p_filters ->> 'user_id' is null or t.real_user_id = (p_filters ->> 'user_id')::uuid)
        and (p_filters ->> 'reference' is null or t.paystack_reference = p_filters ->> 'reference')
        and (p_filters ->> 'shortfall' is null or (t.credits_shortfall > 0) = (p_filters ->> 'shortfall')::boolean)
      order by t.created_at desc, t.id
      limit p_limit
    ) as page);
exception
  when data_exception then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'A filter has a value that it cannot have.';
end;
$$;
grant execute on function public.admin_list_payments(uuid, jsonb, timestamptz, integer) to fantooo_api, service_role;
