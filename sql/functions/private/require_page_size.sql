-- private.require_page_size: nothing, or a refusal.
-- Called by  the admin listings
-- Raises     PT400 INVALID_INPUT
create or replace function private.require_page_size(p_limit integer)
  returns void
  language plpgsql immutable set search_path = ''
as $$
begin
  if p_limit is null or p_limit not between 1 and 200 then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'A page has 1 to 200 rows.';
  end if;
end;
$$;
