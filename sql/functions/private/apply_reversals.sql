-- private.apply_reversals: take back what refunds and lost disputes took back of a payment, or return it when they were undone.
-- Called by  settle_payment, reverse_payment
-- Repeats    compares what should be gone with what is gone: a second call does nothing
-- Locks      the caller holds reference and transaction; real user last
--
-- Credits are taken in proportion to the money, rounded down. Spent ones are recorded as a shortfall: a balance
-- never goes below zero and nobody is blocked silently.
create or replace function private.apply_reversals(p_transaction_id uuid)
  returns void
  language plpgsql volatile set search_path = ''
as $$
declare
  v_transaction public.transactions;
  v_due integer;
  v_more integer;
  v_balance integer;
  v_moved integer;
begin
  select t.* into strict v_transaction from public.transactions t where t.id = p_transaction_id for no key update;
  if v_transaction.status <> 'success' or not exists (
    select from public.credit_ledger l where l.transaction_id = p_transaction_id and l.reason = 'purchase') then
    return;
  end if;
  select floor(v_transaction.credits_purchased
      * least(coalesce(sum(r.amount_minor), 0), v_transaction.amount_minor) / v_transaction.amount_minor)::integer
  into v_due
  from public.payment_reversals r
  where r.reference = v_transaction.paystack_reference and r.state = 'done';
  v_more := v_due - v_transaction.credits_reversed - v_transaction.credits_shortfall;
  if v_more = 0 then
    return;
  end if;

  -- No row (the account is gone) is a balance of nothing.
  select u.credits into v_balance from public.real_users u
  where u.id = v_transaction.real_user_id
  for no key update;
  v_moved := case
    when v_more > 0 then least(v_more, coalesce(v_balance, 0))
    -- Undone: what was short is forgiven first, the rest comes back.
    when v_balance is null then 0
    else least(0, v_more + v_transaction.credits_shortfall) end;
  if v_moved <> 0 then
    perform private.move_credits(
      v_transaction.real_user_id, -v_moved, 'reversal', p_transaction_id => p_transaction_id);
  end if;
  update public.transactions t
  set credits_reversed = t.credits_reversed + v_moved,
      credits_shortfall = t.credits_shortfall + v_more - v_moved
  where t.id = p_transaction_id;
end;
$$;
