-- Who may look into which schema. Objects inside state their own rights.
grant usage on schema public to anon, authenticated, service_role, fantooo_api, supabase_auth_admin;
-- Policies call helpers in private as the caller. The schema is not exposed: nobody reaches it through REST.
grant usage on schema private to authenticated;
