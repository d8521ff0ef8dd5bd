-- report_message: the caller reports a message of a profile to the admins.
-- Called by  browsers, as authenticated
-- Runs as    owner: reports are written here only
-- Repeats    one report a message and user: a second one returns the first
-- Raises     PT400 INVALID_INPUT  PT404 MESSAGE_NOT_FOUND
create or replace function public.report_message(p_message_id uuid, p_reason text)
  returns uuid
  language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_reason text := private.clean_text(p_reason);
  v_report_id uuid;
begin
  if char_length(v_reason) not between 1 and 1000 then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'A report has a reason of 1 to 1000 characters.';
  end if;
  perform from public.messages m join public.chats c on c.id = m.chat_id
  where m.id = p_message_id and m.sender_type = 'fictional' and c.real_user_id = private.my_user_id();
  if not found then
    raise sqlstate 'PT404' using hint = 'MESSAGE_NOT_FOUND', message = 'There is no such message to report.';
  end if;
  insert into public.message_reports (message_id, reporter_id, reason)
  values (p_message_id, auth.uid(), v_reason)
  on conflict (message_id, reporter_id) do update set message_id = excluded.message_id
  returning id into v_report_id;
  return v_report_id;
end;
$$;
grant execute on function public.report_message(uuid, text) to authenticated;
