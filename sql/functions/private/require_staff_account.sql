-- private.require_staff_account: nothing, or why this Auth user cannot become operator or admin.
-- Called by  create_admin, create_operator
-- Raises     PT404 USER_NOT_FOUND  PT409 HAS_ANOTHER_ROLE  PT400 INVALID_INPUT
create or replace function private.require_staff_account(p_user_id uuid, p_name text, p_email text)
  returns void
  language plpgsql stable set search_path = ''
as $$
begin
  if coalesce(char_length(p_name), 0) not between 1 and 100 or coalesce(p_email, '') !~ '^[^@\s]+@[^@\s]+$' then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'Staff have a name of 1 to 100 characters and an e-mail address.';
  elsif not exists (select from auth.users u where u.id = p_user_id) then
    raise sqlstate 'PT404' using hint = 'USER_NOT_FOUND', message = 'There is no such Auth user.';
  elsif exists (select from public.real_users r where r.id = p_user_id) then
    raise sqlstate 'PT409' using hint = 'HAS_ANOTHER_ROLE', message = 'This account is a user who chats.';
  end if;
end;
$$;
