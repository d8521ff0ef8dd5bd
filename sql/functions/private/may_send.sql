-- private.may_send: whether the caller's browser may send on a Realtime topic.
-- Called by  the insert policy on realtime.messages
-- Runs as    owner: the answer must not hang on the policies of the tables
--
-- Realtime asks for topic and extension, not for the event: whoever may broadcast on a topic may forge any event of
-- it. So the topics that the database speaks on take no broadcasts from browsers: typing has a topic of its own, and
-- chat:<id> takes presence only.
create or replace function private.may_send(p_topic text, p_extension text)
  returns boolean
  language sql stable security definer set search_path = ''
as $$
  select case
    when p_extension = 'broadcast' and p_topic like 'typing:%' then
      substr(p_topic, 8) in (select id::text from private.my_chat_ids() as id)
    when p_extension = 'presence' and p_topic like 'chat:%' then
      substr(p_topic, 6) in (select id::text from private.my_chat_ids() as id)
    else false end
$$;
grant execute on function private.may_send(text, text) to authenticated;
