-- The tables of the original design that sending touches, with its indexes, to the letter.
create table operators (id uuid primary key);
create table real_users (
  id uuid references auth.users primary key,
  name text unique not null,
  display_name text not null,
  email text unique not null,
  location text not null,
  latitude decimal(10, 8),
  longitude decimal(11, 8),
  gender text check (gender in ('male', 'female')) not null,
  looking_for text check (looking_for in ('male', 'female')) not null,
  age integer check (age >= 18 and age <= 100) not null,
  profile_picture text,
  credits integer default 0 check (credits >= 0),
  is_active boolean default true,
  created_at timestamptz default now(),
  updated_at timestamptz default now()
);
create table fictional_users (
  id uuid primary key default gen_random_uuid(),
  name text not null
);
create table chats (
  id uuid primary key default gen_random_uuid(),
  real_user_id uuid references real_users (id) on delete cascade not null,
  fictional_user_id uuid references fictional_users (id) on delete cascade not null,
  real_profile_notes text default '',
  fictional_profile_notes text default '',
  message_count integer default 0,
  last_message_at timestamptz default now(),
  assigned_operator_id uuid references operators (id) on delete set null,
  assignment_time timestamptz,
  is_active boolean default true,
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  unique (real_user_id, fictional_user_id)
);
create table messages (
  id uuid primary key default gen_random_uuid(),
  chat_id uuid references chats (id) on delete cascade not null,
  sender_type text check (sender_type in ('real', 'fictional')) not null,
  content text not null check (length(content) > 0 and length(content) <= 5000),
  handled_by_operator_id uuid references operators (id),
  is_free_message boolean default false,
  created_at timestamptz default now(),
  delivered_at timestamptz,
  read_at timestamptz
);
create index idx_chats_real_user on chats (real_user_id);
create index idx_chats_fictional_user on chats (fictional_user_id);
create index idx_chats_operator on chats (assigned_operator_id);
create index idx_chats_active on chats (is_active) where is_active = true;
create index idx_messages_chat on messages (chat_id);
create index idx_messages_created on messages (created_at desc);
create index idx_chats_assignment_queue on chats (created_at asc) where assigned_operator_id is null and is_active = true;
alter publication supabase_realtime add table messages, chats;
