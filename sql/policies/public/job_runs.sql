-- For admins. Written by record_job_run only.
grant select on public.job_runs to authenticated, service_role;

create policy select_admin on public.job_runs for select to authenticated
  using ((select private.is_admin()));
