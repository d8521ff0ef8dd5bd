-- get_assigned_chat: the chat the calling operator holds: chat, curated user, profile, notes, last messages; null for none.
-- Called by  browsers, as authenticated
-- Runs as    owner: operators read no real_users row
-- Raises     PT403 NOT_AN_OPERATOR  PT403 OPERATOR_INACTIVE
create or replace function public.get_assigned_chat()
  returns json
  language sql volatile security definer set search_path = ''
as $$
  select public.get_operator_chat(auth.uid()) -> 'chat'
$$;
grant execute on function public.get_assigned_chat() to authenticated;
