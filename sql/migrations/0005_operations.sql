-- How operators worked, who administered what, and when the jobs last ran.

create table public.chat_assignments (
  id uuid primary key default gen_random_uuid(),
  chat_id uuid references public.chats (id) on delete set null,
  operator_id uuid references public.operators (id) on delete set null,
  assigned_at timestamptz not null default now(),
  accepted_at timestamptz,
  first_response_at timestamptz,
  messages_sent integer not null default 0,
  released_at timestamptz,
  release_reason text,
  created_at timestamptz not null default now(),
  constraint chat_assignments_released_with_reason check ((released_at is null) = (release_reason is null))
) with (fillfactor = 80);
comment on table public.chat_assignments is
  'Who held which chat from when to when, and why it ended. Statistics are counted from these, so they outlive chat and operator.';
comment on column public.chat_assignments.accepted_at is 'When the operator''s client first showed it knew; null while a chat given unasked is not yet picked up.';
alter table public.chat_assignments enable row level security;
create unique index chat_assignments_open_chat on public.chat_assignments (chat_id) where released_at is null;
create index chat_assignments_chat on public.chat_assignments (chat_id, assigned_at desc);
create index chat_assignments_operator on public.chat_assignments (operator_id, assigned_at desc);

create table public.operator_activity (
  id uuid primary key default gen_random_uuid(),
  chat_id uuid not null references public.chats (id) on delete cascade,
  operator_id uuid not null references public.operators (id) on delete cascade,
  last_activity timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (chat_id, operator_id)
) with (fillfactor = 70);
comment on table public.operator_activity is 'When an operator last moved in a chat, by the server''s clock.';
alter table public.operator_activity enable row level security;
create index operator_activity_operator on public.operator_activity (operator_id);

create table public.operator_availability (
  id bigint generated always as identity primary key,
  operator_id uuid not null references public.operators (id) on delete cascade,
  started_at timestamptz not null default now(),
  ended_at timestamptz,
  end_reason text,
  constraint operator_availability_ended_with_reason check ((ended_at is null) = (end_reason is null))
);
comment on table public.operator_availability is 'From when to when an operator was available, and what ended it.';
alter table public.operator_availability enable row level security;
create unique index operator_availability_open on public.operator_availability (operator_id) where ended_at is null;
create index operator_availability_operator on public.operator_availability (operator_id, started_at desc);

create table public.operator_stats (
  id uuid primary key default gen_random_uuid(),
  operator_id uuid not null references public.operators (id) on delete cascade,
  date date not null,
  messages_sent integer not null default 0,
  chats_handled integer not null default 0,
  created_at timestamptz not null default now(),
  unique (operator_id, date)
) with (fillfactor = 70);
comment on table public.operator_stats is 'The running count of a day (UTC), as the seed''s screens read it. operator_daily_stats() is counted from the segments.';
alter table public.operator_stats enable row level security;

create table public.admin_audit_log (
  id bigint generated always as identity primary key,
  admin_id uuid,
  action text not null,
  target_id text,
  details jsonb not null default '{}',
  created_at timestamptz not null default now()
);
comment on table public.admin_audit_log is 'Append-only: who did what to whom. admin_id is null for what was done from the server''s console.';
alter table public.admin_audit_log enable row level security;
create index admin_audit_log_admin on public.admin_audit_log (admin_id, id desc);
create index admin_audit_log_target on public.admin_audit_log (target_id, id desc);

create table public.job_runs (
  job text primary key,
  runs bigint not null default 1,
  last_run_at timestamptz not null default now(),
  last_result jsonb not null
);
comment on table public.job_runs is 'When each scheduled job last ran and what it did: the doctor asks this whether a cron is alive.';
alter table public.job_runs enable row level security;
