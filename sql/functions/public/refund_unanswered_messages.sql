-- refund_unanswered_messages: a paid message that nobody answered in time gives its credit back, once.
-- Called by  GET /api/cron/refund-unanswered, the refund-unanswered job, pg_cron: overlapping or not
-- Runs as    owner: the API's role has no table rights
-- Repeats    a refunded message is not refunded again
-- Locks      chats by SKIP LOCKED → real users, by id: two runs at once never wait for each other crosswise
-- Returns    the messages refunded in this run, at most those of 1000 chats
create or replace function public.refund_unanswered_messages()
  returns table (chat_id uuid, message_id uuid)
  language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_chat_id uuid;
begin
  for v_chat_id in
    select c.id
    from public.chats c
    where c.waiting_since is not null
      and exists (
        select from public.messages m
        where m.chat_id = c.id and m.seq > c.last_answered_seq and m.sender_type = 'real'
          and not m.is_free_message and m.refunded_at is null
          and m.created_at <= clock_timestamp()
            - (select s.unanswered_refund_seconds from public.app_settings s) * interval '1 second')
      and c.waiting_since <= clock_timestamp()
        - (select s.unanswered_refund_seconds from public.app_settings s) * interval '1 second'
    order by c.real_user_id, c.id
    limit 1000
    for no key update skip locked
  loop
    return query select v_chat_id, r from private.refund_unanswered(v_chat_id) as r;
  end loop;
end;
$$;
grant execute on function public.refund_unanswered_messages() to fantooo_api, service_role;
