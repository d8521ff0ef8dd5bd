-- private.require_real_user: nothing, or a refusal.
-- Called by  functions that act for a real user and do not need their row locked
-- Raises     PT403 NOT_A_REAL_USER  PT403 ACCOUNT_SUSPENDED
create or replace function private.require_real_user(p_user_id uuid)
  returns void
  language plpgsql stable set search_path = ''
as $$
declare
  v_is_active boolean;
begin
  select u.is_active into v_is_active from public.real_users u where u.id = p_user_id;
  if not found then
    raise sqlstate 'PT403' using hint = 'NOT_A_REAL_USER', message = 'Only users who chat may do this.';
  elsif not v_is_active then
    raise sqlstate 'PT403' using hint = 'ACCOUNT_SUSPENDED', message = 'This account has been suspended.';
  end if;
end;
$$;
