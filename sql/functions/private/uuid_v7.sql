-- private.uuid_v7: a new id that begins with the time, so that ids made one after another lie together in an index.
-- Called by  send_user_message, send_operator_message, tg_messages__written_by_operator
-- Not the default of messages.id: a default is evaluated as whoever inserts, and browsers may execute nothing of this schema
-- but what policies need.
-- Layout: RFC 9562, section 5.7: 48 bits of milliseconds, the version, random bits. PostgreSQL has one from version 18.
create or replace function private.uuid_v7()
  returns uuid
  language plpgsql volatile parallel safe set search_path = ''
as $$
declare
  v_milliseconds bigint := extract(epoch from clock_timestamp()) * 1000;
  v_bytes bytea := overlay(uuid_send(gen_random_uuid()) placing substring(int8send(v_milliseconds) from 3) from 1 for 6);
begin
  -- From version 4 (0100) to 7 (0111).
  return encode(set_bit(set_bit(v_bytes, 52, 1), 53, 1), 'hex')::uuid;
end;
$$;
