-- private.may_listen: whether the caller may join a Realtime topic.
-- Called by  the select policy on realtime.messages
-- Runs as    owner: the answer must not hang on the policies of the tables
--
-- chat:<id> and typing:<id>: the user of the chat, the operator who holds it, admins.
-- operator:<id>: that operator. operators: every active operator, and admins.
create or replace function private.may_listen(p_topic text)
  returns boolean
  language sql stable security definer set search_path = ''
as $$
  select case split_part(p_topic, ':', 1)
    when 'chat' then private.is_admin() or substr(p_topic, 6) in (select id::text from private.my_chat_ids() as id)
    when 'typing' then substr(p_topic, 8) in (select id::text from private.my_chat_ids() as id)
    when 'operator' then exists (
      select from public.operators o where o.id = auth.uid() and o.is_active and p_topic = 'operator:' || o.id)
    when 'operators' then p_topic = 'operators' and (private.is_admin() or exists (
      select from public.operators o where o.id = auth.uid() and o.is_active))
    else false end
$$;
grant execute on function private.may_listen(text) to authenticated;
