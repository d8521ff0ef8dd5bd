-- record_job_run: a scheduled job ran, and this is what it did.
-- Called by  the cron endpoints and fantooo job, as fantooo_api; pg_cron
-- Runs as    owner: the API's role has no table rights
-- Raises     PT400 INVALID_INPUT
create or replace function public.record_job_run(p_job text, p_result jsonb)
  returns void
  language plpgsql volatile security definer set search_path = ''
as $$
begin
  if coalesce(p_job, '') = '' then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'A job has a name.';
  end if;
  insert into public.job_runs as j (job, last_result) values (p_job, coalesce(p_result, '{}'))
  on conflict (job) do update
  set runs = j.runs + 1, last_run_at = now(), last_result = excluded.last_result;
end;
$$;
grant execute on function public.record_job_run(text, jsonb) to fantooo_api, service_role;
