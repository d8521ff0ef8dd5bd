-- private.move_credits: change a balance and write the ledger row that says why; returns the new balance.
-- Called by  settle_payment, reversals, refunds of unanswered messages, adjust_credits
--            (send_user_message writes the same pair itself: it has one more column of the row to change)
-- Repeats    each cause at most once: the ledger's unique indexes refuse a second row (23505)
-- Locks      real user until commit
create or replace function private.move_credits(
  p_user_id uuid,
  p_delta integer,
  p_reason text,
  p_message_id uuid default null,
  p_transaction_id uuid default null,
  p_admin_id uuid default null,
  p_request_id uuid default null,
  p_note text default null)
  returns integer
  language plpgsql volatile set search_path = ''
as $$
declare
  v_balance integer;
begin
  update public.real_users u set credits = u.credits + p_delta where u.id = p_user_id
  returning u.credits into strict v_balance;
  insert into public.credit_ledger
    (user_id, delta, balance_after, reason, message_id, transaction_id, admin_id, request_id, note)
  values
    (p_user_id, p_delta, v_balance, p_reason, p_message_id, p_transaction_id, p_admin_id, p_request_id, p_note);
  return v_balance;
end;
$$;
