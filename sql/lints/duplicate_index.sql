-- Two indexes that are the same but for their name: each write pays twice.
select
  'duplicate_index' as name,
  'WARN' as level,
  i.indrelid::regclass::text as object,
  format('%s has the same index several times: %s.', i.indrelid::regclass,
    string_agg(i.indexrelid::regclass::text, ', ' order by i.indexrelid::regclass::text)) as detail,
  'Drop all but one of them.' as remedy
from pg_catalog.pg_index i
join pg_catalog.pg_class c on c.oid = i.indrelid
where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
group by i.indrelid, regexp_replace(pg_get_indexdef(i.indexrelid), ' INDEX .*? ON ', ' INDEX ON ')
having count(*) > 1
