-- private.event_reference: the payment an event is about; null when it names none that could be ours.
-- Called by  receive_payment_event, handle_payment_event
--
-- charge.* carry data.reference, refund.* data.transaction_reference, disputes data.transaction.reference.
create or replace function private.event_reference(p_payload jsonb)
  returns text
  language sql immutable set search_path = ''
as $$
  select named.reference
  from (select coalesce(
    p_payload #>> '{data,reference}', p_payload #>> '{data,transaction_reference}', p_payload #>> '{data,transaction,reference}')
    as reference) as named
  where named.reference ~ '^[A-Za-z0-9.=_-]{1,100}$'
$$;
