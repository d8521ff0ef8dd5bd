-- private.tg_append_only: refuse to change or remove what was written, to everybody, the owner included.
-- Called by  triggers on credit_ledger and admin_audit_log, BEFORE UPDATE, DELETE or TRUNCATE
-- Raises     PT403 APPEND_ONLY
create or replace function private.tg_append_only()
  returns trigger
  language plpgsql set search_path = ''
as $$
begin
  raise sqlstate 'PT403' using hint = 'APPEND_ONLY',
    message = format('%s is append-only: a mistake is put right by another row.', tg_table_name);
end;
$$;

create or replace trigger credit_ledger_append_only before update or delete or truncate on public.credit_ledger
  for each statement execute function private.tg_append_only();
create or replace trigger admin_audit_log_append_only before update or delete or truncate on public.admin_audit_log
  for each statement execute function private.tg_append_only();
