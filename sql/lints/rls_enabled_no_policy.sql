-- Row level security without a policy on a table in the exposed schema: nobody reads it, which is seldom meant.
select
  'rls_enabled_no_policy' as name,
  'INFO' as level,
  c.oid::regclass::text as object,
  format('%s has row level security on and no policy: only its owner and service_role see its rows.', c.oid::regclass) as detail,
  'Write a policy, or move the table to private.' as remedy
from pg_catalog.pg_class c
where c.relkind in ('r', 'p')
  and c.relrowsecurity
  and c.relnamespace = 'public'::regnamespace
  and not exists (select from pg_catalog.pg_policy p where p.polrelid = c.oid)
