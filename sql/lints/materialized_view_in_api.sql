-- A materialized view that clients may read: row level security does not exist on it.
select
  'materialized_view_in_api' as name,
  'WARN' as level,
  v.oid::regclass::text as object,
  format('The materialized view %s is open to %s.', v.oid::regclass, string_agg(r.rolname, ' and ' order by r.rolname)) as detail,
  'Move it to private, or take the right to read away.' as remedy
from pg_catalog.pg_class v
join pg_catalog.pg_roles r on r.rolname in ('anon', 'authenticated') and has_any_column_privilege(r.oid, v.oid, 'select')
where v.relkind = 'm' and v.relnamespace = 'public'::regnamespace
group by v.oid
