-- queue_status: how long one waits: chats waiting, oldest wait, operators free, median wait of the last hour's answers.
-- Called by  GET /api/queue, as fantooo_api: operators see it, and users before they pay
-- Runs as    owner: the API's role has no table rights
create or replace function public.queue_status()
  returns json
  language sql stable security definer set search_path = ''
as $$
  select json_build_object(
    'waiting', count(*),
    'oldest_wait_seconds', coalesce(
      floor(extract(epoch from clock_timestamp() - min(q.waiting_since))), 0)::integer,
    'free_operators', (select count(*) from private.free_operators),
    'median_wait_seconds', (
      select percentile_cont(0.5) within group (order by extract(epoch from a.created_at - a.answered_waiting_since))::integer
      from (
        select m.created_at, m.answered_waiting_since from public.messages m
        where m.handled_by_operator_id is not null and m.created_at > now() - interval '1 hour'
          and m.answered_waiting_since is not null
      ) as a))
  from private.chat_queue q
$$;
grant execute on function public.queue_status() to fantooo_api, service_role;
