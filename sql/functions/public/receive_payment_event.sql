-- receive_payment_event: store a webhook body before anything is done about it.
-- Called by  POST /api/webhooks/paystack, committed before it answers 200, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- Repeats    the same event again is counted, not stored again; the same event with another body is stored beside it
-- Locks      the event's key (advisory) until commit
-- Raises     PT400 INVALID_INPUT
-- Returns    {event_id, repeated}
--
-- Paystack's events have no id of their own: the key is made of the event and what it is about. Of a body with a
-- bad signature, which anybody can send, we keep the first 4 KiB.
create or replace function public.receive_payment_event(p_body bytea, p_signature_valid boolean, p_source_ip text default null)
  returns json
  language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_sha256 bytea := sha256(p_body);
  v_payload jsonb := private.event_payload(p_body);
  v_data jsonb := v_payload -> 'data';
  v_reference text := private.event_reference(v_payload);
  v_key text;
  v_event public.payment_events;
begin
  if p_body is null or p_signature_valid is null then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'An event is a body, and whether its signature is valid.';
  end if;
  v_key := case
    when not p_signature_valid then null
    when v_data ->> 'id' is not null then concat_ws(':', v_payload ->> 'event', v_data ->> 'id')
    when v_reference is not null then concat_ws(':', v_payload ->> 'event', v_reference,
      coalesce(v_data ->> 'refund_reference', v_data ->> 'status'))
  end;
  v_key := coalesce(v_key, case when p_signature_valid then 'body:' else 'unsigned:' end || encode(v_sha256, 'hex'));
  -- Locked, because two bodies of one event may come at once, and neither is to be taken for the other.
  perform pg_advisory_xact_lock(hashtextextended('payment event:' || v_key, 0));
  if exists (select from public.payment_events e where e.dedupe_key = v_key and e.body_sha256 <> v_sha256) then
    v_key := v_key || ':' || encode(v_sha256, 'hex');
  end if;
  insert into public.payment_events as e
    (dedupe_key, event, reference, signature_valid, body, body_sha256, source_ip, handled_at, outcome)
  values
    (v_key, left(v_payload ->> 'event', 100), v_reference, p_signature_valid,
     case when p_signature_valid then p_body else substring(p_body, 1, 4096) end, v_sha256, p_source_ip,
     case when not p_signature_valid then now() end,
     case when not p_signature_valid then 'bad_signature' end)
  on conflict (dedupe_key) do update
  set deliveries = e.deliveries + 1, last_received_at = now()
  returning * into v_event;
  return json_build_object('event_id', v_event.id, 'repeated', v_event.deliveries > 1);
end;
$$;
grant execute on function public.receive_payment_event(bytea, boolean, text) to fantooo_api, service_role;
