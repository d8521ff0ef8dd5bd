-- private.tg_real_users__credits_match_ledger: at commit, a balance that changed is the last balance_after of its ledger:
-- no balance changes without its row. The other half is tg_credit_ledger__matches_credits.
-- Called by  triggers on real_users (insert, update of credits), the latter deferred: the row is written after it
-- Runs as    owner: whoever tried to change a balance need not be able to read the ledger
-- Raises     PT500 LEDGER_MISMATCH
create or replace function private.tg_real_users__credits_match_ledger()
  returns trigger
  language plpgsql security definer set search_path = ''
as $$
begin
  if exists (
    select from public.real_users u
    where u.id = new.id
      and u.credits <> coalesce((
        select l.balance_after from public.credit_ledger l where l.user_id = new.id order by l.id desc limit 1), 0)) then
    raise sqlstate 'PT500' using hint = 'LEDGER_MISMATCH',
      message = 'credits change only together with a credit_ledger row.';
  end if;
  return null;
end;
$$;

create or replace trigger real_users_new_credits_match_ledger after insert on public.real_users
  for each row when (new.credits <> 0)
  execute function private.tg_real_users__credits_match_ledger();
do $$
begin
  -- "create or replace" does not exist for constraint triggers.
  drop trigger if exists real_users_credits_match_ledger on public.real_users;
  create constraint trigger real_users_credits_match_ledger after update of credits on public.real_users
    deferrable initially deferred
    for each row when (old.credits <> new.credits)
    execute function private.tg_real_users__credits_match_ledger();
end;
$$;
