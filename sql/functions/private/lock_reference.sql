-- private.lock_reference: whoever acts on a payment reference, known or not yet, waits here for their turn.
-- Called by  settle_payment, reverse_payment, first
-- Locks      the reference (advisory, until commit)
create or replace function private.lock_reference(p_reference text)
  returns void
  language sql volatile set search_path = ''
as $$
  select pg_advisory_xact_lock(hashtextextended('payment:' || p_reference, 0))
$$;
