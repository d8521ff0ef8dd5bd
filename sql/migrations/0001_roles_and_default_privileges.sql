-- The login of our API, the schema nobody outside reaches, and no right by default.
--
-- Hosted projects made before mid-2026 grant every new object in `public` to anon, authenticated and
-- service_role; newer ones grant nothing. From here on both are alike: a right exists only where
-- sql/functions or sql/policies states it. (EXECUTE for PUBLIC is PostgreSQL's own default and can only
-- be taken away without "in schema": a per-schema entry cannot subtract a global one.)

do $$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'fantooo_api') then
    create role fantooo_api login noinherit nobypassrls;
  end if;
end
$$;
-- Longer than any request may wait, shorter than a stuck one holds its locks.
alter role fantooo_api set statement_timeout = '8s';
alter role fantooo_api set idle_in_transaction_session_timeout = '15s';

create schema private;
revoke all on schema private from public;

alter default privileges revoke execute on functions from public;
alter default privileges in schema public revoke all on tables from anon, authenticated, service_role;
alter default privileges in schema public revoke all on sequences from anon, authenticated, service_role;
alter default privileges in schema public revoke all on functions from anon, authenticated, service_role;
