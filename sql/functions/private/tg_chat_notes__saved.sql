-- private.tg_chat_notes__saved: notes saved from a browser get their version, time and author from us.
-- Called by  trigger on chat_notes, BEFORE UPDATE, only for rows updated as authenticated
--            (a client keeps others' changes by filtering on the version it read: .eq('version', n))
create or replace function private.tg_chat_notes__saved()
  returns trigger
  language plpgsql set search_path = ''
as $$
begin
  new.version := old.version + 1;
  new.updated_at := now();
  new.updated_by := auth.uid();
  return new;
end;
$$;

create or replace trigger chat_notes_saved before update on public.chat_notes
  for each row when (current_user = 'authenticated')
  execute function private.tg_chat_notes__saved();
