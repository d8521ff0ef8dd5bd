-- A table in the exposed schema without row level security: whoever has a right to it has it to every row.
select
  'rls_disabled_in_public' as name,
  'ERROR' as level,
  c.oid::regclass::text as object,
  format('Row level security is off on %s.', c.oid::regclass) as detail,
  format('alter table %s enable row level security', c.oid::regclass) as remedy
from pg_catalog.pg_class c
where c.relkind in ('r', 'p') and not c.relrowsecurity and c.relnamespace = 'public'::regnamespace
