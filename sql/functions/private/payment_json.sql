-- private.payment_json: a payment as its payer is told of it.
-- Called by  settle_payment, payment_of, fail_payment
-- p_granted  the credits that this very call granted
create or replace function private.payment_json(p_transaction_id uuid, p_granted integer)
  returns json
  language sql volatile set search_path = ''
as $$
  select json_build_object(
    'reference', t.paystack_reference,
    'status', t.status,
    'granted', p_granted,
    'credits', (select u.credits from public.real_users u where u.id = t.real_user_id),
    'reason', t.failure_reason,
    'credits_purchased', t.credits_purchased,
    'amount_minor', t.amount_minor,
    'currency', t.currency)
  from public.transactions t
  where t.id = p_transaction_id
$$;
