-- update_settings: change some of the rules; those left out stay. Bounds are those of the table.
-- Called by  PATCH /api/admin/settings, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- Raises     PT403 NOT_AN_ADMIN  PT400 INVALID_INPUT
create or replace function public.update_settings(p_admin_id uuid, p_changes jsonb)
  returns json
  language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_settings public.app_settings := private.settings();
begin
  perform private.require_admin(p_admin_id);
  if p_changes is null or jsonb_typeof(p_changes) <> 'object'
    or exists (select from jsonb_object_keys(p_changes) as changed (name)
               where changed.name in ('id', 'updated_at') or not to_jsonb(v_settings) ? changed.name) then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'These are not settings.';
  end if;
  -- The audit row is written by the trigger on the table, which Studio's editor does not go round either.
  perform set_config('fantooo.admin_id', p_admin_id::text, true);
  v_settings := jsonb_populate_record(v_settings, p_changes);
  update public.app_settings s
  set free_messages = v_settings.free_messages,
      messages_per_minute = v_settings.messages_per_minute,
      idle_warning_seconds = v_settings.idle_warning_seconds,
      idle_release_seconds = v_settings.idle_release_seconds,
      lost_operator_seconds = v_settings.lost_operator_seconds,
      answer_within_seconds = v_settings.answer_within_seconds,
      idle_releases_before_pause = v_settings.idle_releases_before_pause,
      unanswered_refund_seconds = v_settings.unanswered_refund_seconds,
      email_domain = v_settings.email_domain,
      disclosure_version = v_settings.disclosure_version,
      disclosure_text = v_settings.disclosure_text,
      currency = v_settings.currency
  where s.id;
  return json_build_object('settings', to_jsonb(private.settings()) - 'id');
exception
  when check_violation or not_null_violation or invalid_text_representation or numeric_value_out_of_range then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'A setting is out of its bounds.', detail = sqlerrm;
end;
$$;
grant execute on function public.update_settings(uuid, jsonb) to fantooo_api, service_role;
