-- accept_disclosure: put on record that the caller knows the profiles are fictional and operated.
-- Called by  browsers, as authenticated
-- Runs as    owner: users may not write these columns themselves
-- Repeats    the time of the first acceptance of a version stays
-- Locks      real user
-- Raises     PT403 NOT_A_REAL_USER  PT409 DISCLOSURE_OUTDATED
create or replace function public.accept_disclosure(p_version text)
  returns timestamptz
  language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_accepted_at timestamptz;
begin
  if p_version is distinct from (private.settings()).disclosure_version then
    raise sqlstate 'PT409' using hint = 'DISCLOSURE_OUTDATED',
      message = 'This is not the current text. Please read it again.';
  end if;
  update public.real_users u
  set disclosure_accepted_at = case when u.disclosure_version = p_version then u.disclosure_accepted_at else now() end,
      disclosure_version = p_version
  where u.id = auth.uid() and u.is_active
  returning u.disclosure_accepted_at into v_accepted_at;
  if not found then
    raise sqlstate 'PT403' using hint = 'NOT_A_REAL_USER', message = 'Only users who chat may do this.';
  end if;
  return v_accepted_at;
end;
$$;
grant execute on function public.accept_disclosure(text) to authenticated;
