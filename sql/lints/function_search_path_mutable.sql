-- A function that looks names up where its caller says: a caller may put another table or operator in the way.
select
  'function_search_path_mutable' as name,
  'WARN' as level,
  f.oid::regprocedure::text as object,
  format('The function %s does not pin its search_path.', f.oid::regprocedure) as detail,
  format('alter function %s set search_path = ''''', f.oid::regprocedure) as remedy
from pg_catalog.pg_proc f
where f.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
  and f.prokind in ('f', 'p')
  and not exists (select from unnest(f.proconfig) as setting where setting like 'search_path=%')
  and not exists (select from pg_catalog.pg_depend d where d.objid = f.oid and d.deptype = 'e')
