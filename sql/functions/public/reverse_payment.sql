-- reverse_payment: a refund or dispute of a payment, known to us or not yet.
-- Called by  handle_payment_event, fantooo payments, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- Repeats    p_reversal_key names the refund or dispute; its state only moves open → done → undone, in whatever order it is told
-- Locks      the reference (advisory) → transaction → real user
-- Raises     PT400 INVALID_INPUT
create or replace function public.reverse_payment(
  p_reference text, p_reversal_key text, p_kind text, p_amount_minor bigint, p_state text)
  returns json
  language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_transaction public.transactions;
begin
  if p_reference is null or p_reference !~ '^[A-Za-z0-9.=_-]{1,100}$' or coalesce(p_reversal_key, '') = ''
    or coalesce(p_kind, '') not in ('refund', 'dispute') or coalesce(p_state, '') not in ('open', 'done', 'undone')
    or p_amount_minor is null or p_amount_minor <= 0 then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT',
      message = 'A reversal has a reference, a key, a kind (refund or dispute), an amount and a state (open, done or undone).';
  end if;
  perform private.lock_reference(p_reference);
  insert into public.payment_reversals as r (reference, reversal_key, kind, amount_minor, state)
  values (p_reference, p_reversal_key, p_kind, p_amount_minor, p_state)
  on conflict (reference, reversal_key) do update
  set state = excluded.state, amount_minor = excluded.amount_minor, updated_at = now()
  where array_position(array['open', 'done', 'undone'], excluded.state)
      > array_position(array['open', 'done', 'undone'], r.state);
  select t.* into v_transaction from public.transactions t
  where t.paystack_reference = p_reference
  for no key update;
  if not found then
    return json_build_object('reference', p_reference, 'status', 'unknown', 'credits_reversed', 0, 'credits_shortfall', 0);
  end if;
  perform private.apply_reversals(v_transaction.id);
  return (
    select json_build_object('reference', p_reference, 'status', t.status,
      'credits_reversed', t.credits_reversed, 'credits_shortfall', t.credits_shortfall)
    from public.transactions t where t.id = v_transaction.id);
end;
$$;
grant execute on function public.reverse_payment(text, text, text, bigint, text) to fantooo_api, service_role;
