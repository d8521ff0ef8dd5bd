-- admin_list_chats: the chat monitor: a page of chats, the last written in first.
-- Called by  GET /api/admin/chats, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- p_filters  is_active, waiting (true: somebody waits), assigned (true: somebody holds it), operator_id, user_id, profile_id
-- p_before   only chats last written in before this time: the last_message_at of the last one of the page before
-- Raises     PT403 NOT_AN_ADMIN  PT400 INVALID_INPUT
create or replace function public.admin_list_chats(
  p_admin_id uuid, p_filters jsonb default '{}', p_before timestamptz default null, p_limit integer default 50)
  returns json
  language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_admin(p_admin_id);
  perform private.require_page_size(p_limit);
  return (
    select json_build_object('chats', coalesce(json_agg(
      to_jsonb(page) || jsonb_build_object(
        'user_name', u.name, 'profile_name', f.name, 'operator_name', o.name)
      order by page.last_message_at desc, page.id), '[]'))
    from (
      select c.* from public.chats c
      where (p_before is null or c.last_message_at < p_before)
        and (p_filters ->> 'is_active' is null or c.is_active = (p_filters ->> 'is_active')::boolean)
        and (p_filters ->> 'waiting' is null or (c.waiting_since is not null) = (p_filters ->> 'waiting')::boolean)
        and (p_filters ->> 'assigned' is null or (c.assigned_operator_id is not null) = (p_filters ->> 'assigned')::boolean)
        and (p_filters ->> 'operator_id' is null or c.assigned_operator_id = (p_filters ->> 'operator_id')::uuid)
        and (p_filters ->> 'user_id' is null or c.real_user_id = (p_filters ->> 'user_id')::uuid)
        and (p_filters ->> 'profile_id' is null or c.fictional_user_id = (p_filters ->> 'profile_id')::uuid)
      order by c.last_message_at desc, c.id
      limit p_limit
    ) as page
    join public.real_users u on u.id = page.real_user_id
    join public.fictional_users f on f.id = page.fictional_user_id
    left join public.operators o on o.id = page.assigned_operator_id);
exception
  when data_exception then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'A filter has a value that it cannot have.';
end;
$$;
grant execute on function public.admin_list_chats(uuid, jsonb, timestamptz, integer) to fantooo_api, service_role;
