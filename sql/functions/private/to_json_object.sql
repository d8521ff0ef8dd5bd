-- private.to_json_object: a JSON object from outside, whether it comes as one or as a string of one; {} for anything else.
-- Called by  whatever reads Paystack's metadata, which is "", 0, null, an object or a string of an object
create or replace function private.to_json_object(p_value jsonb)
  returns jsonb
  language sql immutable set search_path = ''
as $$
  select case
    when jsonb_typeof(p_value) = 'object' then p_value
    when jsonb_typeof(p_value) = 'string'
      and pg_input_is_valid(p_value #>> '{}', 'jsonb')
      and jsonb_typeof((p_value #>> '{}')::jsonb) = 'object' then (p_value #>> '{}')::jsonb
    else '{}'::jsonb end
$$;
