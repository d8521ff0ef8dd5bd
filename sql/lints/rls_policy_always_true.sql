-- A policy to write that lets everything through: row level security is on and says yes to everybody.
-- Reading may be open to all on purpose; writing may not.
select
  'rls_policy_always_true' as name,
  'WARN' as level,
  format('%I.%I %I', p.schemaname, p.tablename, p.policyname) as object,
  format('The policy %I on %I.%I allows every %s by %s.', p.policyname, p.schemaname, p.tablename, p.cmd,
    array_to_string(p.roles, ', ')) as detail,
  'Say whose rows may be written.' as remedy
from pg_catalog.pg_policies p
where p.schemaname in ('public', 'private', 'realtime')
  and p.permissive = 'PERMISSIVE'
  and p.cmd <> 'SELECT'
  and p.roles && array['public', 'anon', 'authenticated']::name[]
  and 'true' in (p.qual, p.with_check)
