-- What supabase-js may follow with postgres_changes. Row level security decides who sees which row.
alter publication supabase_realtime add table public.messages, public.chats;
