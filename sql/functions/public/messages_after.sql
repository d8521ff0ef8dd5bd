-- messages_after: the messages of a chat after p_seq, in order, at most 200: what a client missed while it was away.
-- Called by  browsers, as authenticated
-- Runs as    the caller: row level security decides
create or replace function public.messages_after(p_chat_id uuid, p_seq integer)
  returns setof public.messages
  language sql stable set search_path = ''
as $$
  select m.* from public.messages m
  where m.chat_id = p_chat_id and m.seq > p_seq
  order by m.seq
  limit 200
$$;
grant execute on function public.messages_after(uuid, integer) to authenticated;
