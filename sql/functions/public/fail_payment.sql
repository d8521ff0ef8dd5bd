-- fail_payment: a purchase came to nothing, as far as is known now. A later success still credits.
-- Called by  POST /api/payments/initialize when Paystack refuses, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- Repeats    a settled payment stays settled; the first reason stays
-- Locks      transaction
-- Raises     PT404 PAYMENT_NOT_FOUND
create or replace function public.fail_payment(p_reference text, p_reason text)
  returns json
  language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_transaction_id uuid;
begin
  select t.id into v_transaction_id from public.transactions t
  where t.paystack_reference = p_reference
  for no key update;
  if not found then
    raise sqlstate 'PT404' using hint = 'PAYMENT_NOT_FOUND', message = 'There is no such payment.';
  end if;
  update public.transactions t
  set status = 'failed', failure_reason = coalesce(p_reason, 'UNKNOWN'), completed_at = now()
  where t.id = v_transaction_id and t.status = 'pending';
  return private.payment_json(v_transaction_id, 0);
end;
$$;
grant execute on function public.fail_payment(text, text) to fantooo_api, service_role;
