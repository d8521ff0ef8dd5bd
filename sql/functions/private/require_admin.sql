-- private.require_admin: nothing, or a refusal.
-- Called by  every admin function, first
-- Raises     PT403 NOT_AN_ADMIN
create or replace function private.require_admin(p_admin_id uuid)
  returns void
  language plpgsql stable set search_path = ''
as $$
begin
  if not exists (select from public.admins a where a.id = p_admin_id) then
    raise sqlstate 'PT403' using hint = 'NOT_AN_ADMIN', message = 'Only admins may do this.';
  end if;
end;
$$;
