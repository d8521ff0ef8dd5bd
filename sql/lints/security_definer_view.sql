-- A view in the exposed schema that reads with its owner's rights: row level security of the caller is gone round.
select
  'security_definer_view' as name,
  'ERROR' as level,
  v.oid::regclass::text as object,
  format('The view %s reads with the rights of its owner, whoever asks.', v.oid::regclass) as detail,
  format('alter view %s set (security_invoker = true)', v.oid::regclass) as remedy
from pg_catalog.pg_class v
where v.relkind = 'v'
  and v.relnamespace = 'public'::regnamespace
  and not coalesce((select option_value::boolean from pg_options_to_table(v.reloptions)
                    where option_name = 'security_invoker'), false)
