-- claim_payments_to_check: the unsettled payments that Paystack should be asked about now, oldest first; each is put off at once.
-- Called by  reconcile_payments, as fantooo_api: overlapping or not
-- Runs as    owner: the API's role has no table rights
-- Repeats    whoever claims a payment has it to themselves until it is due again, so a run that dies loses nothing
-- Locks      transactions by SKIP LOCKED
-- Raises     PT400 INVALID_INPUT
-- Returns    {payments: [{reference}]}
--
-- Asked first after a minute, then with growing pauses; after 7 days the purchase counts as failed (EXPIRED), and
-- would still be credited if a success came.
create or replace function public.claim_payments_to_check(p_limit integer)
  returns json
  language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_payments json;
begin
  if p_limit is null or p_limit not between 1 and 1000 then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'A run claims 1 to 1000 payments.';
  end if;
  with due as (
    select t.id from public.transactions t
    where t.next_check_at <= now()
    order by t.next_check_at, t.id
    limit p_limit
    for no key update skip locked
  ), claimed as (
    update public.transactions t
    set checks = t.checks + 1,
        status = case when t.created_at < now() - interval '7 days' then 'failed' else t.status end,
        failure_reason = case when t.created_at < now() - interval '7 days'
                         then coalesce(t.failure_reason, 'EXPIRED') else t.failure_reason end,
        completed_at = case when t.created_at < now() - interval '7 days'
                       then coalesce(t.completed_at, now()) else t.completed_at end,
        next_check_at = case when t.created_at >= now() - interval '7 days' then now()
          + (array[interval '2 minutes', '5 minutes', '15 minutes', '1 hour', '3 hours', '6 hours'])[least(t.checks, 5) + 1] end
    from due
    where t.id = due.id
    returning t.paystack_reference, t.created_at
  )
  select json_agg(json_build_object('reference', c.paystack_reference) order by c.created_at)
  into v_payments
  from claimed c;
  return json_build_object('payments', coalesce(v_payments, '[]'));
end;
$$;
grant execute on function public.claim_payments_to_check(integer) to fantooo_api, service_role;
