-- admin_list_operators: every operator with their live state.
-- Called by  GET /api/admin/operators, fantooo operators list, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- Raises     PT403 NOT_AN_ADMIN
create or replace function public.admin_list_operators(p_admin_id uuid)
  returns json
  language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_admin(p_admin_id);
  return (
    select json_build_object('operators', coalesce(json_agg(json_build_object(
      'id', o.id, 'name', o.name, 'email', o.email, 'is_active', o.is_active, 'is_available', o.is_available,
      'unavailable_reason', o.unavailable_reason, 'is_reachable', coalesce(o.last_heartbeat_at > clock_timestamp()
        - (private.settings()).lost_operator_seconds * interval '1 second', false),
      'last_heartbeat_at', o.last_heartbeat_at, 'last_activity', o.last_activity, 'free_since', o.free_since,
      'chat_id', c.id, 'assignment_time', c.assignment_time, 'waiting_since', c.waiting_since,
      'idle_releases', o.idle_releases, 'total_messages', o.total_messages, 'created_at', o.created_at)
      order by o.name, o.id), '[]'))
    from public.operators o
    left join public.chats c on c.assigned_operator_id = o.id);
end;
$$;
grant execute on function public.admin_list_operators(uuid) to fantooo_api, service_role;
