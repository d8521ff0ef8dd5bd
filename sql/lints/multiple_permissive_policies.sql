-- Two permissive policies for one table, role and command: each is evaluated for each row, and who reads one misses the other.
-- "for all" counts for each command, "to public" for each role.
with policies as (
  select p.polrelid, p.polname, role.id as role_id, command.name as command
  from pg_catalog.pg_policy p
  join pg_catalog.pg_class c on c.oid = p.polrelid
  cross join lateral unnest(array['r', 'a', 'w', 'd'], array['SELECT', 'INSERT', 'UPDATE', 'DELETE']) as command (code, name)
  cross join lateral (
    select r.oid as id from pg_catalog.pg_roles r
    where p.polroles = '{0}' and r.rolname in ('anon', 'authenticated', 'service_role') or r.oid = any (p.polroles)
  ) as role
  where p.polpermissive
    and p.polcmd in (command.code::"char", '*')
    and c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
)
select
  'multiple_permissive_policies' as name,
  'WARN' as level,
  format('%s %s %s', p.polrelid::regclass, p.role_id::regrole, p.command) as object,
  format('%s has %s permissive policies for %s by %s: %s.', p.polrelid::regclass, count(*), p.command, p.role_id::regrole,
    string_agg(p.polname, ', ' order by p.polname)) as detail,
  'Make one policy of them, with "or" between the conditions.' as remedy
from policies p
group by p.polrelid, p.role_id, p.command
having count(*) > 1
