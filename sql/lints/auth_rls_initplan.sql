-- A policy that asks who is calling once a row: auth.uid() and the like belong into a sub-select, which runs once a query.
-- Judged on the text PostgreSQL gives back, where "(select auth.uid())" reads "( SELECT auth.uid() AS uid)".
with policies as (
  select schemaname, tablename, policyname, concat_ws(' ', qual, with_check) as rule
  from pg_catalog.pg_policies
  where schemaname in ('public', 'private') or (schemaname = 'realtime' and policyname like 'fantooo%')
)
select
  'auth_rls_initplan' as name,
  'WARN' as level,
  format('%I.%I %I', p.schemaname, p.tablename, p.policyname) as object,
  format('The policy %I on %I.%I calls %s for each row.', p.policyname, p.schemaname, p.tablename, called.function) as detail,
  'Write (select auth.uid()): a sub-select without a column of the row is evaluated once.' as remedy
from policies p
cross join lateral (
  select coalesce(found[1], found[2]) as function
  from regexp_matches(
    regexp_replace(p.rule, '\(\s*SELECT \(*(auth\.(uid|jwt|role|email)|current_setting|realtime\.topic)\(', '', 'g'),
    '(auth\.(?:uid|jwt|role|email)|current_setting|realtime\.topic)\(') as found
) as called
