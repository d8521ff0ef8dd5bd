-- handle_payment_event: act on a stored webhook, once.
-- Called by  POST /api/webhooks/paystack after the event is committed, handle_pending_payment_events, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- Repeats    a handled event is only reported
-- Locks      event → the reference (advisory) → transaction → real user
-- Raises     PT404 EVENT_NOT_FOUND
-- Returns    {event_id, outcome, …}; outcome is also kept with the event:
--            credited, already_settled, not_settled, unknown_reference, reversal_noted, ignored, unusable, wrong_mode
create or replace function public.handle_payment_event(p_event_id bigint, p_mode text)
  returns json
  language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_event public.payment_events;
  v_payload jsonb;
  v_data jsonb;
  v_result json;
  v_outcome text;
begin
  select e.* into v_event from public.payment_events e where e.id = p_event_id for update;
  if not found then
    raise sqlstate 'PT404' using hint = 'EVENT_NOT_FOUND', message = 'There is no such event.';
  elsif v_event.handled_at is not null then
    return json_build_object('event_id', p_event_id, 'outcome', v_event.outcome, 'repeated', true);
  end if;

  v_payload := private.event_payload(v_event.body);
  v_data := v_payload -> 'data';
  if v_event.event is null or jsonb_typeof(v_data) is distinct from 'object' then
    v_outcome := 'unusable';
  elsif v_event.event not like 'charge.%' and v_event.event not like 'refund.%' then
    v_outcome := 'ignored';
  elsif coalesce(v_data ->> 'domain', v_data #>> '{transaction,domain}') is distinct from p_mode then
    v_outcome := 'wrong_mode';
  elsif v_event.reference is null then
    v_outcome := 'unusable';
  elsif v_event.event = 'charge.success' then
    v_result := public.settle_payment(
      v_event.reference, private.to_bigint(v_data ->> 'amount'), v_data ->> 'currency', v_data, p_mode);
    v_outcome := case
      when (v_result ->> 'granted')::integer > 0 then 'credited'
      when v_result ->> 'status' = 'success' then 'already_settled'
      when v_result ->> 'status' = 'unknown' then 'unknown_reference'
      else 'not_settled' end;
  else
    v_result := private.note_reversal(v_event, v_data);
    v_outcome := case when v_result is null then 'ignored' else 'reversal_noted' end;
  end if;

  update public.payment_events e
  set handled_at = now(), outcome = v_outcome, detail = v_result ->> 'reason'
  where e.id = p_event_id;
  return json_build_object('event_id', p_event_id, 'outcome', v_outcome, 'repeated', false, 'payment', v_result);
end;
$$;
grant execute on function public.handle_payment_event(bigint, text) to fantooo_api, service_role;
