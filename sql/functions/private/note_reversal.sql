-- private.note_reversal: what a refund or dispute event means; null when it means nothing to us.
-- Called by  handle_payment_event
--
-- A refund counts when it is processed, a dispute when it is lost: the merchant accepted it, or let it lapse, or
-- Paystack says the transaction is reversed. Amounts come as strings or numbers.
create or replace function private.note_reversal(p_event public.payment_events, p_data jsonb)
  returns json
  language plpgsql volatile set search_path = ''
as $$
declare
  v_is_dispute boolean := p_event.event like 'charge.dispute.%';
  v_amount_minor bigint := private.to_bigint(case when v_is_dispute then p_data ->> 'refund_amount' else p_data ->> 'amount' end);
  v_key text := case when v_is_dispute then 'dispute:' || (p_data ->> 'id')
    else 'refund:' || coalesce(p_data ->> 'refund_reference', p_data ->> 'id', p_event.dedupe_key) end;
  v_state text := case p_event.event
    when 'refund.processed' then 'done'
    when 'refund.failed' then 'undone'
    when 'refund.pending' then 'open'
    when 'refund.processing' then 'open'
    when 'refund.needs-attention' then 'open'
    when 'charge.dispute.create' then 'open'
    when 'charge.dispute.remind' then 'open'
    when 'charge.dispute.resolve' then
      case when p_data ->> 'resolution' in ('merchant-accepted', 'auto-accepted')
        or p_data #>> '{transaction,status}' = 'reversed' then 'done' else 'undone' end
  end;
begin
  if v_state is null or v_key is null or v_amount_minor is null or v_amount_minor = 0 then
    return null;
  end if;
  return public.reverse_payment(
    p_event.reference, v_key, case when v_is_dispute then 'dispute' else 'refund' end, v_amount_minor, v_state);
end;
$$;
