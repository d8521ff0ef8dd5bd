-- private.clean_text: what a person typed, as the plain text we keep: NFC, no tags, no control characters, trimmed.
-- Called by  whatever stores text that people write, so that no path goes round it
-- Repeats    cleaning twice is cleaning once
--
-- Not an HTML sanitizer: "I <3 you" and "a < b && c" stay as typed. A tag is "<" directly followed by a letter,
-- "/" or "!", up to the next ">". Removing one can join the halves of another, hence the loop.
create or replace function private.clean_text(p_text text)
  returns text
  language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  v_text text := p_text;
  v_before text;
  v_is_unusual boolean := p_text !~ '^[ -~\n]*$';
begin
  if v_text is null then
    return '';
  end if;
  if v_is_unusual then
    -- C0 without tab and newline, DEL, C1.
    v_text := regexp_replace(v_text, '[\u0001-\u0008\u000B-\u001F\u007F-\u009F]', '', 'g');
  end if;
  while strpos(v_text, '<') > 0 loop
    v_before := v_text;
    v_text := regexp_replace(v_text, '<(!--.*?--|[A-Za-z/!][^<>]*)>', '', 'g');
    exit when v_text = v_before;
  end loop;
  if v_is_unusual then
    -- Last, because what was taken out may have stood between a letter and its accent.
    v_text := normalize(v_text, NFC);
  end if;
  v_text := btrim(v_text, E' \t\n\u00A0');
  -- Only characters that show nothing: blanks, joiners and marks of width zero.
  if v_is_unusual and v_text ~ '^[\s\u00AD\u200B-\u200F\u2028-\u202E\u2060-\u2064\uFEFF]*$' then
    return '';
  end if;
  return v_text;
end;
$$;
