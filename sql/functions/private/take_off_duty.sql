-- private.take_off_duty: an operator is available no longer; their chat, if any, is the caller's to release.
-- Called by  set_operator_availability, deactivate_operator, sweep_idle_assignments
-- Locks      the caller holds the operator
create or replace function private.take_off_duty(p_operator_id uuid, p_reason text)
  returns void
  language plpgsql volatile set search_path = ''
as $$
begin
  update public.operators o
  set is_available = false, unavailable_reason = p_reason, free_since = null, asked_at = null
  where o.id = p_operator_id;
  update public.operator_availability v
  set ended_at = clock_timestamp(), end_reason = p_reason
  where v.operator_id = p_operator_id and v.ended_at is null;
end;
$$;
