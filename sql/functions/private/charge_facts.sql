-- private.charge_facts: what we keep of Paystack's transaction object: nothing of the card, the person or the browser.
-- Called by  settle_payment. The body as it came is in payment_events.
create or replace function private.charge_facts(p_charge jsonb)
  returns jsonb
  language sql immutable set search_path = ''
as $$
  select jsonb_object_agg(fact.key, fact.value)
  from jsonb_each(p_charge) as fact
  where fact.key in ('id', 'domain', 'status', 'reference', 'amount', 'requested_amount', 'currency', 'channel', 'fees',
                     'gateway_response', 'message', 'paid_at', 'created_at', 'receipt_number')
$$;
