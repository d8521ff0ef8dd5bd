-- admin_list_reports: a page of message reports, newest first, with the message reported.
-- Called by  GET /api/admin/reports, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- p_filters  resolved
-- p_before   only reports made before this time: the created_at of the last one of the page before
-- Raises     PT403 NOT_AN_ADMIN  PT400 INVALID_INPUT
create or replace function public.admin_list_reports(
  p_admin_id uuid, p_filters jsonb default '{}', p_before timestamptz default null, p_limit integer default 50)
  returns json
  language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_admin(p_admin_id);
  perform private.require_page_size(p_limit);
  return (
    select json_build_object('reports', coalesce(json_agg(
      to_jsonb(page) || jsonb_build_object(
        'message', private.message_json(m), 'handled_by_operator_id', m.handled_by_operator_id)
      order by page.created_at desc, page.id), '[]'))
    from (
      select r.* from public.message_reports r
      where (p_before is null or r.created_at < p_before)
        and (p_filters ->> 'resolved' is null or (r.resolved_at is not null) = (p_filters ->> 'resolved')::boolean)
      order by r.created_at desc, r.id
      limit p_limit
    ) as page
    join public.messages m on m.id = page.message_id);
exception
  when data_exception then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'A filter has a value that it cannot have.';
end;
$$;
grant execute on function public.admin_list_reports(uuid, jsonb, timestamptz, integer) to fantooo_api, service_role;
