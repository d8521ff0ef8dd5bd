-- resolve_report: an admin has dealt with a report, and says how.
-- Called by  POST /api/admin/reports/<id>/resolve, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- Repeats    the first resolution stays
-- Raises     PT403 NOT_AN_ADMIN  PT404 REPORT_NOT_FOUND  PT400 INVALID_INPUT
create or replace function public.resolve_report(p_admin_id uuid, p_report_id uuid, p_resolution text)
  returns json
  language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_resolution text := private.clean_text(p_resolution);
  v_report public.message_reports;
begin
  perform private.require_admin(p_admin_id);
  if char_length(v_resolution) not between 1 and 1000 then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'A resolution has 1 to 1000 characters.';
  end if;
  select r.* into v_report from public.message_reports r where r.id = p_report_id for no key update;
  if not found then
    raise sqlstate 'PT404' using hint = 'REPORT_NOT_FOUND', message = 'There is no such report.';
  elsif v_report.resolved_at is null then
    update public.message_reports r
    set resolved_at = now(), resolved_by = p_admin_id, resolution = v_resolution
    where r.id = p_report_id
    returning * into v_report;
    perform private.audit(p_admin_id, 'resolve_report', p_report_id::text);
  end if;
  return json_build_object('report', v_report);
end;
$$;
grant execute on function public.resolve_report(uuid, uuid, text) to fantooo_api, service_role;
