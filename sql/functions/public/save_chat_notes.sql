-- save_chat_notes: an operator saves both notes of the chat they hold, if nobody saved since they read them.
-- Called by  PATCH /api/operator/notes, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- p_version  the version that was read. A note left null stays as it is.
-- Locks      the notes
-- Raises     PT400 INVALID_INPUT  PT403 NOT_AN_OPERATOR  PT403 OPERATOR_INACTIVE  PT403 CHAT_NOT_ASSIGNED  PT409 NOTES_CHANGED
create or replace function public.save_chat_notes(
  p_operator_id uuid,
  p_chat_id uuid,
  p_version integer,
  p_real_profile_notes text default null,
  p_fictional_profile_notes text default null)
  returns json
  language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_notes public.chat_notes;
begin
  if p_version is null then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'version is the version of the notes that was read.';
  elsif greatest(char_length(p_real_profile_notes), char_length(p_fictional_profile_notes)) > 10000 then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'A note has at most 10000 characters.';
  end if;
  perform private.operator_in_good_standing(p_operator_id);
  if not exists (select from public.chats c where c.id = p_chat_id and c.assigned_operator_id = p_operator_id) then
    raise sqlstate 'PT403' using hint = 'CHAT_NOT_ASSIGNED', message = 'This chat is not assigned to you.';
  end if;
  update public.chat_notes n
  set real_profile_notes = coalesce(p_real_profile_notes, n.real_profile_notes),
      fictional_profile_notes = coalesce(p_fictional_profile_notes, n.fictional_profile_notes),
      version = n.version + 1, updated_at = now(), updated_by = p_operator_id
  where n.chat_id = p_chat_id and n.version = p_version
  returning * into v_notes;
  if not found then
    raise sqlstate 'PT409' using hint = 'NOTES_CHANGED', message = 'Somebody saved these notes meanwhile. Please read them again.';
  end if;
  return json_build_object('notes', v_notes);
end;
$$;
grant execute on function public.save_chat_notes(uuid, uuid, integer, text, text) to fantooo_api, service_role;
