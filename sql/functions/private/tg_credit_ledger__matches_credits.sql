-- private.tg_credit_ledger__matches_credits: at commit, the balance_after of a new ledger row is the one before plus its
-- delta, and the newest is the user's balance: no row without its change of the balance.
-- Called by  constraint trigger on credit_ledger, deferred: the balance is written before it or after it
-- Runs as    owner: whoever tried to write a row need not be able to read balances
-- Raises     PT500 LEDGER_MISMATCH
create or replace function private.tg_credit_ledger__matches_credits()
  returns trigger
  language plpgsql security definer set search_path = ''
as $$
begin
  if new.balance_after <> new.delta + coalesce((
      select l.balance_after from public.credit_ledger l
      where l.user_id = new.user_id and l.id < new.id
      order by l.id desc limit 1), 0)
    or (select u.credits from public.real_users u where u.id = new.user_id) <> (
      select l.balance_after from public.credit_ledger l where l.user_id = new.user_id order by l.id desc limit 1) then
    raise sqlstate 'PT500' using hint = 'LEDGER_MISMATCH',
      message = 'credits change only together with a credit_ledger row.';
  end if;
  return null;
end;
$$;

do $$
begin
  -- "create or replace" does not exist for constraint triggers.
  drop trigger if exists credit_ledger_matches_credits on public.credit_ledger;
  create constraint trigger credit_ledger_matches_credits after insert on public.credit_ledger
    deferrable initially deferred
    for each row
    execute function private.tg_credit_ledger__matches_credits();
end;
$$;
