-- A column whose name says it is a secret, in a table that clients may read without row level security.
select
  'sensitive_columns_exposed' as name,
  'ERROR' as level,
  format('%s.%I', c.oid::regclass, a.attname) as object,
  format('%s.%I looks like a secret and is open to %s.', c.oid::regclass, a.attname,
    string_agg(r.rolname, ' and ' order by r.rolname)) as detail,
  'Keep secrets in private, or take the right to the column away.' as remedy
from pg_catalog.pg_class c
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_catalog.pg_roles r on r.rolname in ('anon', 'authenticated') and has_column_privilege(r.oid, c.oid, a.attnum, 'select')
where c.relnamespace = 'public'::regnamespace
  and c.relkind in ('r', 'p', 'v', 'm')
  and not c.relrowsecurity
  and a.attname ~* '(password|passwd|secret|token|api_?key|private_?key|credit_?card|card_number|cvv|ssn|passport|iban|bank_account)'
group by c.oid, a.attname
