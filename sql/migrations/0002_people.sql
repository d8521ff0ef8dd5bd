-- Who uses the place: real users, admins, operators, and the fictional profiles operators write for.

create table public.app_settings (
  id boolean primary key default true check (id),
  free_messages integer not null default 3 check (free_messages between 0 and 100),
  messages_per_minute integer not null default 30 check (messages_per_minute between 1 and 600),
  idle_warning_seconds integer not null default 240 check (idle_warning_seconds between 1 and 3600),
  idle_release_seconds integer not null default 300 check (idle_release_seconds between 2 and 7200),
  lost_operator_seconds integer not null default 90 check (lost_operator_seconds between 2 and 3600),
  answer_within_seconds integer not null default 600 check (answer_within_seconds between 2 and 86400),
  idle_releases_before_pause integer not null default 2 check (idle_releases_before_pause between 1 and 100),
  unanswered_refund_seconds integer not null default 86400 check (unanswered_refund_seconds between 60 and 2592000),
  email_domain text not null default 'fantooo.com' check (email_domain ~ '^[a-z0-9-]+(\.[a-z0-9-]+)+$'),
  disclosure_version text not null default '1' check (disclosure_version ~ '^[A-Za-z0-9._-]{1,40}$'),
  disclosure_text text not null
    default 'The profiles on Fantooo are fictional. The people they show do not exist: what a profile writes is written by our operators. Chats are for entertainment, and you will not meet a profile in person.'
    check (char_length(disclosure_text) between 20 and 5000),
  currency text not null default 'KES' check (currency ~ '^[A-Z]{3}$'),
  updated_at timestamptz not null default now(),
  constraint app_settings_warning_before_release check (idle_warning_seconds < idle_release_seconds)
);
comment on table public.app_settings is 'One row: the rules an admin may change. Functions read it on every call.';
alter table public.app_settings enable row level security;
insert into public.app_settings default values;

create table public.admins (
  id uuid primary key references auth.users (id) on delete cascade,
  name text not null check (char_length(name) between 1 and 100),
  email text not null unique,
  is_super_admin boolean not null default false,
  created_at timestamptz not null default now()
);
comment on table public.admins is 'Who runs the place. Only super admins make admins.';
alter table public.admins enable row level security;

create table public.real_users (
  id uuid primary key references auth.users (id) on delete cascade,
  name text not null unique check (name ~ '^[a-z0-9_]{3,20}$'),
  display_name text not null check (char_length(display_name) between 1 and 50),
  email text not null unique,
  location text not null check (char_length(location) between 1 and 100),
  latitude numeric(10, 8) check (latitude between -90 and 90),
  longitude numeric(11, 8) check (longitude between -180 and 180),
  gender text not null check (gender in ('male', 'female')),
  looking_for text not null check (looking_for in ('male', 'female')),
  age integer not null check (age between 18 and 100),
  -- Operators' browsers load it: an https address, and nothing that a script or another scheme could hide in.
  profile_picture text check (profile_picture ~ '^https://[^\s"<>]+$' and char_length(profile_picture) <= 2000),
  credits integer not null default 0 constraint real_users_credits_not_negative check (credits >= 0),
  is_active boolean not null default true,
  suspended_reason text,
  disclosure_version text,
  disclosure_accepted_at timestamptz,
  recent_sends timestamptz[] not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
) with (fillfactor = 80);
comment on table public.real_users is 'The people who pay. credits change only together with a credit_ledger row.';
comment on column public.real_users.recent_sends is 'When the messages of the last minute were sent: the exact sliding window of the rate limit.';
alter table public.real_users enable row level security;

create table public.operators (
  id uuid primary key references auth.users (id) on delete cascade,
  name text not null check (char_length(name) between 1 and 100),
  email text not null unique,
  is_active boolean not null default true,
  is_available boolean not null default false,
  unavailable_reason text,
  last_activity timestamptz not null default now(),
  last_heartbeat_at timestamptz,
  free_since timestamptz,
  asked_at timestamptz,
  idle_releases integer not null default 0,
  total_messages integer not null default 0,
  created_at timestamptz not null default now(),
  created_by uuid references public.admins (id) on delete set null,
  constraint operators_available_are_active check (is_active or not is_available)
) with (fillfactor = 70);
comment on table public.operators is 'The people who write for profiles.';
comment on column public.operators.free_since is 'Since when available without a chat; null otherwise. Fairness: the longest free is served first.';
comment on column public.operators.asked_at is 'When they asked for a chat and none was waiting: they are in line, and the next waiting message is given to them at once.';
comment on column public.operators.idle_releases is 'Chats taken from them for idling since they last answered or came back.';
alter table public.operators enable row level security;
create index operators_created_by on public.operators (created_by);
create index operators_free on public.operators (free_since) where free_since is not null;

create table public.fictional_users (
  id uuid primary key default gen_random_uuid(),
  name text not null check (char_length(name) between 1 and 50),
  age integer not null check (age between 18 and 100),
  gender text not null check (gender in ('male', 'female')),
  location text not null check (char_length(location) between 1 and 100),
  bio text check (char_length(bio) <= 2000),
  profile_pictures text[] not null default '{}' check (cardinality(profile_pictures) <= 10),
  is_active boolean not null default true,
  is_fictional boolean not null generated always as (true) stored,
  created_at timestamptz not null default now(),
  created_by uuid references public.admins (id) on delete set null
);
comment on table public.fictional_users is 'The profiles. None of these people exists, and is_fictional says so wherever a row is served.';
alter table public.fictional_users enable row level security;
create index fictional_users_listing on public.fictional_users (gender, created_at desc, id desc) where is_active;
create index fictional_users_created_by on public.fictional_users (created_by);
