-- A view of ours that reads auth.users and that signed-in or signed-out clients may read.
select
  'auth_users_exposed' as name,
  'ERROR' as level,
  v.oid::regclass::text as object,
  format('The view %s shows auth.users to %s.', v.oid::regclass, string_agg(distinct r.rolname, ' and ')) as detail,
  'Show the columns needed from a table of ours, or take the right to read away.' as remedy
from pg_catalog.pg_class v
join pg_catalog.pg_rewrite w on w.ev_class = v.oid
join pg_catalog.pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refobjid = 'auth.users'::regclass
join pg_catalog.pg_roles r on r.rolname in ('anon', 'authenticated') and has_any_column_privilege(r.oid, v.oid, 'select')
where v.relkind in ('v', 'm') and v.relnamespace = 'public'::regnamespace
group by v.oid
