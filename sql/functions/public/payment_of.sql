-- payment_of: what we know of a payment the caller asks about; status unknown when it began in the browser and we have not heard of it.
-- Called by  POST /api/webhooks/paystack/verify, before Paystack is asked, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- Raises     PT400 INVALID_INPUT  PT403 NOT_A_REAL_USER  PT403 ACCOUNT_SUSPENDED  PT404 PAYMENT_NOT_FOUND (somebody else's)
create or replace function public.payment_of(p_user_id uuid, p_reference text)
  returns json
  language plpgsql stable security definer set search_path = ''
as $$
declare
  v_transaction public.transactions;
begin
  perform private.require_real_user(p_user_id);
  if p_reference is null or p_reference !~ '^[A-Za-z0-9.=_-]{1,100}$' then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'This is not a payment reference.';
  end if;
  select t.* into v_transaction from public.transactions t where t.paystack_reference = p_reference;
  if not found then
    return json_build_object('reference', p_reference, 'status', 'unknown', 'granted', 0,
      'credits', (select u.credits from public.real_users u where u.id = p_user_id), 'reason', null);
  elsif v_transaction.real_user_id is distinct from p_user_id then
    raise sqlstate 'PT404' using hint = 'PAYMENT_NOT_FOUND', message = 'There is no such payment of yours.';
  end if;
  return private.payment_json(v_transaction.id, 0);
end;
$$;
grant execute on function public.payment_of(uuid, text) to fantooo_api, service_role;
