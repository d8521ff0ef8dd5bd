-- list_chats: a user's chats, the last written in first.
-- Called by  GET /api/chats, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- p_before   only chats last written in before this time: the last_message_at of the page before
-- Raises     PT400 INVALID_INPUT  PT403 NOT_A_REAL_USER  PT403 ACCOUNT_SUSPENDED
create or replace function public.list_chats(p_user_id uuid, p_before timestamptz default null, p_limit integer default 50)
  returns json
  language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_real_user(p_user_id);
  if p_limit is null or p_limit not between 1 and 100 then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'A page has 1 to 100 chats.';
  end if;
  return (
    select json_build_object('chats', coalesce(
      json_agg(private.chat_for_user(page) order by page.last_message_at desc, page.id), '[]'))
    from (
      select c.* from public.chats c
      where c.real_user_id = p_user_id and (p_before is null or c.last_message_at < p_before)
      order by c.last_message_at desc, c.id
      limit p_limit
    ) as page);
end;
$$;
grant execute on function public.list_chats(uuid, timestamptz, integer) to fantooo_api, service_role;
