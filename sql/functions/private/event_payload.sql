-- private.event_payload: a webhook body as JSON, if it is a JSON object; null otherwise.
-- Called by  receive_payment_event, handle_payment_event
create or replace function private.event_payload(p_body bytea)
  returns jsonb
  language plpgsql immutable set search_path = ''
as $$
declare
  v_payload jsonb;
begin
  v_payload := convert_from(p_body, 'UTF8')::jsonb;
  return case when jsonb_typeof(v_payload) = 'object' then v_payload end;
exception
  -- Not UTF-8, not JSON, or a \u0000 that jsonb cannot hold: the body is kept as it came, and its outcome says so.
  when data_exception or program_limit_exceeded then
    return null;
end;
$$;
