-- private.notify: tell the subscribers of a private Realtime topic. Never fails the write it tells of.
-- Called by  functions and triggers that change what somebody watches
-- Runs as    owner: realtime.send runs as its caller and would lose the message for want of a right
create or replace function private.notify(p_topic text, p_event text, p_payload jsonb)
  returns void
  language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform realtime.send(p_payload, p_event, p_topic, true);
exception
  when others then
    -- Realtime is a hint, the table is the truth: a client that missed it asks for what is after its last seq.
    raise warning 'notification % on % was not sent: %', p_event, p_topic, sqlerrm;
end;
$$;
