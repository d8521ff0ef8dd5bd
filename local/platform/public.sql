-- The database belongs to postgres, and through pg_database_owner so does the schema public.
grant usage on schema public to postgres, anon, authenticated, service_role;

create publication supabase_realtime;
alter publication supabase_realtime owner to postgres;
