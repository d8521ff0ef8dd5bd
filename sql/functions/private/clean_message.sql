-- private.clean_message: a message as it is kept, or a refusal.
-- Called by  send_user_message, send_operator_message, tg_messages__written_by_operator
-- Raises     PT400 EMPTY_MESSAGE  PT400 MESSAGE_TOO_LONG
create or replace function private.clean_message(p_content text)
  returns text
  language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  v_content text := private.clean_text(p_content);
begin
  if v_content = '' then
    raise sqlstate 'PT400' using hint = 'EMPTY_MESSAGE', message = 'A message needs some text.';
  elsif char_length(v_content) > 5000 then
    raise sqlstate 'PT400' using hint = 'MESSAGE_TOO_LONG', message = 'A message has at most 5000 characters.';
  end if;
  return v_content;
end;
$$;
