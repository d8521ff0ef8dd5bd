-- my_credit_history: the caller's own ledger, newest first. Notes of admins stay out.
-- Called by  browsers, as authenticated
-- Runs as    owner: the ledger itself is for admins
-- p_before   only entries with a smaller id: the last id of the page before
-- Raises     PT400 INVALID_INPUT
create or replace function public.my_credit_history(p_limit integer default 50, p_before bigint default null)
  returns table (id bigint, delta integer, balance_after integer, reason text, message_id uuid, transaction_id uuid, created_at timestamptz)
  language plpgsql stable security definer set search_path = ''
as $$
begin
  if p_limit is null or p_limit not between 1 and 200 then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'A page has 1 to 200 entries.';
  end if;
  return query
    select l.id, l.delta, l.balance_after, l.reason, l.message_id, l.transaction_id, l.created_at
    from public.credit_ledger l
    where l.user_id = auth.uid() and (p_before is null or l.id < p_before)
    order by l.id desc
    limit p_limit;
end;
$$;
grant execute on function public.my_credit_history(integer, bigint) to authenticated;
