-- private.adopt_payment: the transaction of a successful payment that began in the browser (the seed's inline flow); null when it fits nobody or no package.
-- Called by  settle_payment, under the lock of the reference
--
-- The package is found by what was asked for; metadata.user_id says whose it is and must be a user of ours.
create or replace function private.adopt_payment(
  p_reference text, p_amount_minor bigint, p_currency text, p_charge jsonb, p_says text)
  returns public.transactions
  language plpgsql volatile set search_path = ''
as $$
declare
  v_user_id text := private.to_json_object(p_charge -> 'metadata') ->> 'user_id';
  v_transaction public.transactions;
begin
  if p_charge is null or p_says <> 'success' or not pg_input_is_valid(coalesce(v_user_id, ''), 'uuid') then
    return null;
  end if;
  insert into public.transactions
    (real_user_id, package_id, amount_minor, currency, credits_purchased, paystack_reference)
  select u.id, p.id, p.price_minor, p.currency, p.credits, p_reference
  from public.real_users u, public.credit_packages p
  where u.id = v_user_id::uuid
    and p.is_active and p.currency = p_currency
    and p.price_minor = coalesce(private.to_bigint(p_charge ->> 'requested_amount'), p_amount_minor)
  returning * into v_transaction;
  return v_transaction;
end;
$$;
