-- private.to_bigint: a whole number from outside ("30000", 30000), or null for anything else.
-- Called by  whatever reads numbers out of a webhook
create or replace function private.to_bigint(p_text text)
  returns bigint
  language sql immutable set search_path = ''
as $$
  select case when p_text ~ '^[0-9]{1,18}$' then p_text::bigint end
$$;
