-- A table without a primary key: Realtime cannot follow it, and a row cannot be named.
select
  'no_primary_key' as name,
  'INFO' as level,
  c.oid::regclass::text as object,
  format('The table %s has no primary key.', c.oid::regclass) as detail,
  'Give it a primary key.' as remedy
from pg_catalog.pg_class c
where c.relkind in ('r', 'p')
  and not c.relispartition
  and c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
  and not exists (select from pg_catalog.pg_constraint k where k.conrelid = c.oid and k.contype = 'p')
