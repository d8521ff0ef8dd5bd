-- admin_list_audit: a page of what admins did, newest first.
-- Called by  GET /api/admin/audit, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- p_filters  admin_id, action, target_id
-- p_before   only entries with a smaller id: the last id of the page before
-- Raises     PT403 NOT_AN_ADMIN  PT400 INVALID_INPUT
create or replace function public.admin_list_audit(
  p_admin_id uuid, p_filters jsonb default '{}', p_before bigint default null, p_limit integer default 50)
  returns json
  language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_admin(p_admin_id);
  perform private.require_page_size(p_limit);
  return (
    select json_build_object('entries', coalesce(json_agg(page order by page.id desc), '[]'))
    from (
      select l.* from public.admin_audit_log l
      where (p_before is null or l.id < p_before)
        and (p_filters ->> 'admin_id' is null or l.admin_id = (p_filters ->> 'admin_id')::uuid)
        and (p_filters ->> 'action' is null or l.action = p_filters ->> 'action')
        and (p_filters ->> 'target_id' is null or l.target_id = p_filters ->> 'target_id')
      order by l.id desc
      limit p_limit
    ) as page);
exception
  when data_exception then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'A filter has a value that it cannot have.';
end;
$$;
grant execute on function public.admin_list_audit(uuid, jsonb, bigint, integer) to fantooo_api, service_role;
