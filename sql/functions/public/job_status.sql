-- job_status: when each scheduled job last ran, and when the last webhook came.
-- Called by  /metrics, doctor, as fantooo_api
-- Runs as    owner: the API's role has no table rights
create or replace function public.job_status()
  returns json
  language sql stable security definer set search_path = ''
as $$
  select json_build_object(
    'jobs', coalesce((
      select json_agg(json_build_object(
        'job', j.job, 'runs', j.runs, 'last_run_at', j.last_run_at,
        'seconds_ago', extract(epoch from now() - j.last_run_at)::integer, 'last_result', j.last_result) order by j.job)
      from public.job_runs j), '[]'),
    'last_webhook_at', (select max(e.received_at) from public.payment_events e where e.signature_valid),
    'unhandled_events', (select count(*) from public.payment_events e where e.handled_at is null))
$$;
grant execute on function public.job_status() to fantooo_api, service_role;
