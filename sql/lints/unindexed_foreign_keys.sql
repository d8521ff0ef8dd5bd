-- A foreign key without an index on its columns: deleting or renaming what it points to reads the whole table.
-- Covered: a valid index without a condition (or only "is not null" of the key) whose first columns are the key's, in any order.
select
  'unindexed_foreign_keys' as name,
  'INFO' as level,
  format('%s.%s', k.conrelid::regclass, k.conname) as object,
  format('The foreign key %s of %s has no index on its columns.', k.conname, k.conrelid::regclass) as detail,
  'Create an index that begins with the columns of the key.' as remedy
from pg_catalog.pg_constraint k
join pg_catalog.pg_class c on c.oid = k.conrelid
where k.contype = 'f'
  and c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
  and not exists (
    select from pg_catalog.pg_index i
    where i.indrelid = k.conrelid
      and i.indisvalid
      and (i.indpred is null or pg_get_expr(i.indpred, i.indrelid)
        = (select format('(%I IS NOT NULL)', a.attname) from pg_catalog.pg_attribute a
           where a.attrelid = k.conrelid and a.attnum = k.conkey[1] and cardinality(k.conkey) = 1))
      and (i.indkey::smallint[])[0:cardinality(k.conkey) - 1] @> k.conkey
      and k.conkey @> (i.indkey::smallint[])[0:cardinality(k.conkey) - 1])
