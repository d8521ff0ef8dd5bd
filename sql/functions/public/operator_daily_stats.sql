-- operator_daily_stats: what an operator did each day (UTC) from p_from to p_to, both included, at most 366 days.
-- Called by  GET /api/operator/stats and the admin pages, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- Raises     PT400 INVALID_INPUT  PT404 OPERATOR_NOT_FOUND
--
-- Counted from chat_assignments, messages and operator_availability, not from counters that could drift. A segment
-- counts on the day it began; available time is cut at midnight. Response times are seconds.
create or replace function public.operator_daily_stats(p_operator_id uuid, p_from date, p_to date)
  returns json
  language plpgsql stable security definer set search_path = ''
as $$
begin
  if p_from is null or p_to is null or p_to < p_from or p_to - p_from > 365 then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'A period is 1 to 366 days, the first day first.';
  elsif not exists (select from public.operators o where o.id = p_operator_id) then
    raise sqlstate 'PT404' using hint = 'OPERATOR_NOT_FOUND', message = 'There is no such operator.';
  end if;
  return (
    select json_build_object('stats', json_agg(json_build_object(
      'date', d.day,
      'messages_sent', answers.messages_sent,
      'chats_handled', segments.chats_handled,
      'first_response_seconds', segments.first_response_seconds,
      'median_response_seconds', answers.median_response_seconds,
      'available_seconds', coalesce(availability.seconds, 0),
      'releases', coalesce(segments.releases, '{}')) order by d.day))
    from (
      select g::date as day, g at time zone 'UTC' as starts_at, (g + interval '1 day') at time zone 'UTC' as ends_at
      from generate_series(p_from::timestamp, p_to::timestamp, interval '1 day') as g
    ) as d
    cross join lateral (
      select
        coalesce(sum(by_reason.chats), 0)::integer as chats_handled,
        (sum(by_reason.first_response_sum) / nullif(sum(by_reason.responded), 0))::integer as first_response_seconds,
        json_object_agg(by_reason.release_reason, by_reason.chats)
          filter (where by_reason.release_reason is not null) as releases
      from (
        select a.release_reason, count(*) as chats, count(a.first_response_at) as responded,
          sum(extract(epoch from a.first_response_at - a.assigned_at)) as first_response_sum
        from public.chat_assignments a
        where a.operator_id = p_operator_id and a.assigned_at >= d.starts_at and a.assigned_at < d.ends_at
        group by a.release_reason
      ) as by_reason
    ) as segments
    cross join lateral (
      select count(*)::integer as messages_sent,
        percentile_cont(0.5) within group (
          order by extract(epoch from m.created_at - m.answered_waiting_since))::integer as median_response_seconds
      from public.messages m
      where m.handled_by_operator_id = p_operator_id and m.created_at >= d.starts_at and m.created_at < d.ends_at
    ) as answers
    cross join lateral (
      select sum(extract(epoch from
        least(coalesce(v.ended_at, now()), d.ends_at) - greatest(v.started_at, d.starts_at)))::integer as seconds
      from public.operator_availability v
      where v.operator_id = p_operator_id and v.started_at < least(d.ends_at, now())
        and coalesce(v.ended_at, now()) > d.starts_at
    ) as availability);
end;
$$;
grant execute on function public.operator_daily_stats(uuid, date, date) to fantooo_api, service_role;
