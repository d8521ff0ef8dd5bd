-- An extension in the exposed schema: REST offers its functions to everybody.
select
  'extension_in_public' as name,
  'WARN' as level,
  e.extname::text as object,
  format('The extension %s is installed in public.', e.extname) as detail,
  format('alter extension %I set schema extensions', e.extname) as remedy
from pg_catalog.pg_extension e
where e.extnamespace = 'public'::regnamespace
