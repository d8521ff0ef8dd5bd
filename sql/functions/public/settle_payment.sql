-- settle_payment: act on what Paystack says of a payment: grant its credits once, or note why not.
-- Called by  handle_payment_event (webhook), POST /api/webhooks/paystack/verify, reconcile_payments, fantooo payments verify
-- Runs as    owner: the API's role has no table rights
-- Repeats    a settled payment is only reported; success at any age still credits, and never twice
-- Locks      the reference (advisory) → transaction → real user
-- Raises     PT400 INVALID_INPUT  PT409 WRONG_MODE  PT404 PAYMENT_NOT_FOUND (p_payer_id given, and it is not theirs)
--
-- p_charge   Paystack's transaction object, of a webhook or of verify; only its status "success" grants. Without it
--            the caller vouches that p_amount_minor was paid.
-- p_mode     test or live: the mode of our key. A charge of the other mode is not ours.
-- p_payer_id whoever asks, when a user asks
-- Returns    {reference, status: success|pending|failed|unknown, granted, credits (the balance), reason}
--
-- Credits come from the package bought, by what was paid: the amount asked for must be the price to the minor unit
-- and the amount paid no less (more, when fees are passed on), in the package's currency. A payment that began in
-- the browser (the seed's inline flow) is matched to a package by amount and currency; its metadata only names the user.
create or replace function public.settle_payment(
  p_reference text,
  p_amount_minor bigint,
  p_currency text,
  p_charge jsonb default null,
  p_mode text default null,
  p_payer_id uuid default null)
  returns json
  language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_transaction public.transactions;
  v_says text := case when p_charge is null then 'success' else coalesce(p_charge ->> 'status', 'nothing') end;
  v_asked_minor bigint := coalesce(private.to_bigint(p_charge ->> 'requested_amount'), p_amount_minor);
  v_reason text;
begin
  if p_reference is null or p_reference !~ '^[A-Za-z0-9.=_-]{1,100}$' then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'This is not a payment reference.';
  elsif p_charge is not null and p_charge ->> 'reference' is distinct from p_reference then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'The charge is of another reference.';
  elsif p_charge is not null and p_mode is not null and p_charge ->> 'domain' is distinct from p_mode then
    raise sqlstate 'PT409' using hint = 'WRONG_MODE', message = 'A test payment is worth nothing on live keys, nor the other way round.';
  end if;

  -- A reversal may come before the payment it reverses; both sides meet here.
  perform private.lock_reference(p_reference);
  select t.* into v_transaction from public.transactions t
  where t.paystack_reference = p_reference
  for no key update;
  if not found then
    v_transaction := private.adopt_payment(p_reference, p_amount_minor, p_currency, p_charge, v_says);
  end if;

  if v_transaction.id is null and p_payer_id is null then
    return json_build_object(
      'reference', p_reference, 'status', 'unknown', 'granted', 0, 'credits', null, 'reason', 'UNKNOWN_REFERENCE');
  elsif p_payer_id is not null and v_transaction.real_user_id is distinct from p_payer_id then
    raise sqlstate 'PT404' using hint = 'PAYMENT_NOT_FOUND', message = 'There is no such payment of yours.';
  elsif v_transaction.status = 'success' or v_transaction.failure_reason = 'REVERSED' then
    -- What Paystack has taken back is not paid by an older event that comes late.
    return private.payment_json(v_transaction.id, 0);
  end if;

  v_reason := case
    when v_says = 'failed' then 'DECLINED'
    when v_says = 'reversed' then 'REVERSED'
    when v_says <> 'success' then null
    when p_currency is distinct from v_transaction.currency then 'WRONG_CURRENCY'
    when v_asked_minor is distinct from v_transaction.amount_minor then 'WRONG_AMOUNT'
    when p_amount_minor is null or p_amount_minor < v_transaction.amount_minor then 'WRONG_AMOUNT'
  end;
  if v_reason is not null then
    update public.transactions t
    set status = 'failed', failure_reason = v_reason,
        completed_at = coalesce(t.completed_at, now()),
        provider_payload = coalesce(private.charge_facts(p_charge), t.provider_payload)
    where t.id = v_transaction.id;
    return private.payment_json(v_transaction.id, 0);
  elsif v_says <> 'success' then
    return private.payment_json(v_transaction.id, 0);
  end if;

  update public.transactions t
  set status = 'success', failure_reason = case when t.real_user_id is null then 'ACCOUNT_DELETED' end,
      completed_at = now(), next_check_at = null, channel = p_charge ->> 'channel',
      provider_payload = private.charge_facts(p_charge)
  where t.id = v_transaction.id;
  if v_transaction.real_user_id is null then
    -- Paid after the account was deleted: there is nobody to credit. Admins see it by its failure_reason and refund it.
    return private.payment_json(v_transaction.id, 0);
  end if;
  perform private.move_credits(
    v_transaction.real_user_id, v_transaction.credits_purchased, 'purchase', p_transaction_id => v_transaction.id);
  perform private.apply_reversals(v_transaction.id);
  return private.payment_json(v_transaction.id, v_transaction.credits_purchased);
end;
$$;
grant execute on function public.settle_payment(text, bigint, text, jsonb, text, uuid) to fantooo_api, service_role;
