-- audit_credits: every account whose credits do not add up, and how; no rows is good.
-- Called by  fantooo demo, doctor, /metrics, tests
-- Runs as    owner: the API's role has no table rights
--
-- For every user credits = sum(delta) = the last balance_after, and every balance_after is the one before plus delta.
-- Rows of deleted accounts are held to the same, among themselves.
create or replace function public.audit_credits()
  returns table (user_id uuid, credits integer, ledger_sum bigint, last_balance integer, problem text)
  language sql stable security definer set search_path = ''
as $$
  with entries as (
    select l.user_id, l.id, l.delta, l.balance_after,
      sum(l.delta) over (partition by l.user_id order by l.id) as running_sum,
      row_number() over (partition by l.user_id order by l.id desc) as from_last
    from public.credit_ledger l
  ), accounts as (
    select e.user_id,
      sum(e.delta) as ledger_sum,
      max(e.balance_after) filter (where e.from_last = 1) as last_balance,
      bool_or(e.running_sum <> e.balance_after) as is_broken
    from entries e
    group by e.user_id
  )
  select coalesce(u.id, a.user_id), u.credits, coalesce(a.ledger_sum, 0), coalesce(a.last_balance, 0),
    case
      when a.is_broken then 'a balance_after is not the one before plus delta'
      when u.credits <> coalesce(a.ledger_sum, 0) then 'credits are not the sum of the ledger'
      else 'credits are not the last balance_after'
    end
  from accounts a
  full join public.real_users u on u.id = a.user_id
  where a.is_broken
    or u.credits <> coalesce(a.ledger_sum, 0)
    or u.credits <> coalesce(a.last_balance, 0)
$$;
grant execute on function public.audit_credits() to fantooo_api, service_role;
