-- A policy that believes user metadata, which every user may write.
select
  'rls_references_user_metadata' as name,
  'ERROR' as level,
  format('%I.%I %I', p.schemaname, p.tablename, p.policyname) as object,
  format('The policy %I on %I.%I believes user_metadata, which users write themselves.', p.policyname, p.schemaname, p.tablename)
    as detail,
  'Ask a table of ours; a token says nothing about roles.' as remedy
from pg_catalog.pg_policies p
where p.schemaname in ('public', 'private', 'realtime') and concat_ws(' ', p.qual, p.with_check) ~ 'user_metadata|user_meta_data'
