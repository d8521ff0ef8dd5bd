-- Policies on a table whose row level security is off: they look like protection and do nothing.
select
  'policy_exists_rls_disabled' as name,
  'ERROR' as level,
  c.oid::regclass::text as object,
  format('%s has policies (%s), and row level security is off.', c.oid::regclass,
    string_agg(p.polname, ', ' order by p.polname)) as detail,
  format('alter table %s enable row level security', c.oid::regclass) as remedy
from pg_catalog.pg_policy p
join pg_catalog.pg_class c on c.oid = p.polrelid
where not c.relrowsecurity and c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
group by c.oid
