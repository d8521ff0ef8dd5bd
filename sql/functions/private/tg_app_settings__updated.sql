-- private.tg_app_settings__updated: who changed which rule, whatever the way: the API, a browser, Studio.
-- Called by  trigger on app_settings, BEFORE UPDATE
-- Runs as    owner: nobody may write the audit log
create or replace function private.tg_app_settings__updated()
  returns trigger
  language plpgsql security definer set search_path = ''
as $$
declare
  v_changes jsonb;
begin
  select jsonb_object_agg(n.key, n.value) into v_changes
  from jsonb_each(to_jsonb(new)) as n
  where n.value is distinct from to_jsonb(old) -> n.key;
  if v_changes is not null then
    new.updated_at := now();
    perform private.audit(
      coalesce(auth.uid(), nullif(current_setting('fantooo.admin_id', true), '')::uuid),
      'update_settings', null, v_changes);
  end if;
  return new;
end;
$$;

create or replace trigger app_settings_updated before update on public.app_settings
  for each row execute function private.tg_app_settings__updated();
