-- adjust_credits: an admin gives or takes credits, with a note; never below zero.
-- Called by  POST /api/admin/users/<id>/credits, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- Repeats    p_request_id names the adjustment: the same call again changes nothing. Without it every call counts.
-- Locks      real user
-- Raises     PT403 NOT_AN_ADMIN  PT404 USER_NOT_FOUND  PT400 INVALID_INPUT  PT409 BALANCE_TOO_LOW  PT409 IDEMPOTENCY_CONFLICT
create or replace function public.adjust_credits(
  p_admin_id uuid, p_user_id uuid, p_delta integer, p_note text, p_request_id uuid default null)
  returns json
  language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_note text := private.clean_text(p_note);
  v_credits integer;
  v_entry public.credit_ledger;
begin
  perform private.require_admin(p_admin_id);
  if p_delta is null or p_delta = 0 or p_delta not between -1000000 and 1000000
    or char_length(v_note) not between 1 and 1000 then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT',
      message = 'An adjustment has a number of credits (at most a million, not zero) and a note of 1 to 1000 characters.';
  end if;
  select u.credits into v_credits from public.real_users u where u.id = p_user_id for no key update;
  if not found then
    raise sqlstate 'PT404' using hint = 'USER_NOT_FOUND', message = 'There is no such user.';
  end if;
  select l.* into v_entry from public.credit_ledger l where l.request_id = p_request_id;
  if found and (v_entry.user_id, v_entry.delta) is distinct from (p_user_id, p_delta) then
    raise sqlstate 'PT409' using hint = 'IDEMPOTENCY_CONFLICT',
      message = 'This request id was already used for another adjustment.';
  elsif found then
    return json_build_object('user_id', p_user_id, 'credits', v_credits, 'repeated', true);
  elsif v_credits::bigint + p_delta < 0 then
    raise sqlstate 'PT409' using hint = 'BALANCE_TOO_LOW',
      message = format('The user has %s credits: no more can be taken.', v_credits);
  end if;
  v_credits := private.move_credits(p_user_id, p_delta, 'adjustment', p_admin_id => p_admin_id,
    p_request_id => coalesce(p_request_id, gen_random_uuid()), p_note => v_note);
  perform private.audit(p_admin_id, 'adjust_credits', p_user_id::text,
    jsonb_build_object('delta', p_delta, 'note', v_note));
  return json_build_object('user_id', p_user_id, 'credits', v_credits, 'repeated', false);
end;
$$;
grant execute on function public.adjust_credits(uuid, uuid, integer, text, uuid) to fantooo_api, service_role;
