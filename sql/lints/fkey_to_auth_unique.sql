-- A foreign key to a unique constraint of Auth that is not a primary key: it blocks Auth's own migrations.
select
  'fkey_to_auth_unique' as name,
  'ERROR' as level,
  format('%s.%s', k.conrelid::regclass, k.conname) as object,
  format('The foreign key %s of %s hangs on %s of Auth, which is no primary key.',
    k.conname, k.conrelid::regclass, k.conindid::regclass) as detail,
  'Refer to the primary key.' as remedy
from pg_catalog.pg_constraint k
join pg_catalog.pg_class target on target.oid = k.confrelid
join pg_catalog.pg_index i on i.indexrelid = k.conindid
where k.contype = 'f' and target.relnamespace = 'auth'::regnamespace and not i.indisprimary
  and k.connamespace <> 'auth'::regnamespace
