-- block_profile: the caller wants nothing more to do with a profile: its chat leaves the queue, unanswered credits come back.
-- Called by  browsers, as authenticated. Unblocking is a delete on blocks.
-- Runs as    owner: the chat is not the user's to change
-- Repeats    once blocked, nothing more happens
-- Locks      chat → operator → real user
-- Raises     PT403 NOT_A_REAL_USER  PT404 PROFILE_NOT_FOUND
create or replace function public.block_profile(p_fictional_user_id uuid)
  returns void
  language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_user_id uuid := private.my_user_id();
  v_chat_id uuid;
begin
  if v_user_id is null then
    raise sqlstate 'PT403' using hint = 'NOT_A_REAL_USER', message = 'Only users who chat may do this.';
  elsif not exists (select from public.fictional_users f where f.id = p_fictional_user_id) then
    raise sqlstate 'PT404' using hint = 'PROFILE_NOT_FOUND', message = 'There is no such profile.';
  end if;
  select c.id into v_chat_id from public.chats c
  where c.real_user_id = v_user_id and c.fictional_user_id = p_fictional_user_id
  for no key update;
  insert into public.blocks (real_user_id, fictional_user_id) values (v_user_id, p_fictional_user_id)
  on conflict do nothing;
  if v_chat_id is not null then
    perform private.stop_waiting(v_chat_id, 'profile_blocked');
  end if;
end;
$$;
grant execute on function public.block_profile(uuid) to authenticated;
