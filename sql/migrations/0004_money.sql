-- Credits and payments. Money is integer minor units; nothing here goes when an account is deleted.

create table public.credit_packages (
  id text primary key check (id ~ '^[a-z0-9-]{1,40}$'),
  credits integer not null check (credits > 0),
  price_minor bigint not null check (price_minor > 0),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  is_active boolean not null default true
);
comment on table public.credit_packages is 'What can be bought. A payment is matched to a package by what was paid.';
alter table public.credit_packages enable row level security;
-- A payment made without a reference of ours is matched by amount and currency: it must name one package.
create unique index credit_packages_one_per_price on public.credit_packages (currency, price_minor) where is_active;
insert into public.credit_packages (id, credits, price_minor, currency) values
  ('credits-10', 10, 10000, 'KES'),
  ('credits-25', 25, 25000, 'KES'),
  ('credits-50', 50, 50000, 'KES'),
  ('credits-100', 100, 100000, 'KES');

create table public.transactions (
  id uuid primary key default gen_random_uuid(),
  real_user_id uuid references public.real_users (id) on delete set null,
  package_id text not null references public.credit_packages (id),
  amount_minor bigint not null check (amount_minor > 0),
  amount numeric(10, 2) not null generated always as (amount_minor / 100.0) stored,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  credits_purchased integer not null check (credits_purchased > 0),
  paystack_reference text not null unique check (paystack_reference ~ '^[A-Za-z0-9.=_-]{1,100}$'),
  status text not null default 'pending' check (status in ('pending', 'success', 'failed')),
  channel text,
  failure_reason text,
  credits_reversed integer not null default 0 check (credits_reversed >= 0),
  credits_shortfall integer not null default 0 check (credits_shortfall >= 0),
  provider_payload jsonb,
  checks integer not null default 0,
  next_check_at timestamptz,
  created_at timestamptz not null default now(),
  completed_at timestamptz,
  constraint transactions_reversed_at_most_once check (credits_reversed + credits_shortfall <= credits_purchased)
);
comment on table public.transactions is 'Purchases. real_user_id becomes null when the account is deleted; the row stays.';
comment on column public.transactions.amount is 'amount_minor in major units, for people.';
comment on column public.transactions.credits_shortfall is 'Credits that a refund or lost dispute should have taken back but that were spent.';
alter table public.transactions enable row level security;
create index transactions_user on public.transactions (real_user_id, created_at desc);
create index transactions_package on public.transactions (package_id);
create index transactions_created on public.transactions (created_at);
create index transactions_to_check on public.transactions (next_check_at) where next_check_at is not null;

create table public.payment_events (
  id bigint generated always as identity primary key,
  dedupe_key text not null unique,
  event text,
  reference text,
  signature_valid boolean not null,
  body bytea,
  body_sha256 bytea not null,
  source_ip text,
  deliveries integer not null default 1,
  received_at timestamptz not null default now(),
  last_received_at timestamptz not null default now(),
  handled_at timestamptz,
  outcome text,
  detail text
);
comment on table public.payment_events is 'Every webhook body as it came, before anything is done about it, and what was done.';
alter table public.payment_events enable row level security;
create index payment_events_reference on public.payment_events (reference);
create index payment_events_unhandled on public.payment_events (id) where handled_at is null;
create index payment_events_received on public.payment_events (received_at);

create table public.payment_reversals (
  id uuid primary key default gen_random_uuid(),
  reference text not null,
  reversal_key text not null,
  kind text not null check (kind in ('refund', 'dispute')),
  amount_minor bigint not null check (amount_minor > 0),
  state text not null check (state in ('open', 'done', 'undone')),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (reference, reversal_key)
);
comment on table public.payment_reversals is 'Refunds and disputes, by the reference of the payment, also when they are heard of before it.';
comment on column public.payment_reversals.state is 'open: announced. done: the money went back. undone: it stayed after all (final).';
alter table public.payment_reversals enable row level security;

create table public.credit_ledger (
  id bigint generated always as identity primary key,
  user_id uuid not null,
  delta integer not null check (delta <> 0),
  balance_after integer not null check (balance_after >= 0),
  reason text not null check (reason in ('message', 'purchase', 'unanswered', 'reversal', 'adjustment')),
  message_id uuid,
  transaction_id uuid references public.transactions (id),
  admin_id uuid,
  request_id uuid,
  note text check (char_length(note) <= 1000),
  created_at timestamptz not null default now(),
  constraint credit_ledger_names_its_cause check (
    case reason
      when 'message' then message_id is not null and delta < 0
      when 'unanswered' then message_id is not null and delta > 0
      when 'purchase' then transaction_id is not null and delta > 0
      when 'reversal' then transaction_id is not null
      when 'adjustment' then request_id is not null
    end)
);
comment on table public.credit_ledger is
  'Append-only. For every user credits = sum(delta) = the last balance_after. user_id has no foreign key: the rows outlive the account, and then name nobody.';
alter table public.credit_ledger enable row level security;
create index credit_ledger_user on public.credit_ledger (user_id, id desc);
create unique index credit_ledger_once_per_message on public.credit_ledger (message_id, reason) where message_id is not null;
create unique index credit_ledger_once_per_purchase on public.credit_ledger (transaction_id) where reason = 'purchase';
create index credit_ledger_transaction on public.credit_ledger (transaction_id) where transaction_id is not null;
create unique index credit_ledger_once_per_request on public.credit_ledger (request_id) where request_id is not null;
