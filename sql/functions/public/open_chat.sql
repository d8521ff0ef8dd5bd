-- open_chat: the chat of a user and a profile, made if there is none.
-- Called by  POST /api/chats, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- Repeats    the same chat comes back with created = false
-- Raises     PT403 NOT_A_REAL_USER  PT403 ACCOUNT_SUSPENDED  PT404 PROFILE_NOT_FOUND  PT403 PROFILE_BLOCKED
create or replace function public.open_chat(p_user_id uuid, p_fictional_user_id uuid)
  returns json
  language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_chat public.chats;
  v_created boolean := false;
begin
  perform private.require_real_user(p_user_id);
  select c.* into v_chat from public.chats c
  where c.real_user_id = p_user_id and c.fictional_user_id = p_fictional_user_id;
  if not found then
    if not exists (select from public.fictional_users f where f.id = p_fictional_user_id and f.is_active) then
      raise sqlstate 'PT404' using hint = 'PROFILE_NOT_FOUND', message = 'There is no such profile.';
    elsif exists (select from public.blocks b
                  where b.real_user_id = p_user_id and b.fictional_user_id = p_fictional_user_id) then
      raise sqlstate 'PT403' using hint = 'PROFILE_BLOCKED', message = 'You have blocked this profile.';
    end if;
    insert into public.chats (real_user_id, fictional_user_id) values (p_user_id, p_fictional_user_id)
    on conflict on constraint chats_one_per_pair do nothing
    returning * into v_chat;
    v_created := found;
    if not v_created then
      -- Somebody made it between the look and the insert.
      select c.* into strict v_chat from public.chats c
      where c.real_user_id = p_user_id and c.fictional_user_id = p_fictional_user_id;
    else
      insert into public.chat_notes (chat_id) values (v_chat.id);
    end if;
  end if;
  return json_build_object('chat', private.chat_for_user(v_chat), 'created', v_created);
end;
$$;
grant execute on function public.open_chat(uuid, uuid) to fantooo_api, service_role;
