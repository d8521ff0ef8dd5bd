-- private.audit: write down what an admin did.
-- Called by  every admin function that changes something, in the same transaction
create or replace function private.audit(p_admin_id uuid, p_action text, p_target_id text, p_details jsonb default '{}')
  returns void
  language sql volatile set search_path = ''
as $$
  insert into public.admin_audit_log (admin_id, action, target_id, details)
  values (p_admin_id, p_action, p_target_id, p_details)
$$;
