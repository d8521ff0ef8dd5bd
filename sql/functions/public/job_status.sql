-- job_status: when each scheduled job last ran, and when the last webhook came.
-- Called by  /metrics, doctor, as fantooo_api
-- Runs as    owner: the API's role has no table rights
create or replace function public.job_status()
  returns json
  language sql stable security definer set search_path = ''
as $$
  select pg_catalog.json_build_object(
    'jobs', coalesce((
      select pg_catalog.json_agg(pg_catalog.json_build_object(
        'job', j.job, 'runs', j.runs, 'last_run_at', j.last_run_at,
        'seconds_ago', extract(epoch from pg_catalog.now() - j.last_run_at)::integer, 'last_result', j.last_result) order by j.job)
      from public.job_runs j), '[]'),
    'last_webhook_at', (select pg_catalog.max(e.received_at) from public.payment_events e where e.signature_valid),
    'unhandled_events', (select pg_catalog.count(*) from public.payment_events e where e.handled_at is null))
$$;
grant execute on function public.job_status() to fantooo_api, service_role;
