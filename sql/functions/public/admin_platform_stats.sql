-- admin_platform_stats: what happened each day (UTC) from p_from to p_to, both included, at most 366 days, and in all.
-- Called by  GET /api/admin/stats, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- Raises     PT403 NOT_AN_ADMIN  PT400 INVALID_INPUT
-- Returns    {totals, series}: revenue is in minor units by currency; wait is the median of answers, in seconds
create or replace function public.admin_platform_stats(p_admin_id uuid, p_from date, p_to date)
  returns json
  language plpgsql stable security definer set search_path = ''
as $$
declare
  v_from timestamptz := p_from::timestamp at time zone 'UTC';
  v_until timestamptz := (p_to + 1)::timestamp at time zone 'UTC';
begin
  perform private.require_admin(p_admin_id);
  if p_from is null or p_to is null or p_to < p_from or p_to - p_from > 365 then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'A period is 1 to 366 days, the first day first.';
  end if;
  return (
    with sign_ups as (
      select (u.created_at at time zone 'UTC')::date as day, count(*) as n
      from public.real_users u where u.created_at >= v_from and u.created_at < v_until group by 1
    ), written as (
      select (m.created_at at time zone 'UTC')::date as day,
        count(*) filter (where m.sender_type = 'real' and m.is_free_message) as free,
        count(*) filter (where m.sender_type = 'real' and not m.is_free_message) as paid,
        count(*) filter (where m.sender_type = 'fictional') as answers,
        percentile_cont(0.5) within group (
          order by extract(epoch from m.created_at - m.answered_waiting_since))::integer as wait
      from public.messages m where m.created_at >= v_from and m.created_at < v_until group by 1
    ), paid as (
      select day, sum(n)::bigint as n, sum(credits)::bigint as credits,
        jsonb_object_agg(currency, minor) as revenue_minor
      from (
        select (t.completed_at at time zone 'UTC')::date as day, t.currency, count(*) as n,
          sum(t.credits_purchased) as credits, sum(t.amount_minor) as minor
        from public.transactions t
        where t.status = 'success' and t.completed_at >= v_from and t.completed_at < v_until
        group by 1, 2
      ) as by_currency group by day
    )
    select json_build_object(
      'totals', (select json_build_object(
        'users', (select count(*) from public.real_users),
        'active_chats', (select count(*) from public.chats c where c.is_active and c.last_message_at > now() - interval '24 hours'),
        'operators_available', (select count(*) from public.operators o where o.is_available),
        'open_reports', (select count(*) from public.message_reports r where r.resolved_at is null),
        'queue', public.queue_status())),
      'series', json_agg(json_build_object(
        'date', d.day::date,
        'sign_ups', coalesce(s.n, 0),
        'free_messages', coalesce(w.free, 0),
        'paid_messages', coalesce(w.paid, 0),
        'answers', coalesce(w.answers, 0),
        'median_wait_seconds', w.wait,
        'payments', coalesce(p.n, 0),
        'credits_sold', coalesce(p.credits, 0),
        'revenue_minor', coalesce(p.revenue_minor, '{}')) order by d.day))
    from generate_series(p_from::timestamp, p_to::timestamp, interval '1 day') as d (day)
    left join sign_ups s on s.day = d.day::date
    left join written w on w.day = d.day::date
    left join paid p on p.day = d.day::date);
end;
$$;
grant execute on function public.admin_platform_stats(uuid, date, date) to fantooo_api, service_role;
