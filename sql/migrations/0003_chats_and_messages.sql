-- Chats, their messages, the operators' notes, and what users can do about a profile.

create table public.chats (
  id uuid primary key default gen_random_uuid(),
  real_user_id uuid not null references public.real_users (id) on delete cascade,
  fictional_user_id uuid not null references public.fictional_users (id) on delete cascade,
  message_count integer not null default 0,
  real_message_count integer not null default 0,
  last_seq integer not null default 0,
  last_answered_seq integer not null default 0,
  real_last_read_seq integer not null default 0,
  fictional_last_read_seq integer not null default 0,
  last_message_at timestamptz not null default now(),
  waiting_since timestamptz,
  assigned_operator_id uuid references public.operators (id) on delete set null,
  assignment_time timestamptz,
  idle_warned_at timestamptz,
  last_answered_by uuid references public.operators (id) on delete set null,
  last_released_from uuid references public.operators (id) on delete set null,
  is_active boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint chats_one_per_pair unique (real_user_id, fictional_user_id),
  constraint chats_closed_do_not_wait check (is_active or (waiting_since is null and assigned_operator_id is null))
) with (fillfactor = 80);
comment on table public.chats is 'One real user and one profile. The row is the lock under which seq is given.';
comment on column public.chats.waiting_since is 'Since when a message of the user is unanswered: the place in the queue, kept through every reassignment.';
comment on column public.chats.last_answered_seq is 'seq of the last message an operator wrote: what comes after it is unanswered.';
alter table public.chats enable row level security;
create unique index chats_one_per_operator on public.chats (assigned_operator_id) where assigned_operator_id is not null;
create index chats_queue on public.chats (waiting_since, id)
  where waiting_since is not null and assigned_operator_id is null;
create index chats_fictional_user on public.chats (fictional_user_id);
create index chats_last_answered_by on public.chats (last_answered_by) where last_answered_by is not null;
create index chats_last_released_from on public.chats (last_released_from) where last_released_from is not null;

create table public.chat_notes (
  chat_id uuid primary key references public.chats (id) on delete cascade,
  real_profile_notes text not null default '' check (char_length(real_profile_notes) <= 10000),
  fictional_profile_notes text not null default '' check (char_length(fictional_profile_notes) <= 10000),
  version integer not null default 1,
  updated_at timestamptz not null default now(),
  updated_by uuid
);
comment on table public.chat_notes is 'What operators note for each other. Never shown to the user.';
alter table public.chat_notes enable row level security;

create table public.messages (
  id uuid primary key default gen_random_uuid(),
  chat_id uuid not null references public.chats (id) on delete cascade,
  seq integer not null,
  sender_type text not null check (sender_type in ('real', 'fictional')),
  content text not null check (char_length(content) between 1 and 5000),
  client_message_id uuid,
  handled_by_operator_id uuid references public.operators (id) on delete set null,
  is_free_message boolean not null default false,
  created_at timestamptz not null default now(),
  delivered_at timestamptz,
  read_at timestamptz,
  refunded_at timestamptz,
  answered_waiting_since timestamptz,
  constraint messages_one_per_seq unique (chat_id, seq),
  constraint messages_one_per_client_message_id unique (chat_id, client_message_id)
);
comment on table public.messages is 'What was written. seq counts 1, 2, 3 … in a chat without a gap.';
comment on column public.messages.answered_waiting_since is 'Of an answer: since when the user had been waiting. created_at minus this is the response time.';
alter table public.messages enable row level security;
create index messages_by_operator on public.messages (handled_by_operator_id, created_at)
  where handled_by_operator_id is not null;
create index messages_created on public.messages using brin (created_at) with (pages_per_range = 32);

create table public.favorites (
  id uuid primary key default gen_random_uuid(),
  real_user_id uuid not null references public.real_users (id) on delete cascade,
  fictional_user_id uuid not null references public.fictional_users (id) on delete cascade,
  created_at timestamptz not null default now(),
  unique (real_user_id, fictional_user_id)
);
alter table public.favorites enable row level security;
create index favorites_fictional_user on public.favorites (fictional_user_id);

create table public.blocks (
  real_user_id uuid not null references public.real_users (id) on delete cascade,
  fictional_user_id uuid not null references public.fictional_users (id) on delete cascade,
  created_at timestamptz not null default now(),
  primary key (real_user_id, fictional_user_id)
);
comment on table public.blocks is 'Profiles a user wants nothing more to do with.';
alter table public.blocks enable row level security;
create index blocks_fictional_user on public.blocks (fictional_user_id);

create table public.message_reports (
  id uuid primary key default gen_random_uuid(),
  message_id uuid not null references public.messages (id) on delete cascade,
  reporter_id uuid not null references public.real_users (id) on delete cascade,
  reason text not null check (char_length(reason) between 1 and 1000),
  created_at timestamptz not null default now(),
  resolved_at timestamptz,
  resolved_by uuid,
  resolution text check (char_length(resolution) <= 1000),
  unique (message_id, reporter_id)
);
alter table public.message_reports enable row level security;
create index message_reports_reporter on public.message_reports (reporter_id);
create index message_reports_open on public.message_reports (created_at) where resolved_at is null;
