-- A function in the exposed schema that runs with its owner's rights and that anybody may call, signed in or not.
select
  'anon_security_definer_function_executable' as name,
  'WARN' as level,
  f.oid::regprocedure::text as object,
  format('Anybody may call %s, which runs with the rights of its owner.', f.oid::regprocedure) as detail,
  format('revoke execute on function %s from public, anon', f.oid::regprocedure) as remedy
from pg_catalog.pg_proc f
where f.prosecdef
  and f.prorettype <> 'trigger'::regtype
  and f.pronamespace = 'public'::regnamespace
  and has_function_privilege('anon', f.oid, 'execute')
