-- private.tg_real_users__updated: updated_at of a profile its user changed, and its text as plain text.
-- Called by  trigger on real_users, BEFORE UPDATE of what a user may change (not of credits: a hot path)
create or replace function private.tg_real_users__updated()
  returns trigger
  language plpgsql security definer set search_path = ''
as $$
begin
  new.display_name := private.clean_text(new.display_name);
  new.location := private.clean_text(new.location);
  new.updated_at := now();
  return new;
end;
$$;

create or replace trigger real_users_updated
  before update of display_name, location, latitude, longitude, looking_for, profile_picture on public.real_users
  for each row execute function private.tg_real_users__updated();
