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
  v_before timestamptz := clock_timestamp()
    - (select s.unanswered_refund_seconds from public.app_settings s) * interval '1 second';
  v_chat_id uuid;
begin
  for v_chat_id in
    select c.id
    from (
      select q.chat_id from private.chat_queue q where q.waiting_since <= v_before
      union all
      select held.id from public.chats held where held.assigned_operator_id is not null and held.waiting_since <= v_before
    ) as unanswered
    join public.chats c on c.id = unanswered.chat_id
    where exists (
      select from public.messages m
      where m.chat_id = c.id and m.seq > c.last_answered_seq and m.sender_type = 'real'
        and not m.is_free_message and m.refunded_at is null and m.created_at <= v_before)
    order by c.real_user_id, c.id
    limit 1000
    for no key update of c skip locked
  loop
    return query select v_chat_id, r from private.refund_unanswered(v_chat_id) as r;
  end loop;
end;
$$;
grant execute on function public.refund_unanswered_messages() to fantooo_api, service_role;
