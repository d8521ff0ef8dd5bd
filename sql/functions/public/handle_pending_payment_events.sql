-- handle_pending_payment_events: act on stored webhooks whose handling was cut short, oldest first, those that failed before last.
-- Called by  reconcile_payments, as fantooo_api: overlapping or not
-- Runs as    owner: the API's role has no table rights
-- Repeats    a handled event is not handled again; one that cannot be handled keeps its error in detail and is tried next time
-- Locks      events by SKIP LOCKED → all references (advisory) → all transactions → all real users, each kind in order
-- Returns    {handled, failed}
create or replace function public.handle_pending_payment_events(p_limit integer, p_mode text)
  returns json
  language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_event_ids bigint[];
  v_references text[];
  v_event_id bigint;
  v_handled integer := 0;
  v_failed integer := 0;
begin
  select array_agg(due.id order by due.id), array_agg(distinct due.reference)
  into v_event_ids, v_references
  from (
    select e.id, e.reference from public.payment_events e
    where e.handled_at is null
    order by e.detail is not null, e.id
    limit p_limit
    for update skip locked
  ) as due;
  -- One payment after the other would hold the user of the first while it waits for the second.
  perform private.lock_reference(named.reference) from unnest(v_references) as named (reference)
  where named.reference is not null;
  perform from public.transactions t where t.paystack_reference = any (v_references) order by t.id for no key update;
  perform from public.real_users u
  where u.id in (select t.real_user_id from public.transactions t where t.paystack_reference = any (v_references))
  order by u.id
  for no key update;

  foreach v_event_id in array coalesce(v_event_ids, '{}') loop
    begin
      perform public.handle_payment_event(v_event_id, p_mode);
      v_handled := v_handled + 1;
    exception
      -- One event that cannot be handled must not hold up those behind it.
      when others then
        v_failed := v_failed + 1;
        update public.payment_events e set detail = sqlstate || ': ' || sqlerrm where e.id = v_event_id;
    end;
  end loop;
  return json_build_object('handled', v_handled, 'failed', v_failed);
end;
$$;
grant execute on function public.handle_pending_payment_events(integer, text) to fantooo_api, service_role;
