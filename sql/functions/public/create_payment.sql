-- create_payment: begin a purchase: a pending transaction with a reference of ours, before Paystack hears of it.
-- Called by  POST /api/payments/initialize, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- Repeats    each call begins another purchase; one that is never paid does no harm
-- Raises     PT403 NOT_A_REAL_USER  PT403 ACCOUNT_SUSPENDED  PT404 PACKAGE_NOT_FOUND
create or replace function public.create_payment(p_user_id uuid, p_package_id text)
  returns json
  language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_package public.credit_packages;
  v_transaction public.transactions;
begin
  perform private.require_real_user(p_user_id);
  select p.* into v_package from public.credit_packages p where p.id = p_package_id and p.is_active;
  if not found then
    raise sqlstate 'PT404' using hint = 'PACKAGE_NOT_FOUND', message = 'There is no such package.';
  end if;
  insert into public.transactions
    (real_user_id, package_id, amount_minor, currency, credits_purchased, paystack_reference, next_check_at)
  values
    (p_user_id, v_package.id, v_package.price_minor, v_package.currency, v_package.credits,
     'cr-' || replace(gen_random_uuid()::text, '-', ''), now() + interval '1 minute')
  returning * into v_transaction;
  return json_build_object(
    'reference', v_transaction.paystack_reference,
    'amount_minor', v_transaction.amount_minor,
    'currency', v_transaction.currency,
    'credits', v_transaction.credits_purchased,
    'package_id', v_transaction.package_id,
    'email', (select u.email from public.real_users u where u.id = p_user_id));
end;
$$;
grant execute on function public.create_payment(uuid, text) to fantooo_api, service_role;
