-- private.operator_in_good_standing: the operator's row, locked until commit, or a refusal.
-- Called by  functions that act for an operator
-- Locks      operator
-- Raises     PT403 NOT_AN_OPERATOR  PT403 OPERATOR_INACTIVE
create or replace function private.operator_in_good_standing(p_operator_id uuid)
  returns public.operators
  language plpgsql volatile set search_path = ''
as $$
declare
  v_operator public.operators;
begin
  select o.* into v_operator from public.operators o where o.id = p_operator_id for no key update;
  if not found then
    raise sqlstate 'PT403' using hint = 'NOT_AN_OPERATOR', message = 'Only operators may do this.';
  elsif not v_operator.is_active then
    raise sqlstate 'PT403' using hint = 'OPERATOR_INACTIVE', message = 'This operator account has been deactivated.';
  end if;
  return v_operator;
end;
$$;
