-- A hosted project tells its REST API of every change to the schema, whoever makes it.
-- From supabase/postgres, extensions.pgrst_ddl_watch and extensions.pgrst_drop_watch (2026-10), without their list of
-- commands: a reload too many costs a development machine nothing.

create function extensions.pgrst_schema_changed() returns event_trigger
  language plpgsql set search_path = ''
as $$
begin
  notify pgrst, 'reload schema';
end;
$$;

create event trigger pgrst_ddl_watch on ddl_command_end execute function extensions.pgrst_schema_changed();
create event trigger pgrst_drop_watch on sql_drop execute function extensions.pgrst_schema_changed();
