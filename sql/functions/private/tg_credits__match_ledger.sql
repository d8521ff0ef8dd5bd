-- private.tg_credits__match_ledger: at commit, a balance that changed is the last balance_after of its ledger, and each
-- balance_after is the one before plus delta: no balance changes without its row, and no row without its balance.
-- Called by  constraint triggers on real_users (credits) and credit_ledger, deferred: the pair is written one after the other
-- Runs as    owner: whoever tried to change a balance need not be able to read the ledger
-- Raises     PT500 LEDGER_MISMATCH
create or replace function private.tg_credits__match_ledger()
  returns trigger
  language plpgsql security definer set search_path = ''
as $$
declare
  v_user_id uuid := case tg_table_name when 'credit_ledger' then (to_jsonb(new) ->> 'user_id')::uuid
    else (to_jsonb(new) ->> 'id')::uuid end;
begin
  perform from public.real_users u
  where u.id = v_user_id
    and u.credits <> coalesce((
      select l.balance_after from public.credit_ledger l where l.user_id = v_user_id order by l.id desc limit 1), 0);
  if found or tg_table_name = 'credit_ledger' and (to_jsonb(new) ->> 'balance_after')::integer
    <> (to_jsonb(new) ->> 'delta')::integer + coalesce((
      select l.balance_after from public.credit_ledger l
      where l.user_id = v_user_id and l.id < (to_jsonb(new) ->> 'id')::bigint
      order by l.id desc limit 1), 0) then
    raise sqlstate 'PT500' using hint = 'LEDGER_MISMATCH',
      message = 'credits change only together with a credit_ledger row.';
  end if;
  return null;
end;
$$;

create or replace trigger real_users_new_credits_match_ledger after insert on public.real_users
  for each row when (new.credits <> 0)
  execute function private.tg_credits__match_ledger();
do $$
begin
  -- "create or replace" does not exist for constraint triggers.
  drop trigger if exists real_users_credits_match_ledger on public.real_users;
  create constraint trigger real_users_credits_match_ledger after update of credits on public.real_users
    deferrable initially deferred
    for each row when (old.credits <> new.credits)
    execute function private.tg_credits__match_ledger();
  drop trigger if exists credit_ledger_matches_credits on public.credit_ledger;
  create constraint trigger credit_ledger_matches_credits after insert on public.credit_ledger
    deferrable initially deferred
    for each row
    execute function private.tg_credits__match_ledger();
end;
$$;
