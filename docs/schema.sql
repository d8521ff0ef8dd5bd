--
-- PostgreSQL database dump
--

--
-- Name: private; Type: SCHEMA; Schema: -; Owner: postgres
--

CREATE SCHEMA private;

ALTER SCHEMA private OWNER TO postgres;

--
-- Name: public; Type: SCHEMA; Schema: -; Owner: pg_database_owner
--

CREATE SCHEMA public;

ALTER SCHEMA public OWNER TO pg_database_owner;

--
-- Name: SCHEMA public; Type: COMMENT; Schema: -; Owner: pg_database_owner
--

COMMENT ON SCHEMA public IS 'standard public schema';

--
-- Name: transactions; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.transactions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    real_user_id uuid,
    package_id text NOT NULL,
    amount_minor bigint NOT NULL,
    amount numeric(10,2) GENERATED ALWAYS AS (((amount_minor)::numeric / 100.0)) STORED NOT NULL,
    currency text NOT NULL,
    credits_purchased integer NOT NULL,
    paystack_reference text NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    channel text,
    failure_reason text,
    credits_reversed integer DEFAULT 0 NOT NULL,
    credits_shortfall integer DEFAULT 0 NOT NULL,
    provider_payload jsonb,
    checks integer DEFAULT 0 NOT NULL,
    next_check_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    completed_at timestamp with time zone,
    CONSTRAINT transactions_amount_minor_check CHECK ((amount_minor > 0)),
    CONSTRAINT transactions_credits_purchased_check CHECK ((credits_purchased > 0)),
    CONSTRAINT transactions_credits_reversed_check CHECK ((credits_reversed >= 0)),
    CONSTRAINT transactions_credits_shortfall_check CHECK ((credits_shortfall >= 0)),
    CONSTRAINT transactions_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT transactions_paystack_reference_check CHECK ((paystack_reference ~ '^[A-Za-z0-9.=_-]{1,100}$'::text)),
    CONSTRAINT transactions_reversed_at_most_once CHECK (((credits_reversed + credits_shortfall) <= credits_purchased)),
    CONSTRAINT transactions_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'success'::text, 'failed'::text])))
);

ALTER TABLE public.transactions OWNER TO postgres;

--
-- Name: TABLE transactions; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON TABLE public.transactions IS 'Purchases. real_user_id becomes null when the account is deleted; the row stays.';

--
-- Name: COLUMN transactions.amount; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.transactions.amount IS 'amount_minor in major units, for people.';

--
-- Name: COLUMN transactions.credits_shortfall; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.transactions.credits_shortfall IS 'Credits that a refund or lost dispute should have taken back but that were spent.';

--
-- Name: adopt_payment(text, bigint, text, jsonb, text); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.adopt_payment(p_reference text, p_amount_minor bigint, p_currency text, p_charge jsonb, p_says text) RETURNS public.transactions
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_user_id text := private.to_json_object(p_charge -> 'metadata') ->> 'user_id';
  v_transaction public.transactions;
begin
  if p_charge is null or p_says <> 'success' or not pg_input_is_valid(coalesce(v_user_id, ''), 'uuid') then
    return null;
  end if;
  insert into public.transactions
    (real_user_id, package_id, amount_minor, currency, credits_purchased, paystack_reference)
  select u.id, p.id, p.price_minor, p.currency, p.credits, p_reference
  from public.real_users u, public.credit_packages p
  where u.id = v_user_id::uuid
    and p.is_active and p.currency = p_currency
    and p.price_minor = coalesce(private.to_bigint(p_charge ->> 'requested_amount'), p_amount_minor)
  returning * into v_transaction;
  return v_transaction;
end;
$$;

ALTER FUNCTION private.adopt_payment(p_reference text, p_amount_minor bigint, p_currency text, p_charge jsonb, p_says text) OWNER TO postgres;

--
-- Name: apply_reversals(uuid); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.apply_reversals(p_transaction_id uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_transaction public.transactions;
  v_due integer;
  v_more integer;
  v_balance integer;
  v_moved integer;
begin
  select t.* into strict v_transaction from public.transactions t where t.id = p_transaction_id for no key update;
  if v_transaction.status <> 'success' or not exists (
    select from public.credit_ledger l where l.transaction_id = p_transaction_id and l.reason = 'purchase') then
    return;
  end if;
  select floor(v_transaction.credits_purchased
      * least(coalesce(sum(r.amount_minor), 0), v_transaction.amount_minor) / v_transaction.amount_minor)::integer
  into v_due
  from public.payment_reversals r
  where r.reference = v_transaction.paystack_reference and r.state = 'done';
  v_more := v_due - v_transaction.credits_reversed - v_transaction.credits_shortfall;
  if v_more = 0 then
    return;
  end if;

  -- No row (the account is gone) is a balance of nothing.
  select u.credits into v_balance from public.real_users u
  where u.id = v_transaction.real_user_id
  for no key update;
  v_moved := case
    when v_more > 0 then least(v_more, coalesce(v_balance, 0))
    -- Undone: what was short is forgiven first, the rest comes back.
    when v_balance is null then 0
    else least(0, v_more + v_transaction.credits_shortfall) end;
  if v_moved <> 0 then
    perform private.move_credits(
      v_transaction.real_user_id, -v_moved, 'reversal', p_transaction_id => p_transaction_id);
  end if;
  update public.transactions t
  set credits_reversed = t.credits_reversed + v_moved,
      credits_shortfall = t.credits_shortfall + v_more - v_moved
  where t.id = p_transaction_id;
end;
$$;

ALTER FUNCTION private.apply_reversals(p_transaction_id uuid) OWNER TO postgres;

--
-- Name: assignment_health(); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.assignment_health() RETURNS TABLE(chat_id uuid, operator_id uuid, idle_seconds double precision, verdict text)
    LANGUAGE sql
    SET search_path TO ''
    AS $$
  select h.chat_id, h.operator_id, h.idle_seconds, h.verdict from private.held_chats h
$$;

ALTER FUNCTION private.assignment_health() OWNER TO postgres;

--
-- Name: audit(uuid, text, text, jsonb); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.audit(p_admin_id uuid, p_action text, p_target_id text, p_details jsonb DEFAULT '{}'::jsonb) RETURNS void
    LANGUAGE sql
    SET search_path TO ''
    AS $$
  insert into public.admin_audit_log (admin_id, action, target_id, details)
  values (p_admin_id, p_action, p_target_id, p_details)
$$;

ALTER FUNCTION private.audit(p_admin_id uuid, p_action text, p_target_id text, p_details jsonb) OWNER TO postgres;

--
-- Name: charge_facts(jsonb); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.charge_facts(p_charge jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$
  select jsonb_object_agg(fact.key, fact.value)
  from jsonb_each(p_charge) as fact
  where fact.key in ('id', 'domain', 'status', 'reference', 'amount', 'requested_amount', 'currency', 'channel', 'fees',
                     'gateway_response', 'message', 'paid_at', 'created_at', 'receipt_number')
$$;

ALTER FUNCTION private.charge_facts(p_charge jsonb) OWNER TO postgres;

--
-- Name: chats; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.chats (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    real_user_id uuid NOT NULL,
    fictional_user_id uuid NOT NULL,
    message_count integer DEFAULT 0 NOT NULL,
    real_message_count integer DEFAULT 0 NOT NULL,
    last_seq integer DEFAULT 0 NOT NULL,
    last_answered_seq integer DEFAULT 0 NOT NULL,
    real_last_read_seq integer DEFAULT 0 NOT NULL,
    fictional_last_read_seq integer DEFAULT 0 NOT NULL,
    last_message_at timestamp with time zone DEFAULT now() NOT NULL,
    waiting_since timestamp with time zone,
    assigned_operator_id uuid,
    assignment_time timestamp with time zone,
    idle_warned_at timestamp with time zone,
    last_answered_by uuid,
    last_released_from uuid,
    is_active boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT chats_closed_do_not_wait CHECK ((is_active OR ((waiting_since IS NULL) AND (assigned_operator_id IS NULL))))
)
WITH (fillfactor='80');

ALTER TABLE public.chats OWNER TO postgres;

--
-- Name: TABLE chats; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON TABLE public.chats IS 'One real user and one profile. The row is the lock under which seq is given.';

--
-- Name: COLUMN chats.last_answered_seq; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.chats.last_answered_seq IS 'seq of the last message an operator wrote: what comes after it is unanswered.';

--
-- Name: COLUMN chats.waiting_since; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.chats.waiting_since IS 'Since when a message of the user is unanswered: the place in the queue, kept through every reassignment.';

--
-- Name: chat_for_user(public.chats); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.chat_for_user(p_chat public.chats) RETURNS json
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
  return json_build_object(
    'id', p_chat.id,
    'real_user_id', p_chat.real_user_id,
    'fictional_user_id', p_chat.fictional_user_id,
    'message_count', p_chat.message_count,
    'real_message_count', p_chat.real_message_count,
    'free_messages_left', greatest(0, (private.settings()).free_messages - p_chat.real_message_count),
    'last_seq', p_chat.last_seq,
    'last_read_seq', p_chat.real_last_read_seq,
    'unread', (select count(*) from public.messages m
               where m.chat_id = p_chat.id and m.seq > p_chat.real_last_read_seq and m.sender_type = 'fictional'),
    'last_message_at', p_chat.last_message_at,
    'waiting_since', p_chat.waiting_since,
    'is_active', p_chat.is_active,
    'created_at', p_chat.created_at,
    'profile', (select json_build_object(
                  'id', f.id, 'name', f.name, 'age', f.age, 'location', f.location,
                  'profile_pictures', f.profile_pictures, 'is_fictional', f.is_fictional)
                from public.fictional_users f where f.id = p_chat.fictional_user_id));
end;
$$;

ALTER FUNCTION private.chat_for_user(p_chat public.chats) OWNER TO postgres;

--
-- Name: clean_message(text); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.clean_message(p_content text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO ''
    AS $$
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

ALTER FUNCTION private.clean_message(p_content text) OWNER TO postgres;

--
-- Name: clean_text(text); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.clean_text(p_text text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO ''
    AS $_$
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
$_$;

ALTER FUNCTION private.clean_text(p_text text) OWNER TO postgres;

--
-- Name: event_payload(bytea); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.event_payload(p_body bytea) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
declare
  v_payload jsonb;
begin
  v_payload := convert_from(p_body, 'UTF8')::jsonb;
  return case when jsonb_typeof(v_payload) = 'object' then v_payload end;
exception
  -- Not UTF-8, not JSON, or a \u0000 that jsonb cannot hold: the body is kept as it came, and its outcome says so.
  when data_exception or program_limit_exceeded then
    return null;
end;
$$;

ALTER FUNCTION private.event_payload(p_body bytea) OWNER TO postgres;

--
-- Name: event_reference(jsonb); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.event_reference(p_payload jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $_$
  select named.reference
  from (select coalesce(
    p_payload #>> '{data,reference}', p_payload #>> '{data,transaction_reference}', p_payload #>> '{data,transaction,reference}')
    as reference) as named
  where named.reference ~ '^[A-Za-z0-9.=_-]{1,100}$'
$_$;

ALTER FUNCTION private.event_reference(p_payload jsonb) OWNER TO postgres;

--
-- Name: free_operator_for(public.chats, boolean, uuid); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.free_operator_for(p_chat public.chats, p_in_line_only boolean, p_except uuid) RETURNS uuid
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_operator_id uuid;
begin
  if p_chat.last_answered_by is distinct from p_chat.last_released_from then
    select o.id into v_operator_id from private.free_operators o
    where o.id = p_chat.last_answered_by and o.id is distinct from p_except
      and (o.asked_at is not null or not p_in_line_only)
    for no key update skip locked;
  end if;
  if v_operator_id is null then
    select o.id into v_operator_id from private.free_operators o
    where o.id is distinct from p_chat.last_released_from and o.id is distinct from p_except
      and (o.asked_at is not null or not p_in_line_only)
    order by o.free_since, o.id
    limit 1
    for no key update skip locked;
  end if;
  if v_operator_id is null then
    select o.id into v_operator_id from private.free_operators o
    where o.id = p_chat.last_released_from and o.id is distinct from p_except
      and (o.asked_at is not null or not p_in_line_only)
    for no key update skip locked;
  end if;
  return v_operator_id;
end;
$$;

ALTER FUNCTION private.free_operator_for(p_chat public.chats, p_in_line_only boolean, p_except uuid) OWNER TO postgres;

--
-- Name: give_chat(uuid, uuid, boolean); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.give_chat(p_chat_id uuid, p_operator_id uuid, p_accepted boolean) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_now timestamptz := clock_timestamp();
begin
  update public.chats c
  set assigned_operator_id = p_operator_id, assignment_time = v_now, idle_warned_at = null, updated_at = v_now
  where c.id = p_chat_id;
  insert into public.chat_assignments (chat_id, operator_id, assigned_at, accepted_at)
  values (p_chat_id, p_operator_id, v_now, case when p_accepted then v_now end);
  insert into public.operator_activity (chat_id, operator_id, last_activity, updated_at)
  values (p_chat_id, p_operator_id, v_now, v_now)
  on conflict (chat_id, operator_id) do update set last_activity = v_now, updated_at = v_now;
  insert into public.operator_stats (operator_id, date, chats_handled)
  values (p_operator_id, (v_now at time zone 'UTC')::date, 1)
  on conflict (operator_id, date) do update set chats_handled = operator_stats.chats_handled + 1;
  update public.operators o
  set free_since = null, asked_at = null,
      last_heartbeat_at = case when p_accepted then v_now else o.last_heartbeat_at end
  where o.id = p_operator_id;
  perform private.notify('operator:' || p_operator_id, 'assigned', jsonb_build_object('chat_id', p_chat_id));
  perform private.notify('operators', 'queue_changed', '{}');
end;
$$;

ALTER FUNCTION private.give_chat(p_chat_id uuid, p_operator_id uuid, p_accepted boolean) OWNER TO postgres;

--
-- Name: is_admin(); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.is_admin() RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  return exists (select from public.admins a where a.id = auth.uid());
end;
$$;

ALTER FUNCTION private.is_admin() OWNER TO postgres;

--
-- Name: lay_down_chat(uuid, uuid, text); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.lay_down_chat(p_operator_id uuid, p_chat_id uuid, p_reason text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_holder_id uuid;
begin
  select c.assigned_operator_id into v_holder_id from public.chats c where c.id = p_chat_id for no key update;
  perform private.operator_in_good_standing(p_operator_id);
  if v_holder_id is distinct from p_operator_id then
    raise sqlstate 'PT403' using hint = 'CHAT_NOT_ASSIGNED', message = 'This chat is not assigned to you.';
  end if;
  perform private.release_chats(array[p_chat_id], array[p_reason]);
  update public.operators o set last_heartbeat_at = clock_timestamp() where o.id = p_operator_id;
end;
$$;

ALTER FUNCTION private.lay_down_chat(p_operator_id uuid, p_chat_id uuid, p_reason text) OWNER TO postgres;

--
-- Name: lock_held_chat(uuid); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.lock_held_chat(p_operator_id uuid) RETURNS uuid
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_chat_id uuid;
begin
  -- A chat that is taken from them while we wait for it is no longer found.
  select c.id into v_chat_id from public.chats c where c.assigned_operator_id = p_operator_id for no key update;
  perform from public.operators o where o.id = p_operator_id for no key update;
  if v_chat_id is distinct from (select c.id from public.chats c where c.assigned_operator_id = p_operator_id) then
    raise serialization_failure using message = 'The operator was given another chat meanwhile.', hint = 'TRY_AGAIN';
  end if;
  return v_chat_id;
end;
$$;

ALTER FUNCTION private.lock_held_chat(p_operator_id uuid) OWNER TO postgres;

--
-- Name: lock_reference(text); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.lock_reference(p_reference text) RETURNS void
    LANGUAGE sql
    SET search_path TO ''
    AS $$
  select pg_advisory_xact_lock(hashtextextended('payment:' || p_reference, 0))
$$;

ALTER FUNCTION private.lock_reference(p_reference text) OWNER TO postgres;

--
-- Name: may_listen(text); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.may_listen(p_topic text) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select case split_part(p_topic, ':', 1)
    when 'chat' then private.is_admin() or substr(p_topic, 6) in (select id::text from private.my_chat_ids() as id)
    when 'typing' then substr(p_topic, 8) in (select id::text from private.my_chat_ids() as id)
    when 'operator' then exists (
      select from public.operators o where o.id = auth.uid() and o.is_active and p_topic = 'operator:' || o.id)
    when 'operators' then p_topic = 'operators' and (private.is_admin() or exists (
      select from public.operators o where o.id = auth.uid() and o.is_active))
    else false end
$$;

ALTER FUNCTION private.may_listen(p_topic text) OWNER TO postgres;

--
-- Name: may_send(text, text); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.may_send(p_topic text, p_extension text) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select case
    when p_extension = 'broadcast' and p_topic like 'typing:%' then
      substr(p_topic, 8) in (select id::text from private.my_chat_ids() as id)
    when p_extension = 'presence' and p_topic like 'chat:%' then
      substr(p_topic, 6) in (select id::text from private.my_chat_ids() as id)
    else false end
$$;

ALTER FUNCTION private.may_send(p_topic text, p_extension text) OWNER TO postgres;

--
-- Name: messages; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.messages (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    chat_id uuid NOT NULL,
    seq integer NOT NULL,
    sender_type text NOT NULL,
    content text NOT NULL,
    client_message_id uuid,
    handled_by_operator_id uuid,
    is_free_message boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    delivered_at timestamp with time zone,
    read_at timestamp with time zone,
    refunded_at timestamp with time zone,
    answered_waiting_since timestamp with time zone,
    CONSTRAINT messages_content_check CHECK (((char_length(content) >= 1) AND (char_length(content) <= 5000))),
    CONSTRAINT messages_sender_type_check CHECK ((sender_type = ANY (ARRAY['real'::text, 'fictional'::text])))
);

ALTER TABLE public.messages OWNER TO postgres;

--
-- Name: TABLE messages; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON TABLE public.messages IS 'What was written. seq counts 1, 2, 3 … in a chat without a gap.';

--
-- Name: COLUMN messages.answered_waiting_since; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.messages.answered_waiting_since IS 'Of an answer: since when the user had been waiting. created_at minus this is the response time.';

--
-- Name: message_json(public.messages); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.message_json(p_message public.messages) RETURNS json
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
  return json_build_object(
    'id', p_message.id,
    'chat_id', p_message.chat_id,
    'seq', p_message.seq,
    'sender_type', p_message.sender_type,
    'content', p_message.content,
    'client_message_id', p_message.client_message_id,
    'is_free_message', p_message.is_free_message,
    'created_at', p_message.created_at,
    'delivered_at', p_message.delivered_at,
    'read_at', p_message.read_at,
    'refunded_at', p_message.refunded_at);
end;
$$;

ALTER FUNCTION private.message_json(p_message public.messages) OWNER TO postgres;

--
-- Name: move_credits(uuid, integer, text, uuid, uuid, uuid, uuid, text); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.move_credits(p_user_id uuid, p_delta integer, p_reason text, p_message_id uuid DEFAULT NULL::uuid, p_transaction_id uuid DEFAULT NULL::uuid, p_admin_id uuid DEFAULT NULL::uuid, p_request_id uuid DEFAULT NULL::uuid, p_note text DEFAULT NULL::text) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_balance integer;
begin
  update public.real_users u set credits = u.credits + p_delta where u.id = p_user_id
  returning u.credits into strict v_balance;
  insert into public.credit_ledger
    (user_id, delta, balance_after, reason, message_id, transaction_id, admin_id, request_id, note)
  values
    (p_user_id, p_delta, v_balance, p_reason, p_message_id, p_transaction_id, p_admin_id, p_request_id, p_note);
  return v_balance;
end;
$$;

ALTER FUNCTION private.move_credits(p_user_id uuid, p_delta integer, p_reason text, p_message_id uuid, p_transaction_id uuid, p_admin_id uuid, p_request_id uuid, p_note text) OWNER TO postgres;

--
-- Name: my_chat_id(); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.my_chat_id() RETURNS uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  return (
    select c.id
    from public.chats c
    join public.operators o on o.id = c.assigned_operator_id
    where c.assigned_operator_id = auth.uid() and o.is_active);
end;
$$;

ALTER FUNCTION private.my_chat_id() OWNER TO postgres;

--
-- Name: my_chat_ids(); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.my_chat_ids() RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  return query
    select c.id from public.chats c where c.real_user_id = private.my_user_id()
    union all
    select private.my_chat_id();
end;
$$;

ALTER FUNCTION private.my_chat_ids() OWNER TO postgres;

--
-- Name: my_user_id(); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.my_user_id() RETURNS uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  return (
    select u.id from public.real_users u where u.id = auth.uid() and u.is_active);
end;
$$;

ALTER FUNCTION private.my_user_id() OWNER TO postgres;

--
-- Name: payment_events; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.payment_events (
    id bigint NOT NULL,
    dedupe_key text NOT NULL,
    event text,
    reference text,
    signature_valid boolean NOT NULL,
    body bytea,
    body_sha256 bytea NOT NULL,
    source_ip text,
    deliveries integer DEFAULT 1 NOT NULL,
    received_at timestamp with time zone DEFAULT now() NOT NULL,
    last_received_at timestamp with time zone DEFAULT now() NOT NULL,
    handled_at timestamp with time zone,
    outcome text,
    detail text
);

ALTER TABLE public.payment_events OWNER TO postgres;

--
-- Name: TABLE payment_events; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON TABLE public.payment_events IS 'Every webhook body as it came, before anything is done about it, and what was done.';

--
-- Name: note_reversal(public.payment_events, jsonb); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.note_reversal(p_event public.payment_events, p_data jsonb) RETURNS json
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_is_dispute boolean := p_event.event like 'charge.dispute.%';
  v_amount_minor bigint := private.to_bigint(case when v_is_dispute then p_data ->> 'refund_amount' else p_data ->> 'amount' end);
  v_key text := case when v_is_dispute then 'dispute:' || (p_data ->> 'id')
    else 'refund:' || coalesce(p_data ->> 'refund_reference', p_data ->> 'id', p_event.dedupe_key) end;
  v_state text := case p_event.event
    when 'refund.processed' then 'done'
    when 'refund.failed' then 'undone'
    when 'refund.pending' then 'open'
    when 'refund.processing' then 'open'
    when 'refund.needs-attention' then 'open'
    when 'charge.dispute.create' then 'open'
    when 'charge.dispute.remind' then 'open'
    when 'charge.dispute.resolve' then
      case when p_data ->> 'resolution' in ('merchant-accepted', 'auto-accepted')
        or p_data #>> '{transaction,status}' = 'reversed' then 'done' else 'undone' end
  end;
begin
  if v_state is null or v_key is null or v_amount_minor is null or v_amount_minor = 0 then
    return null;
  end if;
  return public.reverse_payment(
    p_event.reference, v_key, case when v_is_dispute then 'dispute' else 'refund' end, v_amount_minor, v_state);
end;
$$;

ALTER FUNCTION private.note_reversal(p_event public.payment_events, p_data jsonb) OWNER TO postgres;

--
-- Name: notify(text, text, jsonb); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.notify(p_topic text, p_event text, p_payload jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform realtime.send(p_payload, p_event, p_topic, true);
exception
  when others then
    -- Realtime is a hint, the table is the truth: a client that missed it asks for what is after its last seq.
    raise warning 'notification % on % was not sent: %', p_event, p_topic, sqlerrm;
end;
$$;

ALTER FUNCTION private.notify(p_topic text, p_event text, p_payload jsonb) OWNER TO postgres;

--
-- Name: notify_each(text[], text, jsonb[]); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.notify_each(p_topics text[], p_event text, p_payloads jsonb[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  insert into realtime.messages (id, payload, event, topic, private, extension)
  select n.id, jsonb_build_object('id', n.id) || n.payload, p_event, n.topic, true, 'broadcast'
  from (
    select gen_random_uuid() as id, told.topic, told.payload
    from unnest(p_topics, p_payloads) as told (topic, payload)
  ) as n;
exception
  when others then
    raise warning '% notifications of % are sent one by one: %', cardinality(p_topics), p_event, sqlerrm;
    perform private.notify(told.topic, p_event, told.payload)
    from unnest(p_topics, p_payloads) as told (topic, payload);
end;
$$;

ALTER FUNCTION private.notify_each(p_topics text[], p_event text, p_payloads jsonb[]) OWNER TO postgres;

--
-- Name: offer_chat(uuid, boolean, uuid); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.offer_chat(p_chat_id uuid, p_in_line_only boolean DEFAULT false, p_except uuid DEFAULT NULL::uuid) RETURNS uuid
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_chat public.chats;
  v_operator_id uuid;
begin
  select c.* into strict v_chat from public.chats c where c.id = p_chat_id;
  if v_chat.waiting_since is null or v_chat.assigned_operator_id is not null then
    return null;
  end if;
  v_operator_id := private.free_operator_for(v_chat, p_in_line_only, p_except);
  if v_operator_id is not null then
    perform private.give_chat(p_chat_id, v_operator_id, p_accepted => false);
  end if;
  return v_operator_id;
end;
$$;

ALTER FUNCTION private.offer_chat(p_chat_id uuid, p_in_line_only boolean, p_except uuid) OWNER TO postgres;

--
-- Name: operator_chat_json(uuid); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.operator_chat_json(p_chat_id uuid) RETURNS json
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
  return (
    select json_build_object(
      'id', c.id,
      'real_user_id', c.real_user_id,
      'fictional_user_id', c.fictional_user_id,
      'message_count', c.message_count,
      'last_seq', c.last_seq,
      'last_read_seq', c.fictional_last_read_seq,
      'user_read_seq', c.real_last_read_seq,
      'last_message_at', c.last_message_at,
      'waiting_since', c.waiting_since,
      'assigned_operator_id', c.assigned_operator_id,
      'assignment_time', c.assignment_time,
      'is_active', c.is_active,
      'created_at', c.created_at,
      'user', json_build_object(
        'id', u.id, 'display_name', u.display_name, 'location', u.location, 'gender', u.gender,
        'looking_for', u.looking_for, 'age', u.age, 'profile_picture', u.profile_picture, 'member_since', u.created_at),
      'profile', private.profile_json(f),
      'notes', (select json_build_object(
                  'real_profile_notes', n.real_profile_notes, 'fictional_profile_notes', n.fictional_profile_notes,
                  'version', n.version, 'updated_at', n.updated_at)
                from public.chat_notes n where n.chat_id = c.id),
      'messages', coalesce((select json_agg(private.message_json(m) order by m.seq)
                            from public.messages m where m.chat_id = c.id and m.seq > c.last_seq - 50), '[]'))
    from public.chats c
    join public.real_users u on u.id = c.real_user_id
    join public.fictional_users f on f.id = c.fictional_user_id
    where c.id = p_chat_id);
end;
$$;

ALTER FUNCTION private.operator_chat_json(p_chat_id uuid) OWNER TO postgres;

--
-- Name: operators; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.operators (
    id uuid NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    is_available boolean DEFAULT false NOT NULL,
    unavailable_reason text,
    last_activity timestamp with time zone DEFAULT now() NOT NULL,
    last_heartbeat_at timestamp with time zone,
    free_since timestamp with time zone,
    asked_at timestamp with time zone,
    idle_releases integer DEFAULT 0 NOT NULL,
    total_messages integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    created_by uuid,
    CONSTRAINT operators_available_are_active CHECK ((is_active OR (NOT is_available))),
    CONSTRAINT operators_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 100)))
)
WITH (fillfactor='70');

ALTER TABLE public.operators OWNER TO postgres;

--
-- Name: TABLE operators; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON TABLE public.operators IS 'The people who write for profiles.';

--
-- Name: COLUMN operators.free_since; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.operators.free_since IS 'Since when available without a chat; null otherwise. Fairness: the longest free is served first.';

--
-- Name: COLUMN operators.asked_at; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.operators.asked_at IS 'When they asked for a chat and none was waiting: they are in line, and the next waiting message is given to them at once.';

--
-- Name: COLUMN operators.idle_releases; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.operators.idle_releases IS 'Chats taken from them for idling since they last answered or came back.';

--
-- Name: operator_in_good_standing(uuid); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.operator_in_good_standing(p_operator_id uuid) RETURNS public.operators
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_operator public.operators;
begin
  select o.* into v_operator from public.operators o where o.id = p_operator_id for no key update;
  if not found then
    raise sqlstate 'PT403' using hint = 'NOT_AN_OPERATOR', message = 'Only operators may do this.';
  elsif not v_operator.is_active then
    raise sqlstate 'PT403' using hint = 'OPERATOR_INACTIVE', message = 'This operator account has been deactivated.';
  end if;
  return v_operator;
end;
$$;

ALTER FUNCTION private.operator_in_good_standing(p_operator_id uuid) OWNER TO postgres;

--
-- Name: operator_turn(uuid, uuid); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.operator_turn(p_operator_id uuid, p_chat_id uuid, OUT seq integer, OUT answered_waiting_since timestamp with time zone, OUT written_at timestamp with time zone) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_chat public.chats;
begin
  select c.* into v_chat from public.chats c where c.id = p_chat_id for no key update;
  perform private.operator_in_good_standing(p_operator_id);
  -- An unknown chat and somebody else's get one answer.
  if v_chat.assigned_operator_id is distinct from p_operator_id then
    raise sqlstate 'PT403' using hint = 'CHAT_NOT_ASSIGNED', message = 'This chat is not assigned to you.';
  end if;

  written_at := clock_timestamp();
  seq := v_chat.last_seq + 1;
  answered_waiting_since := v_chat.waiting_since;

  -- An answer after the time allowed does not undo that the user is owed the credit.
  if v_chat.waiting_since is not null then
    perform private.refund_unanswered(p_chat_id);
  end if;

  update public.chats c
  set last_seq = c.last_seq + 1, message_count = c.message_count + 1, last_answered_seq = c.last_seq + 1,
      last_message_at = written_at, waiting_since = null, idle_warned_at = null,
      last_answered_by = p_operator_id, updated_at = written_at
  where c.id = p_chat_id;
  update public.chat_assignments a
  set messages_sent = a.messages_sent + 1,
      first_response_at = coalesce(a.first_response_at, written_at),
      accepted_at = coalesce(a.accepted_at, written_at)
  where a.chat_id = p_chat_id and a.released_at is null;
  update public.operators o
  set total_messages = o.total_messages + 1, last_activity = written_at, last_heartbeat_at = written_at, idle_releases = 0
  where o.id = p_operator_id;
  update public.operator_activity a
  set last_activity = written_at, updated_at = written_at
  where a.chat_id = p_chat_id and a.operator_id = p_operator_id;
  insert into public.operator_stats (operator_id, date, messages_sent)
  values (p_operator_id, (written_at at time zone 'UTC')::date, 1)
  on conflict (operator_id, date) do update set messages_sent = operator_stats.messages_sent + 1;
end;
$$;

ALTER FUNCTION private.operator_turn(p_operator_id uuid, p_chat_id uuid, OUT seq integer, OUT answered_waiting_since timestamp with time zone, OUT written_at timestamp with time zone) OWNER TO postgres;

--
-- Name: payment_json(uuid, integer); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.payment_json(p_transaction_id uuid, p_granted integer) RETURNS json
    LANGUAGE sql
    SET search_path TO ''
    AS $$
  select json_build_object(
    'reference', t.paystack_reference,
    'status', t.status,
    'granted', p_granted,
    'credits', (select u.credits from public.real_users u where u.id = t.real_user_id),
    'reason', t.failure_reason,
    'credits_purchased', t.credits_purchased,
    'amount_minor', t.amount_minor,
    'currency', t.currency)
  from public.transactions t
  where t.id = p_transaction_id
$$;

ALTER FUNCTION private.payment_json(p_transaction_id uuid, p_granted integer) OWNER TO postgres;

--
-- Name: fictional_users; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.fictional_users (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    age integer NOT NULL,
    gender text NOT NULL,
    location text NOT NULL,
    bio text,
    profile_pictures text[] DEFAULT '{}'::text[] NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    is_fictional boolean GENERATED ALWAYS AS (true) STORED NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    created_by uuid,
    CONSTRAINT fictional_users_age_check CHECK (((age >= 18) AND (age <= 100))),
    CONSTRAINT fictional_users_bio_check CHECK ((char_length(bio) <= 2000)),
    CONSTRAINT fictional_users_gender_check CHECK ((gender = ANY (ARRAY['male'::text, 'female'::text]))),
    CONSTRAINT fictional_users_location_check CHECK (((char_length(location) >= 1) AND (char_length(location) <= 100))),
    CONSTRAINT fictional_users_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 50))),
    CONSTRAINT fictional_users_profile_pictures_check CHECK ((cardinality(profile_pictures) <= 10))
);

ALTER TABLE public.fictional_users OWNER TO postgres;

--
-- Name: TABLE fictional_users; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON TABLE public.fictional_users IS 'The profiles. None of these people exists, and is_fictional says so wherever a row is served.';

--
-- Name: profile_json(public.fictional_users); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.profile_json(p_profile public.fictional_users) RETURNS json
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
  return json_build_object(
    'id', p_profile.id,
    'name', p_profile.name,
    'age', p_profile.age,
    'gender', p_profile.gender,
    'location', p_profile.location,
    'bio', p_profile.bio,
    'profile_pictures', p_profile.profile_pictures,
    'is_active', p_profile.is_active,
    'is_fictional', p_profile.is_fictional,
    'created_at', p_profile.created_at);
end;
$$;

ALTER FUNCTION private.profile_json(p_profile public.fictional_users) OWNER TO postgres;

--
-- Name: refund_unanswered(uuid, boolean); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.refund_unanswered(p_chat_id uuid, p_overdue_only boolean DEFAULT true) RETURNS SETOF uuid
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_user_id uuid;
  v_message_id uuid;
begin
  for v_user_id, v_message_id in
    update public.messages m
    set refunded_at = clock_timestamp()
    from public.chats c, public.app_settings s
    where c.id = p_chat_id
      and m.chat_id = c.id
      and m.seq > c.last_answered_seq
      and m.sender_type = 'real'
      and not m.is_free_message
      and m.refunded_at is null
      and (not p_overdue_only
        or m.created_at <= clock_timestamp() - s.unanswered_refund_seconds * interval '1 second')
    returning c.real_user_id, m.id
  loop
    perform private.move_credits(v_user_id, 1, 'unanswered', p_message_id => v_message_id);
    return next v_message_id;
  end loop;
end;
$$;

ALTER FUNCTION private.refund_unanswered(p_chat_id uuid, p_overdue_only boolean) OWNER TO postgres;

--
-- Name: release_chats(uuid[], text[]); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.release_chats(p_chat_ids uuid[], p_reasons text[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_now timestamptz := clock_timestamp();
  v_operator_ids uuid[];
  v_held_ids uuid[];
  v_held_reasons text[];
begin
  select array_agg(c.id), array_agg(c.assigned_operator_id), array_agg(r.reason)
  into v_held_ids, v_operator_ids, v_held_reasons
  from unnest(p_chat_ids, p_reasons) as r (chat_id, reason)
  join public.chats c on c.id = r.chat_id
  where c.assigned_operator_id is not null;
  if v_held_ids is null then
    return;
  end if;

  -- Whoever finished with a chat may well have its next message; whoever left it undone comes last.
  update public.chats c
  set last_released_from = case when r.reason <> 'completed' or c.waiting_since is not null then c.assigned_operator_id end,
      assigned_operator_id = null, assignment_time = null, idle_warned_at = null, updated_at = v_now
  from unnest(v_held_ids, v_held_reasons) as r (chat_id, reason)
  where c.id = r.chat_id;

  -- The operator: free again, or off when the app is gone or chats were held asleep too often.
  with judged as (
    select r.operator_id, r.reason,
      case
        when r.reason = 'operator_lost' then 'operator_lost'
        when r.reason in ('idle_timeout', 'answer_timeout') and o.idle_releases + 1 >= s.idle_releases_before_pause then 'paused'
      end as off_reason
    from unnest(v_operator_ids, v_held_reasons) as r (operator_id, reason)
    join public.operators o on o.id = r.operator_id
    cross join public.app_settings s
  ), changed as (
    update public.operators o
    set idle_releases = o.idle_releases + (j.reason in ('idle_timeout', 'answer_timeout'))::integer,
        is_available = o.is_available and j.off_reason is null,
        unavailable_reason = coalesce(j.off_reason, o.unavailable_reason),
        free_since = case when o.is_available and j.off_reason is null then v_now end,
        asked_at = null
    from judged j
    where o.id = j.operator_id
    returning o.id, j.off_reason
  )
  update public.operator_availability v
  set ended_at = v_now, end_reason = c.off_reason
  from changed c
  where v.operator_id = c.id and v.ended_at is null and c.off_reason is not null;

  -- Not before the operator is ours: to pick a chat up, an operator locks themselves and then this row.
  update public.chat_assignments a
  set released_at = v_now, release_reason = r.reason
  from unnest(v_held_ids, v_held_reasons) as r (chat_id, reason)
  where a.chat_id = r.chat_id and a.released_at is null;

  perform private.notify_each(
    array_agg('operator:' || r.operator_id),
    'released',
    array_agg(jsonb_build_object('chat_id', r.chat_id, 'reason', r.reason, 'released_at', v_now)))
  from unnest(v_operator_ids, v_held_ids, v_held_reasons) as r (operator_id, chat_id, reason);
  perform private.notify('operators', 'queue_changed', '{}');
end;
$$;

ALTER FUNCTION private.release_chats(p_chat_ids uuid[], p_reasons text[]) OWNER TO postgres;

--
-- Name: require_admin(uuid); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.require_admin(p_admin_id uuid) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
  if not exists (select from public.admins a where a.id = p_admin_id) then
    raise sqlstate 'PT403' using hint = 'NOT_AN_ADMIN', message = 'Only admins may do this.';
  end if;
end;
$$;

ALTER FUNCTION private.require_admin(p_admin_id uuid) OWNER TO postgres;

--
-- Name: require_page_size(integer); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.require_page_size(p_limit integer) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
  if p_limit is null or p_limit not between 1 and 200 then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'A page has 1 to 200 rows.';
  end if;
end;
$$;

ALTER FUNCTION private.require_page_size(p_limit integer) OWNER TO postgres;

--
-- Name: require_real_user(uuid); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.require_real_user(p_user_id uuid) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
  v_is_active boolean;
begin
  select u.is_active into v_is_active from public.real_users u where u.id = p_user_id;
  if not found then
    raise sqlstate 'PT403' using hint = 'NOT_A_REAL_USER', message = 'Only users who chat may do this.';
  elsif not v_is_active then
    raise sqlstate 'PT403' using hint = 'ACCOUNT_SUSPENDED', message = 'This account has been suspended.';
  end if;
end;
$$;

ALTER FUNCTION private.require_real_user(p_user_id uuid) OWNER TO postgres;

--
-- Name: require_staff_account(uuid, text, text); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.require_staff_account(p_user_id uuid, p_name text, p_email text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $_$
begin
  if coalesce(char_length(p_name), 0) not between 1 and 100 or coalesce(p_email, '') !~ '^[^@\s]+@[^@\s]+$' then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'Staff have a name of 1 to 100 characters and an e-mail address.';
  elsif not exists (select from auth.users u where u.id = p_user_id) then
    raise sqlstate 'PT404' using hint = 'USER_NOT_FOUND', message = 'There is no such Auth user.';
  elsif exists (select from public.real_users r where r.id = p_user_id) then
    raise sqlstate 'PT409' using hint = 'HAS_ANOTHER_ROLE', message = 'This account is a user who chats.';
  end if;
end;
$_$;

ALTER FUNCTION private.require_staff_account(p_user_id uuid, p_name text, p_email text) OWNER TO postgres;

--
-- Name: app_settings; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.app_settings (
    id boolean DEFAULT true NOT NULL,
    free_messages integer DEFAULT 3 NOT NULL,
    messages_per_minute integer DEFAULT 30 NOT NULL,
    idle_warning_seconds integer DEFAULT 240 NOT NULL,
    idle_release_seconds integer DEFAULT 300 NOT NULL,
    lost_operator_seconds integer DEFAULT 90 NOT NULL,
    answer_within_seconds integer DEFAULT 600 NOT NULL,
    idle_releases_before_pause integer DEFAULT 2 NOT NULL,
    unanswered_refund_seconds integer DEFAULT 86400 NOT NULL,
    email_domain text DEFAULT 'fantooo.com'::text NOT NULL,
    disclosure_version text DEFAULT '1'::text NOT NULL,
    disclosure_text text DEFAULT 'The profiles on Fantooo are fictional. The people they show do not exist: what a profile writes is written by our operators. Chats are for entertainment, and you will not meet a profile in person.'::text NOT NULL,
    currency text DEFAULT 'KES'::text NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT app_settings_answer_within_seconds_check CHECK (((answer_within_seconds >= 2) AND (answer_within_seconds <= 86400))),
    CONSTRAINT app_settings_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT app_settings_disclosure_text_check CHECK (((char_length(disclosure_text) >= 20) AND (char_length(disclosure_text) <= 5000))),
    CONSTRAINT app_settings_disclosure_version_check CHECK ((disclosure_version ~ '^[A-Za-z0-9._-]{1,40}$'::text)),
    CONSTRAINT app_settings_email_domain_check CHECK ((email_domain ~ '^[a-z0-9-]+(\.[a-z0-9-]+)+$'::text)),
    CONSTRAINT app_settings_free_messages_check CHECK (((free_messages >= 0) AND (free_messages <= 100))),
    CONSTRAINT app_settings_id_check CHECK (id),
    CONSTRAINT app_settings_idle_release_seconds_check CHECK (((idle_release_seconds >= 2) AND (idle_release_seconds <= 7200))),
    CONSTRAINT app_settings_idle_releases_before_pause_check CHECK (((idle_releases_before_pause >= 1) AND (idle_releases_before_pause <= 100))),
    CONSTRAINT app_settings_idle_warning_seconds_check CHECK (((idle_warning_seconds >= 1) AND (idle_warning_seconds <= 3600))),
    CONSTRAINT app_settings_lost_operator_seconds_check CHECK (((lost_operator_seconds >= 2) AND (lost_operator_seconds <= 3600))),
    CONSTRAINT app_settings_messages_per_minute_check CHECK (((messages_per_minute >= 1) AND (messages_per_minute <= 600))),
    CONSTRAINT app_settings_unanswered_refund_seconds_check CHECK (((unanswered_refund_seconds >= 60) AND (unanswered_refund_seconds <= 2592000))),
    CONSTRAINT app_settings_warning_before_release CHECK ((idle_warning_seconds < idle_release_seconds))
);

ALTER TABLE public.app_settings OWNER TO postgres;

--
-- Name: TABLE app_settings; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON TABLE public.app_settings IS 'One row: the rules an admin may change. Functions read it on every call.';

--
-- Name: settings(); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.settings() RETURNS public.app_settings
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_settings public.app_settings;
begin
  select s.* into strict v_settings from public.app_settings s;
  return v_settings;
end;
$$;

ALTER FUNCTION private.settings() OWNER TO postgres;

--
-- Name: stop_waiting(uuid, text); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.stop_waiting(p_chat_id uuid, p_reason text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  perform private.release_chats(array[p_chat_id], array[p_reason]);
  perform private.refund_unanswered(p_chat_id, p_overdue_only => false);
  update public.chats c
  set waiting_since = null, last_answered_seq = c.last_seq
  where c.id = p_chat_id and c.waiting_since is not null;
end;
$$;

ALTER FUNCTION private.stop_waiting(p_chat_id uuid, p_reason text) OWNER TO postgres;

--
-- Name: take_off_duty(uuid, text); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.take_off_duty(p_operator_id uuid, p_reason text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  update public.operators o
  set is_available = false, unavailable_reason = p_reason, free_since = null, asked_at = null
  where o.id = p_operator_id;
  update public.operator_availability v
  set ended_at = clock_timestamp(), end_reason = p_reason
  where v.operator_id = p_operator_id and v.ended_at is null;
end;
$$;

ALTER FUNCTION private.take_off_duty(p_operator_id uuid, p_reason text) OWNER TO postgres;

--
-- Name: tg_app_settings__updated(); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.tg_app_settings__updated() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_changes jsonb;
begin
  select jsonb_object_agg(n.key, n.value) into v_changes
  from jsonb_each(to_jsonb(new)) as n
  where n.value is distinct from to_jsonb(old) -> n.key;
  if v_changes is not null then
    new.updated_at := now();
    perform private.audit(
      coalesce(auth.uid(), nullif(current_setting('fantooo.admin_id', true), '')::uuid),
      'update_settings', null, v_changes);
  end if;
  return new;
end;
$$;

ALTER FUNCTION private.tg_app_settings__updated() OWNER TO postgres;

--
-- Name: tg_append_only(); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.tg_append_only() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  raise sqlstate 'PT403' using hint = 'APPEND_ONLY',
    message = format('%s is append-only: a mistake is put right by another row.', tg_table_name);
end;
$$;

ALTER FUNCTION private.tg_append_only() OWNER TO postgres;

--
-- Name: tg_chat_notes__saved(); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.tg_chat_notes__saved() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  new.version := old.version + 1;
  new.updated_at := now();
  new.updated_by := auth.uid();
  return new;
end;
$$;

ALTER FUNCTION private.tg_chat_notes__saved() OWNER TO postgres;

--
-- Name: tg_chats__keep_queue(); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.tg_chats__keep_queue() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  if new.waiting_since is not null and new.assigned_operator_id is null then
    insert into private.chat_queue (chat_id, waiting_since) values (new.id, new.waiting_since)
    on conflict (chat_id) do update set waiting_since = excluded.waiting_since;
  else
    delete from private.chat_queue q where q.chat_id = new.id;
  end if;
  return null;
end;
$$;

ALTER FUNCTION private.tg_chats__keep_queue() OWNER TO postgres;

--
-- Name: tg_credit_ledger__matches_credits(); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.tg_credit_ledger__matches_credits() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  if new.balance_after <> new.delta + coalesce((
      select l.balance_after from public.credit_ledger l
      where l.user_id = new.user_id and l.id < new.id
      order by l.id desc limit 1), 0)
    or (select u.credits from public.real_users u where u.id = new.user_id) <> (
      select l.balance_after from public.credit_ledger l where l.user_id = new.user_id order by l.id desc limit 1) then
    raise sqlstate 'PT500' using hint = 'LEDGER_MISMATCH',
      message = 'credits change only together with a credit_ledger row.';
  end if;
  return null;
end;
$$;

ALTER FUNCTION private.tg_credit_ledger__matches_credits() OWNER TO postgres;

--
-- Name: tg_messages__broadcast(); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.tg_messages__broadcast() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_message jsonb := private.message_json(new)::jsonb;
  v_operator_id uuid;
begin
  if new.sender_type = 'fictional' then
    perform private.notify('chat:' || new.chat_id, 'message', jsonb_build_object('message', v_message));
  else
    perform private.notify('chat:' || new.chat_id, 'message', jsonb_build_object('message', v_message - 'content'));
    select c.assigned_operator_id into v_operator_id from public.chats c where c.id = new.chat_id;
    if v_operator_id is not null then
      perform private.notify('operator:' || v_operator_id, 'message', jsonb_build_object('message', v_message));
    end if;
  end if;
  return null;
end;
$$;

ALTER FUNCTION private.tg_messages__broadcast() OWNER TO postgres;

--
-- Name: tg_messages__written_by_operator(); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.tg_messages__written_by_operator() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_turn record;
begin
  new.content := private.clean_message(new.content);
  v_turn := private.operator_turn(auth.uid(), new.chat_id);
  new.id := private.uuid_v7();
  new.seq := v_turn.seq;
  new.sender_type := 'fictional';
  new.handled_by_operator_id := auth.uid();
  new.is_free_message := false;
  new.created_at := v_turn.written_at;
  new.answered_waiting_since := v_turn.answered_waiting_since;
  new.delivered_at := null;
  new.read_at := null;
  new.refunded_at := null;
  return new;
end;
$$;

ALTER FUNCTION private.tg_messages__written_by_operator() OWNER TO postgres;

--
-- Name: tg_real_users__credits_match_ledger(); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.tg_real_users__credits_match_ledger() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  if exists (
    select from public.real_users u
    where u.id = new.id
      and u.credits <> coalesce((
        select l.balance_after from public.credit_ledger l where l.user_id = new.id order by l.id desc limit 1), 0)) then
    raise sqlstate 'PT500' using hint = 'LEDGER_MISMATCH',
      message = 'credits change only together with a credit_ledger row.';
  end if;
  return null;
end;
$$;

ALTER FUNCTION private.tg_real_users__credits_match_ledger() OWNER TO postgres;

--
-- Name: tg_real_users__updated(); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.tg_real_users__updated() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  new.display_name := private.clean_text(new.display_name);
  new.location := private.clean_text(new.location);
  new.updated_at := now();
  return new;
end;
$$;

ALTER FUNCTION private.tg_real_users__updated() OWNER TO postgres;

--
-- Name: to_bigint(text); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.to_bigint(p_text text) RETURNS bigint
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $_$
  select case when p_text ~ '^[0-9]{1,18}$' then p_text::bigint end
$_$;

ALTER FUNCTION private.to_bigint(p_text text) OWNER TO postgres;

--
-- Name: to_json_object(jsonb); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.to_json_object(p_value jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$
  select case
    when jsonb_typeof(p_value) = 'object' then p_value
    when jsonb_typeof(p_value) = 'string'
      and pg_input_is_valid(p_value #>> '{}', 'jsonb')
      and jsonb_typeof((p_value #>> '{}')::jsonb) = 'object' then (p_value #>> '{}')::jsonb
    else '{}'::jsonb end
$$;

ALTER FUNCTION private.to_json_object(p_value jsonb) OWNER TO postgres;

--
-- Name: uuid_v7(); Type: FUNCTION; Schema: private; Owner: postgres
--

CREATE FUNCTION private.uuid_v7() RETURNS uuid
    LANGUAGE plpgsql PARALLEL SAFE
    SET search_path TO ''
    AS $$
declare
  v_milliseconds bigint := extract(epoch from clock_timestamp()) * 1000;
  v_bytes bytea := overlay(uuid_send(gen_random_uuid()) placing substring(int8send(v_milliseconds) from 3) from 1 for 6);
begin
  -- From version 4 (0100) to 7 (0111).
  return encode(set_bit(set_bit(v_bytes, 52, 1), 53, 1), 'hex')::uuid;
end;
$$;

ALTER FUNCTION private.uuid_v7() OWNER TO postgres;

--
-- Name: accept_disclosure(text); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.accept_disclosure(p_version text) RETURNS timestamp with time zone
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_accepted_at timestamptz;
begin
  if p_version is distinct from (private.settings()).disclosure_version then
    raise sqlstate 'PT409' using hint = 'DISCLOSURE_OUTDATED',
      message = 'This is not the current text. Please read it again.';
  end if;
  update public.real_users u
  set disclosure_accepted_at = case when u.disclosure_version = p_version then u.disclosure_accepted_at else now() end,
      disclosure_version = p_version
  where u.id = auth.uid() and u.is_active
  returning u.disclosure_accepted_at into v_accepted_at;
  if not found then
    raise sqlstate 'PT403' using hint = 'NOT_A_REAL_USER', message = 'Only users who chat may do this.';
  end if;
  return v_accepted_at;
end;
$$;

ALTER FUNCTION public.accept_disclosure(p_version text) OWNER TO postgres;

--
-- Name: adjust_credits(uuid, uuid, integer, text, uuid); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.adjust_credits(p_admin_id uuid, p_user_id uuid, p_delta integer, p_note text, p_request_id uuid DEFAULT NULL::uuid) RETURNS json
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_note text := private.clean_text(p_note);
  v_credits integer;
  v_entry public.credit_ledger;
begin
  perform private.require_admin(p_admin_id);
  if p_delta is null or p_delta = 0 or p_delta not between -1000000 and 1000000
    or char_length(v_note) not between 1 and 1000 then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT',
      message = 'An adjustment has a number of credits (at most a million, not zero) and a note of 1 to 1000 characters.';
  end if;
  select u.credits into v_credits from public.real_users u where u.id = p_user_id for no key update;
  if not found then
    raise sqlstate 'PT404' using hint = 'USER_NOT_FOUND', message = 'There is no such user.';
  end if;
  select l.* into v_entry from public.credit_ledger l where l.request_id = p_request_id;
  if found and (v_entry.user_id, v_entry.delta) is distinct from (p_user_id, p_delta) then
    raise sqlstate 'PT409' using hint = 'IDEMPOTENCY_CONFLICT',
      message = 'This request id was already used for another adjustment.';
  elsif found then
    return json_build_object('user_id', p_user_id, 'credits', v_credits, 'repeated', true);
  elsif v_credits::bigint + p_delta < 0 then
    raise sqlstate 'PT409' using hint = 'BALANCE_TOO_LOW',
      message = format('The user has %s credits: no more can be taken.', v_credits);
  end if;
  v_credits := private.move_credits(p_user_id, p_delta, 'adjustment', p_admin_id => p_admin_id,
    p_request_id => coalesce(p_request_id, gen_random_uuid()), p_note => v_note);
  perform private.audit(p_admin_id, 'adjust_credits', p_user_id::text,
    jsonb_build_object('delta', p_delta, 'note', v_note));
  return json_build_object('user_id', p_user_id, 'credits', v_credits, 'repeated', false);
end;
$$;

ALTER FUNCTION public.adjust_credits(p_admin_id uuid, p_user_id uuid, p_delta integer, p_note text, p_request_id uuid) OWNER TO postgres;

--
-- Name: admin_list_audit(uuid, jsonb, bigint, integer); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.admin_list_audit(p_admin_id uuid, p_filters jsonb DEFAULT '{}'::jsonb, p_before bigint DEFAULT NULL::bigint, p_limit integer DEFAULT 50) RETURNS json
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform private.require_admin(p_admin_id);
  perform private.require_page_size(p_limit);
  return (
    select json_build_object('entries', coalesce(json_agg(page order by page.id desc), '[]'))
    from (
      select l.* from public.admin_audit_log l
      where (p_before is null or l.id < p_before)
        and (p_filters ->> 'admin_id' is null or l.admin_id = (p_filters ->> 'admin_id')::uuid)
        and (p_filters ->> 'action' is null or l.action = p_filters ->> 'action')
        and (p_filters ->> 'target_id' is null or l.target_id = p_filters ->> 'target_id')
      order by l.id desc
      limit p_limit
    ) as page);
exception
  when data_exception then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'A filter has a value that it cannot have.';
end;
$$;

ALTER FUNCTION public.admin_list_audit(p_admin_id uuid, p_filters jsonb, p_before bigint, p_limit integer) OWNER TO postgres;

--
-- Name: admin_list_chats(uuid, jsonb, timestamp with time zone, integer); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.admin_list_chats(p_admin_id uuid, p_filters jsonb DEFAULT '{}'::jsonb, p_before timestamp with time zone DEFAULT NULL::timestamp with time zone, p_limit integer DEFAULT 50) RETURNS json
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform private.require_admin(p_admin_id);
  perform private.require_page_size(p_limit);
  return (
    select json_build_object('chats', coalesce(json_agg(
      to_jsonb(page) || jsonb_build_object(
        'user_name', u.name, 'profile_name', f.name, 'operator_name', o.name)
      order by page.last_message_at desc, page.id), '[]'))
    from (
      select c.* from public.chats c
      where (p_before is null or c.last_message_at < p_before)
        and (p_filters ->> 'is_active' is null or c.is_active = (p_filters ->> 'is_active')::boolean)
        and (p_filters ->> 'waiting' is null or (c.waiting_since is not null) = (p_filters ->> 'waiting')::boolean)
        and (p_filters ->> 'assigned' is null or (c.assigned_operator_id is not null) = (p_filters ->> 'assigned')::boolean)
        and (p_filters ->> 'operator_id' is null or c.assigned_operator_id = (p_filters ->> 'operator_id')::uuid)
        and (p_filters ->> 'user_id' is null or c.real_user_id = (p_filters ->> 'user_id')::uuid)
        and (p_filters ->> 'profile_id' is null or c.fictional_user_id = (p_filters ->> 'profile_id')::uuid)
      order by c.last_message_at desc, c.id
      limit p_limit
    ) as page
    join public.real_users u on u.id = page.real_user_id
    join public.fictional_users f on f.id = page.fictional_user_id
    left join public.operators o on o.id = page.assigned_operator_id);
exception
  when data_exception then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'A filter has a value that it cannot have.';
end;
$$;

ALTER FUNCTION public.admin_list_chats(p_admin_id uuid, p_filters jsonb, p_before timestamp with time zone, p_limit integer) OWNER TO postgres;

--
-- Name: admin_list_operators(uuid); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.admin_list_operators(p_admin_id uuid) RETURNS json
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform private.require_admin(p_admin_id);
  return (
    select json_build_object('operators', coalesce(json_agg(json_build_object(
      'id', o.id, 'name', o.name, 'email', o.email, 'is_active', o.is_active, 'is_available', o.is_available,
      'unavailable_reason', o.unavailable_reason, 'is_reachable', coalesce(o.last_heartbeat_at > clock_timestamp()
        - (private.settings()).lost_operator_seconds * interval '1 second', false),
      'last_heartbeat_at', o.last_heartbeat_at, 'last_activity', o.last_activity, 'free_since', o.free_since,
      'chat_id', c.id, 'assignment_time', c.assignment_time, 'waiting_since', c.waiting_since,
      'idle_releases', o.idle_releases, 'total_messages', o.total_messages, 'created_at', o.created_at)
      order by o.name, o.id), '[]'))
    from public.operators o
    left join public.chats c on c.assigned_operator_id = o.id);
end;
$$;

ALTER FUNCTION public.admin_list_operators(p_admin_id uuid) OWNER TO postgres;

--
-- Name: admin_list_payments(uuid, jsonb, timestamp with time zone, integer); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.admin_list_payments(p_admin_id uuid, p_filters jsonb DEFAULT '{}'::jsonb, p_before timestamp with time zone DEFAULT NULL::timestamp with time zone, p_limit integer DEFAULT 50) RETURNS json
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform private.require_admin(p_admin_id);
  perform private.require_page_size(p_limit);
  return (
    select json_build_object('payments', coalesce(
      json_agg(page order by page.created_at desc, page.id), '[]'))
    from (
      select t.* from public.transactions t
      where (p_before is null or t.created_at < p_before)
        and (p_filters ->> 'status' is null or t.status = p_filters ->> 'status')
        and (p_filters ->> 'user_id' is null or t.real_user_id = (p_filters ->> 'user_id')::uuid)
        and (p_filters ->> 'reference' is null or t.paystack_reference = p_filters ->> 'reference')
        and (p_filters ->> 'shortfall' is null or (t.credits_shortfall > 0) = (p_filters ->> 'shortfall')::boolean)
      order by t.created_at desc, t.id
      limit p_limit
    ) as page);
exception
  when data_exception then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'A filter has a value that it cannot have.';
end;
$$;

ALTER FUNCTION public.admin_list_payments(p_admin_id uuid, p_filters jsonb, p_before timestamp with time zone, p_limit integer) OWNER TO postgres;

--
-- Name: admin_list_profiles(uuid, jsonb, timestamp with time zone, integer); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.admin_list_profiles(p_admin_id uuid, p_filters jsonb DEFAULT '{}'::jsonb, p_before timestamp with time zone DEFAULT NULL::timestamp with time zone, p_limit integer DEFAULT 50) RETURNS json
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform private.require_admin(p_admin_id);
  perform private.require_page_size(p_limit);
  return (
    select json_build_object('profiles', coalesce(
      json_agg(private.profile_json(page) order by page.created_at desc, page.id), '[]'))
    from (
      select f.* from public.fictional_users f
      where (p_before is null or f.created_at < p_before)
        and (p_filters ->> 'is_active' is null or f.is_active = (p_filters ->> 'is_active')::boolean)
        and (p_filters ->> 'gender' is null or f.gender = p_filters ->> 'gender')
      order by f.created_at desc, f.id
      limit p_limit
    ) as page);
exception
  when data_exception then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'A filter has a value that it cannot have.';
end;
$$;

ALTER FUNCTION public.admin_list_profiles(p_admin_id uuid, p_filters jsonb, p_before timestamp with time zone, p_limit integer) OWNER TO postgres;

--
-- Name: admin_list_reports(uuid, jsonb, timestamp with time zone, integer); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.admin_list_reports(p_admin_id uuid, p_filters jsonb DEFAULT '{}'::jsonb, p_before timestamp with time zone DEFAULT NULL::timestamp with time zone, p_limit integer DEFAULT 50) RETURNS json
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform private.require_admin(p_admin_id);
  perform private.require_page_size(p_limit);
  return (
    select json_build_object('reports', coalesce(json_agg(
      to_jsonb(page) || jsonb_build_object(
        'message', private.message_json(m), 'handled_by_operator_id', m.handled_by_operator_id)
      order by page.created_at desc, page.id), '[]'))
    from (
      select r.* from public.message_reports r
      where (p_before is null or r.created_at < p_before)
        and (p_filters ->> 'resolved' is null or (r.resolved_at is not null) = (p_filters ->> 'resolved')::boolean)
      order by r.created_at desc, r.id
      limit p_limit
    ) as page
    join public.messages m on m.id = page.message_id);
exception
  when data_exception then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'A filter has a value that it cannot have.';
end;
$$;

ALTER FUNCTION public.admin_list_reports(p_admin_id uuid, p_filters jsonb, p_before timestamp with time zone, p_limit integer) OWNER TO postgres;

--
-- Name: admin_list_users(uuid, jsonb, timestamp with time zone, integer); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.admin_list_users(p_admin_id uuid, p_filters jsonb DEFAULT '{}'::jsonb, p_before timestamp with time zone DEFAULT NULL::timestamp with time zone, p_limit integer DEFAULT 50) RETURNS json
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform private.require_admin(p_admin_id);
  perform private.require_page_size(p_limit);
  return (
    select json_build_object('users', coalesce(json_agg(
      to_jsonb(page) - array['recent_sends', 'latitude', 'longitude'] order by page.created_at desc, page.id), '[]'))
    from (
      select u.* from public.real_users u
      where (p_before is null or u.created_at < p_before)
        and (p_filters ->> 'is_active' is null or u.is_active = (p_filters ->> 'is_active')::boolean)
        and (p_filters ->> 'name' is null or starts_with(u.name, p_filters ->> 'name'))
      order by u.created_at desc, u.id
      limit p_limit
    ) as page);
exception
  when data_exception then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'A filter has a value that it cannot have.';
end;
$$;

ALTER FUNCTION public.admin_list_users(p_admin_id uuid, p_filters jsonb, p_before timestamp with time zone, p_limit integer) OWNER TO postgres;

--
-- Name: admin_platform_stats(uuid, date, date); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.admin_platform_stats(p_admin_id uuid, p_from date, p_to date) RETURNS json
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_from timestamptz := p_from::timestamp at time zone 'UTC';
  v_until timestamptz := (p_to + 1)::timestamp at time zone 'UTC';
begin
  perform private.require_admin(p_admin_id);
  if p_from is null or p_to is null or p_to < p_from or p_to - p_from > 365 then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'A period is 1 to 366 days, the first day first.';
  end if;
  return (
    with sign_ups as (
      select (u.created_at at time zone 'UTC')::date as day, count(*) as n
      from public.real_users u where u.created_at >= v_from and u.created_at < v_until group by 1
    ), written as (
      select (m.created_at at time zone 'UTC')::date as day,
        count(*) filter (where m.sender_type = 'real' and m.is_free_message) as free,
        count(*) filter (where m.sender_type = 'real' and not m.is_free_message) as paid,
        count(*) filter (where m.sender_type = 'fictional') as answers,
        percentile_cont(0.5) within group (
          order by extract(epoch from m.created_at - m.answered_waiting_since))::integer as wait
      from public.messages m where m.created_at >= v_from and m.created_at < v_until group by 1
    ), paid as (
      select day, sum(n)::bigint as n, sum(credits)::bigint as credits,
        jsonb_object_agg(currency, minor) as revenue_minor
      from (
        select (t.completed_at at time zone 'UTC')::date as day, t.currency, count(*) as n,
          sum(t.credits_purchased) as credits, sum(t.amount_minor) as minor
        from public.transactions t
        where t.status = 'success' and t.completed_at >= v_from and t.completed_at < v_until
        group by 1, 2
      ) as by_currency group by day
    )
    select json_build_object(
      'totals', (select json_build_object(
        'users', (select count(*) from public.real_users),
        'active_chats', (select count(*) from public.chats c where c.is_active and c.last_message_at > now() - interval '24 hours'),
        'operators_available', (select count(*) from public.operators o where o.is_available),
        'open_reports', (select count(*) from public.message_reports r where r.resolved_at is null),
        'queue', public.queue_status())),
      'series', json_agg(json_build_object(
        'date', d.day::date,
        'sign_ups', coalesce(s.n, 0),
        'free_messages', coalesce(w.free, 0),
        'paid_messages', coalesce(w.paid, 0),
        'answers', coalesce(w.answers, 0),
        'median_wait_seconds', w.wait,
        'payments', coalesce(p.n, 0),
        'credits_sold', coalesce(p.credits, 0),
        'revenue_minor', coalesce(p.revenue_minor, '{}')) order by d.day))
    from generate_series(p_from::timestamp, p_to::timestamp, interval '1 day') as d (day)
    left join sign_ups s on s.day = d.day::date
    left join written w on w.day = d.day::date
    left join paid p on p.day = d.day::date);
end;
$$;

ALTER FUNCTION public.admin_platform_stats(p_admin_id uuid, p_from date, p_to date) OWNER TO postgres;

--
-- Name: assign_chat_to_operator(uuid, uuid); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.assign_chat_to_operator(p_operator_id uuid, p_except uuid DEFAULT NULL::uuid) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_operator public.operators := private.operator_in_good_standing(p_operator_id);
  v_chat_id uuid;
begin
  select c.id into v_chat_id from public.chats c where c.assigned_operator_id = p_operator_id;
  if found then
    update public.chat_assignments a
    set accepted_at = clock_timestamp()
    where a.chat_id = v_chat_id and a.released_at is null and a.accepted_at is null;
    if not found then
      raise sqlstate 'PT409' using hint = 'ALREADY_ASSIGNED', message = 'Operator already has an active assignment.';
    end if;
    update public.operators o set last_heartbeat_at = clock_timestamp() where o.id = p_operator_id;
    return v_chat_id;
  elsif not v_operator.is_available then
    raise sqlstate 'PT400' using hint = 'OPERATOR_NOT_AVAILABLE', message = 'Operator not available.';
  end if;

  -- The place in the queue is locked before the chat: of those who ask at once, one alone goes on to it. By the chat's lock
  -- alone they would now and then wait: SKIP LOCKED waits for a newer version of a row when the older one's transaction ends
  -- in the moment it is looked at. And the chat is judged, under its lock, in coalesce: PostgreSQL takes the conditions for
  -- rare, which they are among all chats but not in the queue, and would read and sort the whole of it.
  select c.id into v_chat_id
  from private.chat_queue q
  join public.chats c on c.id = q.chat_id
  where coalesce(c.waiting_since = q.waiting_since and c.assigned_operator_id is null, false) and c.id is distinct from p_except
  order by q.waiting_since, q.chat_id
  limit 1
  for update of q skip locked
  for no key update of c skip locked;
  if found then
    perform private.give_chat(v_chat_id, p_operator_id, p_accepted => true);
  else
    update public.operators o
    set last_heartbeat_at = clock_timestamp(), asked_at = coalesce(o.asked_at, clock_timestamp())
    where o.id = p_operator_id;
  end if;
  return v_chat_id;
end;
$$;

ALTER FUNCTION public.assign_chat_to_operator(p_operator_id uuid, p_except uuid) OWNER TO postgres;

--
-- Name: assign_next_chat(uuid); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.assign_next_chat(p_operator_id uuid) RETURNS json
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_chat_id uuid := public.assign_chat_to_operator(p_operator_id);
begin
  return json_build_object('chat', private.operator_chat_json(v_chat_id));
end;
$$;

ALTER FUNCTION public.assign_next_chat(p_operator_id uuid) OWNER TO postgres;

--
-- Name: audit_credits(); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.audit_credits() RETURNS TABLE(user_id uuid, credits integer, ledger_sum bigint, last_balance integer, problem text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  with entries as (
    select l.user_id, l.id, l.delta, l.balance_after,
      sum(l.delta) over (partition by l.user_id order by l.id) as running_sum,
      row_number() over (partition by l.user_id order by l.id desc) as from_last
    from public.credit_ledger l
  ), accounts as (
    select e.user_id,
      sum(e.delta) as ledger_sum,
      max(e.balance_after) filter (where e.from_last = 1) as last_balance,
      bool_or(e.running_sum <> e.balance_after) as is_broken
    from entries e
    group by e.user_id
  )
  select coalesce(u.id, a.user_id), u.credits, coalesce(a.ledger_sum, 0), coalesce(a.last_balance, 0),
    case
      when a.is_broken then 'a balance_after is not the one before plus delta'
      when u.credits <> coalesce(a.ledger_sum, 0) then 'credits are not the sum of the ledger'
      else 'credits are not the last balance_after'
    end
  from accounts a
  full join public.real_users u on u.id = a.user_id
  where a.is_broken
    or u.credits <> coalesce(a.ledger_sum, 0)
    or u.credits <> coalesce(a.last_balance, 0)
$$;

ALTER FUNCTION public.audit_credits() OWNER TO postgres;

--
-- Name: block_profile(uuid); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.block_profile(p_fictional_user_id uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_user_id uuid := private.my_user_id();
  v_chat_id uuid;
begin
  if v_user_id is null then
    raise sqlstate 'PT403' using hint = 'NOT_A_REAL_USER', message = 'Only users who chat may do this.';
  elsif not exists (select from public.fictional_users f where f.id = p_fictional_user_id) then
    raise sqlstate 'PT404' using hint = 'PROFILE_NOT_FOUND', message = 'There is no such profile.';
  end if;
  select c.id into v_chat_id from public.chats c
  where c.real_user_id = v_user_id and c.fictional_user_id = p_fictional_user_id
  for no key update;
  insert into public.blocks (real_user_id, fictional_user_id) values (v_user_id, p_fictional_user_id)
  on conflict do nothing;
  if v_chat_id is not null then
    perform private.stop_waiting(v_chat_id, 'profile_blocked');
  end if;
end;
$$;

ALTER FUNCTION public.block_profile(p_fictional_user_id uuid) OWNER TO postgres;

--
-- Name: check_invariants(integer); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.check_invariants(p_sweep_seconds integer DEFAULT 120) RETURNS TABLE(invariant text, detail text)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  with held as (
    select c.id, c.assigned_operator_id as operator_id, c.is_active
    from public.chats c
    where c.assigned_operator_id is not null
  ), open_segments as (
    select a.chat_id, a.operator_id from public.chat_assignments a where a.released_at is null
  ), on_duty as (
    select o.id, o.is_active, o.is_available, o.free_since, o.last_heartbeat_at, o.free_since is not null as is_free,
      exists (select from held h where h.operator_id = o.id) as holds_chat,
      exists (select from public.operator_availability v where v.operator_id = o.id and v.ended_at is null) as is_timed
    from public.operators o
  ), written_lately as (
    select distinct m.chat_id
    from public.messages m
    where m.created_at > clock_timestamp() - interval '10 minutes'
  )
  select 'an operator holds one chat at most', format('operator %s holds %s', h.operator_id, string_agg(h.id::text, ', '))
  from held h
  group by h.operator_id
  having count(*) > 1
  union all
  select 'a chat has one open segment at most', format('chat %s has %s', s.chat_id, count(*))
  from open_segments s
  group by s.chat_id
  having count(*) > 1
  union all
  select 'a chat is held exactly while a segment is open',
    case when s.chat_id is null
      then format('chat %s is held by operator %s without a segment', h.id, h.operator_id)
      else format('the segment of chat %s and operator %s is open, and they do not hold it', s.chat_id, s.operator_id)
    end
  from held h
  full join open_segments s on s.chat_id = h.id and s.operator_id = h.operator_id
  where h.id is null or s.chat_id is null
  union all
  select 'an operator is free exactly while available without a chat',
    format('operator %s: available %s, holds a chat %s, free since %s', o.id, o.is_available, o.holds_chat, o.free_since)
  from on_duty o
  where o.is_free <> (o.is_available and not o.holds_chat)
  union all
  select 'only an active, available operator holds a chat',
    format('operator %s: active %s, available %s', o.id, o.is_active, o.is_available)
  from on_duty o
  where o.holds_chat and not (o.is_active and o.is_available)
  union all
  select 'time on duty is counted exactly while available', format('operator %s', o.id)
  from on_duty o
  where o.is_timed <> o.is_available
  union all
  select 'a closed chat is not held', format('chat %s', h.id)
  from held h
  where not h.is_active
  union all
  select 'a closed chat does not wait', format('chat %s', c.id)
  from public.chats c
  where c.waiting_since is not null and not c.is_active
  union all
  select 'seq counts 1, 2, 3 … and the counters of a chat are its messages',
    format('chat %s: last_seq %s, message_count %s, real_message_count %s, but %s messages up to seq %s, %s of them the user''s',
      c.id, c.last_seq, c.message_count, c.real_message_count, m.messages, m.last_seq, m.real_messages)
  from written_lately w
  join public.chats c on c.id = w.chat_id
  cross join lateral (
    select count(*) as messages, max(n.seq) as last_seq, count(*) filter (where n.sender_type = 'real') as real_messages
    from public.messages n
    where n.chat_id = c.id
  ) as m
  where c.last_seq <> m.last_seq or c.last_seq <> m.messages
    or c.message_count <> m.messages or c.real_message_count <> m.real_messages
  union all
  select 'a chat waits exactly while a message of the user is unanswered',
    format('chat %s: waiting since %s, answered up to %s of %s', c.id, c.waiting_since, c.last_answered_seq, c.last_seq)
  from written_lately w
  join public.chats c on c.id = w.chat_id
  where (c.waiting_since is not null) <> (c.last_seq > c.last_answered_seq)
  union all
  select 'a chat is in the queue exactly while it waits and nobody holds it',
    format('chat %s: waiting since %s, held by %s, in the queue since %s', c.id, c.waiting_since, c.assigned_operator_id, q.waiting_since)
  from public.chats c
  left join private.chat_queue q on q.chat_id = c.id
  where q.waiting_since is distinct from case when c.assigned_operator_id is null then c.waiting_since end
  union all
  select 'nobody holds a chat asleep',
    format('chat %s: operator %s has not moved for %s s', h.chat_id, h.operator_id, floor(h.idle_seconds))
  from private.held_chats h, public.app_settings s
  where h.idle_seconds >= s.idle_release_seconds + p_sweep_seconds
  union all
  select 'no chat waits while an operator is free', format('%s chats and %s operators', waiting.chats, free.operators)
  from (
    select count(*) as chats
    from private.chat_queue q
    join public.chats c on c.id = q.chat_id
    -- Not updated since: a chat that has only just come back to its place may wait for the sweep as well.
    where greatest(q.waiting_since, c.updated_at) <= clock_timestamp() - p_sweep_seconds * interval '1 second'
  ) as waiting
  cross join (
    select count(*) as operators
    from on_duty o, public.app_settings s
    where o.free_since <= clock_timestamp() - p_sweep_seconds * interval '1 second'
      and o.last_heartbeat_at > clock_timestamp() - s.lost_operator_seconds * interval '1 second'
  ) as free
  where waiting.chats > 0 and free.operators > 0
$$;

ALTER FUNCTION public.check_invariants(p_sweep_seconds integer) OWNER TO postgres;

--
-- Name: claim_payments_to_check(integer); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.claim_payments_to_check(p_limit integer) RETURNS json
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_payments json;
begin
  if p_limit is null or p_limit not between 1 and 1000 then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'A run claims 1 to 1000 payments.';
  end if;
  with due as (
    select t.id from public.transactions t
    where t.next_check_at <= now()
    order by t.next_check_at, t.id
    limit p_limit
    for no key update skip locked
  ), claimed as (
    update public.transactions t
    set checks = t.checks + 1,
        status = case when t.created_at < now() - interval '7 days' then 'failed' else t.status end,
        failure_reason = case when t.created_at < now() - interval '7 days'
                         then coalesce(t.failure_reason, 'EXPIRED') else t.failure_reason end,
        completed_at = case when t.created_at < now() - interval '7 days'
                       then coalesce(t.completed_at, now()) else t.completed_at end,
        next_check_at = case when t.created_at >= now() - interval '7 days' then now()
          + (array[interval '2 minutes', '5 minutes', '15 minutes', '1 hour', '3 hours', '6 hours'])[least(t.checks, 5) + 1] end
    from due
    where t.id = due.id
    returning t.paystack_reference, t.created_at
  )
  select json_agg(json_build_object('reference', c.paystack_reference) order by c.created_at)
  into v_payments
  from claimed c;
  return json_build_object('payments', coalesce(v_payments, '[]'));
end;
$$;

ALTER FUNCTION public.claim_payments_to_check(p_limit integer) OWNER TO postgres;

--
-- Name: close_chat(uuid, uuid); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.close_chat(p_admin_id uuid, p_chat_id uuid) RETURNS json
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform private.require_admin(p_admin_id);
  perform from public.chats c where c.id = p_chat_id for no key update;
  if not found then
    raise sqlstate 'PT404' using hint = 'CHAT_NOT_FOUND', message = 'There is no such chat.';
  end if;
  perform private.stop_waiting(p_chat_id, 'chat_closed');
  update public.chats c set is_active = false, updated_at = now() where c.id = p_chat_id;
  perform private.audit(p_admin_id, 'close_chat', p_chat_id::text);
  return json_build_object('chat_id', p_chat_id, 'is_active', false);
end;
$$;

ALTER FUNCTION public.close_chat(p_admin_id uuid, p_chat_id uuid) OWNER TO postgres;

--
-- Name: complete_and_continue(uuid, uuid); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.complete_and_continue(p_operator_id uuid, p_chat_id uuid) RETURNS json
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_chat_id uuid := public.complete_chat(p_operator_id, p_chat_id);
begin
  return json_build_object('chat', private.operator_chat_json(v_chat_id));
end;
$$;

ALTER FUNCTION public.complete_and_continue(p_operator_id uuid, p_chat_id uuid) OWNER TO postgres;

--
-- Name: complete_chat(uuid, uuid); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.complete_chat(p_operator_id uuid, p_chat_id uuid) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform private.lay_down_chat(p_operator_id, p_chat_id, 'completed');
  -- Laid down with a message unanswered: it keeps its place, and is for another operator first.
  perform private.offer_chat(p_chat_id, p_except => p_operator_id);
  if not (select o.is_available from public.operators o where o.id = p_operator_id) then
    return null;
  end if;
  return public.assign_chat_to_operator(p_operator_id, p_except => p_chat_id);
end;
$$;

ALTER FUNCTION public.complete_chat(p_operator_id uuid, p_chat_id uuid) OWNER TO postgres;

--
-- Name: create_admin(uuid, uuid, text, text, boolean); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.create_admin(p_admin_id uuid, p_user_id uuid, p_name text, p_email text, p_is_super_admin boolean DEFAULT false) RETURNS json
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_admin public.admins;
begin
  -- Two "first" admins at once: the second waits here and then is not the first.
  lock table public.admins in share row exclusive mode;
  if p_admin_id is null and exists (select from public.admins)
    or p_admin_id is not null
      and not exists (select from public.admins a where a.id = p_admin_id and a.is_super_admin) then
    raise sqlstate 'PT403' using hint = 'NOT_A_SUPER_ADMIN', message = 'Only super admins make admins.';
  end if;
  perform private.require_staff_account(p_user_id, p_name, p_email);
  if exists (select from public.operators o where o.id = p_user_id) then
    raise sqlstate 'PT409' using hint = 'HAS_ANOTHER_ROLE', message = 'This account is an operator.';
  end if;
  insert into public.admins as a (id, name, email, is_super_admin)
  values (p_user_id, p_name, p_email, p_is_super_admin or p_admin_id is null)
  on conflict (id) do update set name = excluded.name, is_super_admin = excluded.is_super_admin
  returning * into v_admin;
  perform private.audit(p_admin_id, 'create_admin', p_user_id::text,
    jsonb_build_object('is_super_admin', v_admin.is_super_admin));
  return json_build_object('admin', v_admin);
end;
$$;

ALTER FUNCTION public.create_admin(p_admin_id uuid, p_user_id uuid, p_name text, p_email text, p_is_super_admin boolean) OWNER TO postgres;

--
-- Name: create_operator(uuid, uuid, text, text); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.create_operator(p_admin_id uuid, p_user_id uuid, p_name text, p_email text) RETURNS json
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_operator public.operators;
begin
  perform private.require_admin(p_admin_id);
  perform private.require_staff_account(p_user_id, p_name, p_email);
  if exists (select from public.admins a where a.id = p_user_id) then
    raise sqlstate 'PT409' using hint = 'HAS_ANOTHER_ROLE', message = 'This account is an admin.';
  end if;
  insert into public.operators (id, name, email, created_by) values (p_user_id, p_name, p_email, p_admin_id)
  on conflict (id) do update set name = excluded.name, is_active = true
  returning * into v_operator;
  perform private.audit(p_admin_id, 'create_operator', p_user_id::text);
  return json_build_object('operator', v_operator);
end;
$$;

ALTER FUNCTION public.create_operator(p_admin_id uuid, p_user_id uuid, p_name text, p_email text) OWNER TO postgres;

--
-- Name: create_payment(uuid, text); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.create_payment(p_user_id uuid, p_package_id text) RETURNS json
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_package public.credit_packages;
  v_transaction public.transactions;
begin
  perform private.require_real_user(p_user_id);
  select p.* into v_package from public.credit_packages p where p.id = p_package_id and p.is_active;
  if not found then
    raise sqlstate 'PT404' using hint = 'PACKAGE_NOT_FOUND', message = 'There is no such package.';
  end if;
  insert into public.transactions
    (real_user_id, package_id, amount_minor, currency, credits_purchased, paystack_reference, next_check_at)
  values
    (p_user_id, v_package.id, v_package.price_minor, v_package.currency, v_package.credits,
     'cr-' || replace(gen_random_uuid()::text, '-', ''), now() + interval '1 minute')
  returning * into v_transaction;
  return json_build_object(
    'reference', v_transaction.paystack_reference,
    'amount_minor', v_transaction.amount_minor,
    'currency', v_transaction.currency,
    'credits', v_transaction.credits_purchased,
    'package_id', v_transaction.package_id,
    'email', (select u.email from public.real_users u where u.id = p_user_id));
end;
$$;

ALTER FUNCTION public.create_payment(p_user_id uuid, p_package_id text) OWNER TO postgres;

--
-- Name: custom_access_token_hook(jsonb); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.custom_access_token_hook(event jsonb) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
  select jsonb_set(event, '{claims,user_role}', coalesce(
    (select '"admin"'::jsonb from public.admins a where a.id = u.id),
    (select '"operator"'::jsonb from public.operators o where o.id = u.id and o.is_active),
    (select '"real_user"'::jsonb from public.real_users r where r.id = u.id and r.is_active),
    'null'::jsonb))
  from (select (event ->> 'user_id')::uuid as id) as u
$$;

ALTER FUNCTION public.custom_access_token_hook(event jsonb) OWNER TO postgres;

--
-- Name: deactivate_operator(uuid, uuid); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.deactivate_operator(p_admin_id uuid, p_operator_id uuid) RETURNS json
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_chat_id uuid;
begin
  perform private.require_admin(p_admin_id);
  v_chat_id := private.lock_held_chat(p_operator_id);
  perform private.take_off_duty(p_operator_id, 'deactivated');
  update public.operators o set is_active = false where o.id = p_operator_id;
  if not found then
    raise sqlstate 'PT404' using hint = 'OPERATOR_NOT_FOUND', message = 'There is no such operator.';
  end if;
  if v_chat_id is not null then
    perform private.release_chats(array[v_chat_id], array['operator_deactivated']);
    perform private.offer_chat(v_chat_id);
  end if;
  perform private.audit(p_admin_id, 'deactivate_operator', p_operator_id::text,
    jsonb_build_object('released_chat_id', v_chat_id));
  return json_build_object('operator_id', p_operator_id, 'is_active', false, 'released_chat_id', v_chat_id);
end;
$$;

ALTER FUNCTION public.deactivate_operator(p_admin_id uuid, p_operator_id uuid) OWNER TO postgres;

--
-- Name: fail_payment(text, text); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.fail_payment(p_reference text, p_reason text) RETURNS json
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_transaction_id uuid;
begin
  select t.id into v_transaction_id from public.transactions t
  where t.paystack_reference = p_reference
  for no key update;
  if not found then
    raise sqlstate 'PT404' using hint = 'PAYMENT_NOT_FOUND', message = 'There is no such payment.';
  end if;
  update public.transactions t
  set status = 'failed', failure_reason = coalesce(p_reason, 'UNKNOWN'), completed_at = now()
  where t.id = v_transaction_id and t.status = 'pending';
  return private.payment_json(v_transaction_id, 0);
end;
$$;

ALTER FUNCTION public.fail_payment(p_reference text, p_reason text) OWNER TO postgres;

--
-- Name: find_admin(text); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.find_admin(p_email text) RETURNS uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_admin_id uuid;
begin
  select a.id into v_admin_id from public.admins a where lower(a.email) = lower(p_email);
  if not found then
    raise sqlstate 'PT403' using hint = 'NOT_AN_ADMIN', message = format('No admin has the e-mail address %s.', p_email);
  end if;
  return v_admin_id;
end;
$$;

ALTER FUNCTION public.find_admin(p_email text) OWNER TO postgres;

--
-- Name: get_account(uuid); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.get_account(p_caller_id uuid) RETURNS json
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_account json;
begin
  select coalesce(
    (select json_build_object('role', 'admin', 'user', a) from public.admins a where a.id = p_caller_id),
    (select json_build_object('role', 'operator', 'user', json_build_object(
       'id', o.id, 'name', o.name, 'email', o.email, 'is_active', o.is_active, 'is_available', o.is_available,
       'unavailable_reason', o.unavailable_reason, 'total_messages', o.total_messages, 'created_at', o.created_at))
     from public.operators o where o.id = p_caller_id),
    (select json_build_object('role', 'real_user', 'user', to_jsonb(u) - 'recent_sends',
       'disclosure_required', u.disclosure_version is distinct from (private.settings()).disclosure_version)
     from public.real_users u where u.id = p_caller_id))
  into v_account;
  if v_account is null then
    raise sqlstate 'PT404' using hint = 'USER_NOT_FOUND', message = 'This account is not registered here.';
  end if;
  return v_account;
end;
$$;

ALTER FUNCTION public.get_account(p_caller_id uuid) OWNER TO postgres;

--
-- Name: get_assigned_chat(); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.get_assigned_chat() RETURNS json
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select public.get_operator_chat(auth.uid()) -> 'chat'
$$;

ALTER FUNCTION public.get_assigned_chat() OWNER TO postgres;

--
-- Name: get_disclosure(); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.get_disclosure() RETURNS json
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select json_build_object('version', s.disclosure_version, 'text', s.disclosure_text)
  from public.app_settings s
$$;

ALTER FUNCTION public.get_disclosure() OWNER TO postgres;

--
-- Name: get_email_domain(); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.get_email_domain() RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select s.email_domain from public.app_settings s
$$;

ALTER FUNCTION public.get_email_domain() OWNER TO postgres;

--
-- Name: get_operator_chat(uuid); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.get_operator_chat(p_operator_id uuid) RETURNS json
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_chat_id uuid;
begin
  perform private.operator_in_good_standing(p_operator_id);
  select c.id into v_chat_id from public.chats c where c.assigned_operator_id = p_operator_id;
  update public.chat_assignments a
  set accepted_at = clock_timestamp()
  where a.chat_id = v_chat_id and a.released_at is null and a.accepted_at is null;
  return json_build_object('chat', private.operator_chat_json(v_chat_id));
end;
$$;

ALTER FUNCTION public.get_operator_chat(p_operator_id uuid) OWNER TO postgres;

--
-- Name: get_profile(uuid, uuid); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.get_profile(p_user_id uuid, p_profile_id uuid) RETURNS json
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_profile public.fictional_users;
begin
  perform private.require_real_user(p_user_id);
  select f.* into v_profile from public.fictional_users f where f.id = p_profile_id and f.is_active;
  if not found then
    raise sqlstate 'PT404' using hint = 'PROFILE_NOT_FOUND', message = 'There is no such profile.';
  end if;
  return json_build_object('profile', private.profile_json(v_profile));
end;
$$;

ALTER FUNCTION public.get_profile(p_user_id uuid, p_profile_id uuid) OWNER TO postgres;

--
-- Name: get_settings(uuid); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.get_settings(p_admin_id uuid) RETURNS json
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform private.require_admin(p_admin_id);
  return json_build_object('settings', to_jsonb(private.settings()) - 'id');
end;
$$;

ALTER FUNCTION public.get_settings(p_admin_id uuid) OWNER TO postgres;

--
-- Name: handle_deleted_user(); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.handle_deleted_user() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  -- Every chat that goes with the account, or forgets the operator, before anything else is locked.
  perform from public.chats c
  where c.real_user_id = old.id
    or c.assigned_operator_id = old.id or c.last_answered_by = old.id or c.last_released_from = old.id
  order by c.id
  for no key update;

  -- A real user: money records stay without the person, and no operator keeps a chat that is about to vanish.
  perform from public.payment_events e
  where e.reference in (select t.paystack_reference from public.transactions t where t.real_user_id = old.id)
  order by e.id
  for no key update;
  perform from public.transactions t where t.real_user_id = old.id order by t.id for no key update;
  update public.payment_events e
  set body = null, detail = null, source_ip = null
  where e.reference in (select t.paystack_reference from public.transactions t where t.real_user_id = old.id);
  update public.transactions t
  set provider_payload = null
  where t.real_user_id = old.id;
  perform private.release_chats(
    array_agg(c.id), array_agg('account_deleted'::text))
  from public.chats c
  where c.real_user_id = old.id and c.assigned_operator_id is not null;

  -- An operator.
  if exists (select from public.operators o where o.id = old.id) then
    perform private.release_chats(array[private.lock_held_chat(old.id)], array['operator_deleted']);
  end if;
  return old;
end;
$$;

ALTER FUNCTION public.handle_deleted_user() OWNER TO postgres;

--
-- Name: handle_new_user(); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.handle_new_user() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $_$
declare
  v_profile jsonb := new.raw_user_meta_data;
  v_settings public.app_settings;
begin
  if v_profile is null or jsonb_typeof(v_profile) <> 'object' or not v_profile ? 'name' then
    return new;
  end if;
  v_settings := private.settings();
  if coalesce(v_profile ->> 'name', '') !~ '^[a-z0-9_]{3,20}$' then
    raise sqlstate 'PT400' using hint = 'INVALID_NAME',
      message = 'A name is 3 to 20 characters: small letters, digits and underscores.';
  elsif new.email is distinct from (v_profile ->> 'name') || '@' || v_settings.email_domain then
    raise sqlstate 'PT400' using hint = 'INVALID_EMAIL',
      message = format('The e-mail address of a user is name@%s.', v_settings.email_domain);
  elsif coalesce(v_profile ->> 'age', '') !~ '^[0-9]{1,3}$' or (v_profile ->> 'age')::integer not between 18 and 100 then
    raise sqlstate 'PT400' using hint = 'INVALID_AGE', message = 'Users are 18 to 100 years old.';
  elsif char_length(private.clean_text(v_profile ->> 'display_name')) not between 1 and 50
    or char_length(private.clean_text(v_profile ->> 'location')) not between 1 and 100
    or coalesce(v_profile ->> 'gender', '') not in ('male', 'female')
    or coalesce(v_profile ->> 'looking_for', '') not in ('male', 'female') then
    raise sqlstate 'PT400' using hint = 'INVALID_SIGN_UP',
      message = 'A sign-up has display_name (1 to 50 characters), location (1 to 100), gender and looking_for (male or female).';
  end if;
  insert into public.real_users
    (id, name, display_name, email, location, gender, looking_for, age, disclosure_version, disclosure_accepted_at)
  select
    new.id, v_profile ->> 'name', private.clean_text(v_profile ->> 'display_name'), new.email,
    private.clean_text(v_profile ->> 'location'), v_profile ->> 'gender', v_profile ->> 'looking_for',
    (v_profile ->> 'age')::integer,
    case when accepted then v_settings.disclosure_version end,
    case when accepted then now() end
  from (select v_profile -> 'accepts_fictional_profiles' = 'true'::jsonb as accepted) as disclosure;
  return new;
end;
$_$;

ALTER FUNCTION public.handle_new_user() OWNER TO postgres;

--
-- Name: handle_payment_event(bigint, text); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.handle_payment_event(p_event_id bigint, p_mode text) RETURNS json
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_event public.payment_events;
  v_payload jsonb;
  v_data jsonb;
  v_result json;
  v_outcome text;
begin
  select e.* into v_event from public.payment_events e where e.id = p_event_id for update;
  if not found then
    raise sqlstate 'PT404' using hint = 'EVENT_NOT_FOUND', message = 'There is no such event.';
  elsif v_event.handled_at is not null then
    return json_build_object('event_id', p_event_id, 'outcome', v_event.outcome, 'repeated', true);
  end if;

  v_payload := private.event_payload(v_event.body);
  v_data := v_payload -> 'data';
  if v_event.event is null or jsonb_typeof(v_data) is distinct from 'object' then
    v_outcome := 'unusable';
  elsif v_event.event not like 'charge.%' and v_event.event not like 'refund.%' then
    v_outcome := 'ignored';
  elsif coalesce(v_data ->> 'domain', v_data #>> '{transaction,domain}') is distinct from p_mode then
    v_outcome := 'wrong_mode';
  elsif v_event.reference is null then
    v_outcome := 'unusable';
  elsif v_event.event = 'charge.success' then
    v_result := public.settle_payment(
      v_event.reference, private.to_bigint(v_data ->> 'amount'), v_data ->> 'currency', v_data, p_mode);
    v_outcome := case
      when (v_result ->> 'granted')::integer > 0 then 'credited'
      when v_result ->> 'status' = 'success' then 'already_settled'
      when v_result ->> 'status' = 'unknown' then 'unknown_reference'
      else 'not_settled' end;
  else
    v_result := private.note_reversal(v_event, v_data);
    v_outcome := case when v_result is null then 'ignored' else 'reversal_noted' end;
  end if;

  update public.payment_events e
  set handled_at = now(), outcome = v_outcome, detail = v_result ->> 'reason'
  where e.id = p_event_id;
  return json_build_object('event_id', p_event_id, 'outcome', v_outcome, 'repeated', false, 'payment', v_result);
end;
$$;

ALTER FUNCTION public.handle_payment_event(p_event_id bigint, p_mode text) OWNER TO postgres;

--
-- Name: handle_pending_payment_events(integer, text); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.handle_pending_payment_events(p_limit integer, p_mode text) RETURNS json
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_event_ids bigint[];
  v_references text[];
  v_event_id bigint;
  v_handled integer := 0;
  v_failed integer := 0;
begin
  select array_agg(due.id order by due.id), array_agg(distinct due.reference)
  into v_event_ids, v_references
  from (
    select e.id, e.reference from public.payment_events e
    where e.handled_at is null
    order by e.detail is not null, e.id
    limit p_limit
    for update skip locked
  ) as due;
  -- One payment after the other would hold the user of the first while it waits for the second.
  perform private.lock_reference(named.reference) from unnest(v_references) as named (reference)
  where named.reference is not null;
  perform from public.transactions t where t.paystack_reference = any (v_references) order by t.id for no key update;
  perform from public.real_users u
  where u.id in (select t.real_user_id from public.transactions t where t.paystack_reference = any (v_references))
  order by u.id
  for no key update;

  foreach v_event_id in array coalesce(v_event_ids, '{}') loop
    begin
      perform public.handle_payment_event(v_event_id, p_mode);
      v_handled := v_handled + 1;
    exception
      -- One event that cannot be handled must not hold up those behind it.
      when others then
        v_failed := v_failed + 1;
        update public.payment_events e set detail = sqlstate || ': ' || sqlerrm where e.id = v_event_id;
    end;
  end loop;
  return json_build_object('handled', v_handled, 'failed', v_failed);
end;
$$;

ALTER FUNCTION public.handle_pending_payment_events(p_limit integer, p_mode text) OWNER TO postgres;

--
-- Name: job_status(); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.job_status() RETURNS json
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select json_build_object(
    'jobs', coalesce((
      select json_agg(json_build_object(
        'job', j.job, 'runs', j.runs, 'last_run_at', j.last_run_at,
        'seconds_ago', extract(epoch from now() - j.last_run_at)::integer, 'last_result', j.last_result) order by j.job)
      from public.job_runs j), '[]'),
    'last_webhook_at', (select max(e.received_at) from public.payment_events e where e.signature_valid),
    'unhandled_events', (select count(*) from public.payment_events e where e.handled_at is null))
$$;

ALTER FUNCTION public.job_status() OWNER TO postgres;

--
-- Name: list_chats(uuid, timestamp with time zone, integer); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.list_chats(p_user_id uuid, p_before timestamp with time zone DEFAULT NULL::timestamp with time zone, p_limit integer DEFAULT 50) RETURNS json
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform private.require_real_user(p_user_id);
  if p_limit is null or p_limit not between 1 and 100 then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'A page has 1 to 100 chats.';
  end if;
  return (
    select json_build_object('chats', coalesce(
      json_agg(private.chat_for_user(page) order by page.last_message_at desc, page.id), '[]'))
    from (
      select c.* from public.chats c
      where c.real_user_id = p_user_id and (p_before is null or c.last_message_at < p_before)
      order by c.last_message_at desc, c.id
      limit p_limit
    ) as page);
end;
$$;

ALTER FUNCTION public.list_chats(p_user_id uuid, p_before timestamp with time zone, p_limit integer) OWNER TO postgres;

--
-- Name: list_messages(uuid, uuid, integer, integer, integer); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.list_messages(p_caller_id uuid, p_chat_id uuid, p_after integer DEFAULT NULL::integer, p_before integer DEFAULT NULL::integer, p_limit integer DEFAULT 50) RETURNS json
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_chat public.chats;
  v_messages json;
  v_count integer;
begin
  if p_limit is null or p_limit not between 1 and 200 or least(p_after, p_before) < 0 then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'A page has 1 to 200 messages, after or before a seq.';
  end if;
  select c.* into v_chat from public.chats c
  where c.id = p_chat_id
    and (exists (select from public.real_users u where u.id = p_caller_id and u.id = c.real_user_id and u.is_active)
      or exists (select from public.operators o where o.id = p_caller_id and o.id = c.assigned_operator_id and o.is_active)
      or exists (select from public.admins a where a.id = p_caller_id));
  if not found then
    raise sqlstate 'PT404' using hint = 'CHAT_NOT_FOUND', message = 'There is no such chat.';
  end if;

  -- seq has no gaps, so a page is a range and not a search.
  select json_agg(private.message_json(m) order by m.seq), count(*) into v_messages, v_count
  from public.messages m
  where m.chat_id = p_chat_id
    and m.seq > coalesce(p_after, least(coalesce(p_before, v_chat.last_seq + 1), v_chat.last_seq + 1) - 1 - p_limit)
    and m.seq <= case when p_after is null
                 then least(coalesce(p_before, v_chat.last_seq + 1), v_chat.last_seq + 1) - 1
                 else least(p_after::bigint + p_limit, v_chat.last_seq) end;
  return json_build_object(
    'messages', coalesce(v_messages, '[]'),
    'last_seq', v_chat.last_seq,
    'has_more', case when p_after is null
                then least(coalesce(p_before, v_chat.last_seq + 1), v_chat.last_seq + 1) - 1 > p_limit
                else p_after::bigint + p_limit < v_chat.last_seq end,
    'read_seq', case when p_caller_id = v_chat.real_user_id then v_chat.real_last_read_seq
                else v_chat.fictional_last_read_seq end);
end;
$$;

ALTER FUNCTION public.list_messages(p_caller_id uuid, p_chat_id uuid, p_after integer, p_before integer, p_limit integer) OWNER TO postgres;

--
-- Name: list_packages(); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.list_packages() RETURNS json
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select json_build_object('packages', coalesce(
    json_agg(json_build_object(
      'id', p.id, 'credits', p.credits, 'price_minor', p.price_minor, 'currency', p.currency)
      order by p.currency <> s.currency, p.currency, p.price_minor), '[]'))
  from public.credit_packages p
  cross join public.app_settings s
  where p.is_active
$$;

ALTER FUNCTION public.list_packages() OWNER TO postgres;

--
-- Name: list_profiles(uuid, text, text, integer); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.list_profiles(p_user_id uuid, p_gender text DEFAULT NULL::text, p_cursor text DEFAULT NULL::text, p_limit integer DEFAULT 20) RETURNS json
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_gender text;
  v_after public.fictional_users;
  v_profiles json;
  v_next text;
begin
  perform private.require_real_user(p_user_id);
  if p_gender not in ('male', 'female') then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'gender is male or female.';
  elsif p_limit is null or p_limit not between 1 and 100 then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'A page has 1 to 100 profiles.';
  end if;
  v_gender := coalesce(p_gender, (select u.looking_for from public.real_users u where u.id = p_user_id));
  if p_cursor is not null then
    -- The cursor is a profile's id: the place in the list is looked up, so it cannot be made up.
    if pg_input_is_valid(p_cursor, 'uuid') then
      select f.* into v_after from public.fictional_users f where f.id = p_cursor::uuid;
    end if;
    if v_after.id is null then
      raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'This cursor is not one of ours.';
    end if;
  end if;
  select json_agg(private.profile_json(page) order by page.created_at desc, page.id desc),
    case when count(*) = p_limit then (array_agg(page.id order by page.created_at, page.id))[1]::text end
  into v_profiles, v_next
  from (
    select f.* from public.fictional_users f
    where f.is_active and f.gender = v_gender
      and (v_after.id is null or (f.created_at, f.id) < (v_after.created_at, v_after.id))
      and not exists (select from public.blocks b where b.real_user_id = p_user_id and b.fictional_user_id = f.id)
    order by f.created_at desc, f.id desc
    limit p_limit
  ) as page;
  return json_build_object('profiles', coalesce(v_profiles, '[]'), 'nextCursor', v_next);
end;
$$;

ALTER FUNCTION public.list_profiles(p_user_id uuid, p_gender text, p_cursor text, p_limit integer) OWNER TO postgres;

--
-- Name: mark_messages_read(uuid, integer); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.mark_messages_read(p_chat_id uuid, p_seq integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_chat public.chats;
  v_is_user boolean;
  v_from integer;
  v_to integer;
begin
  if p_seq is null or p_seq < 0 then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'p_seq is the seq of the last message read.';
  end if;
  select c.* into v_chat from public.chats c
  where c.id = p_chat_id and c.id in (select private.my_chat_ids())
  for no key update;
  if not found then
    raise sqlstate 'PT404' using hint = 'CHAT_NOT_FOUND', message = 'There is no such chat.';
  end if;
  v_is_user := v_chat.real_user_id = auth.uid();
  v_from := case when v_is_user then v_chat.real_last_read_seq else v_chat.fictional_last_read_seq end;
  v_to := least(p_seq, v_chat.last_seq);
  if v_to <= v_from then
    return v_from;
  end if;

  update public.messages m
  set read_at = now(), delivered_at = coalesce(m.delivered_at, now())
  where m.chat_id = p_chat_id and m.seq > v_from and m.seq <= v_to
    and m.sender_type = case when v_is_user then 'fictional' else 'real' end
    and m.read_at is null;
  update public.chats c
  set real_last_read_seq = case when v_is_user then v_to else c.real_last_read_seq end,
      fictional_last_read_seq = case when v_is_user then c.fictional_last_read_seq else v_to end
  where c.id = p_chat_id;
  perform private.notify('chat:' || p_chat_id, 'read', jsonb_build_object(
    'chat_id', p_chat_id, 'reader', case when v_is_user then 'real' else 'fictional' end, 'seq', v_to));
  return v_to;
end;
$$;

ALTER FUNCTION public.mark_messages_read(p_chat_id uuid, p_seq integer) OWNER TO postgres;

--
-- Name: messages_after(uuid, integer); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.messages_after(p_chat_id uuid, p_seq integer) RETURNS SETOF public.messages
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
  select m.* from public.messages m
  where m.chat_id = p_chat_id and m.seq > p_seq
  order by m.seq
  limit 200
$$;

ALTER FUNCTION public.messages_after(p_chat_id uuid, p_seq integer) OWNER TO postgres;

--
-- Name: my_credit_history(integer, bigint); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.my_credit_history(p_limit integer DEFAULT 50, p_before bigint DEFAULT NULL::bigint) RETURNS TABLE(id bigint, delta integer, balance_after integer, reason text, message_id uuid, transaction_id uuid, created_at timestamp with time zone)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  if p_limit is null or p_limit not between 1 and 200 then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'A page has 1 to 200 entries.';
  end if;
  return query
    select l.id, l.delta, l.balance_after, l.reason, l.message_id, l.transaction_id, l.created_at
    from public.credit_ledger l
    where l.user_id = auth.uid() and (p_before is null or l.id < p_before)
    order by l.id desc
    limit p_limit;
end;
$$;

ALTER FUNCTION public.my_credit_history(p_limit integer, p_before bigint) OWNER TO postgres;

--
-- Name: open_chat(uuid, uuid); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.open_chat(p_user_id uuid, p_fictional_user_id uuid) RETURNS json
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_chat public.chats;
  v_created boolean := false;
begin
  perform private.require_real_user(p_user_id);
  select c.* into v_chat from public.chats c
  where c.real_user_id = p_user_id and c.fictional_user_id = p_fictional_user_id;
  if not found then
    if not exists (select from public.fictional_users f where f.id = p_fictional_user_id and f.is_active) then
      raise sqlstate 'PT404' using hint = 'PROFILE_NOT_FOUND', message = 'There is no such profile.';
    elsif exists (select from public.blocks b
                  where b.real_user_id = p_user_id and b.fictional_user_id = p_fictional_user_id) then
      raise sqlstate 'PT403' using hint = 'PROFILE_BLOCKED', message = 'You have blocked this profile.';
    end if;
    insert into public.chats (real_user_id, fictional_user_id) values (p_user_id, p_fictional_user_id)
    on conflict on constraint chats_one_per_pair do nothing
    returning * into v_chat;
    v_created := found;
    if not v_created then
      -- Somebody made it between the look and the insert.
      select c.* into strict v_chat from public.chats c
      where c.real_user_id = p_user_id and c.fictional_user_id = p_fictional_user_id;
    else
      insert into public.chat_notes (chat_id) values (v_chat.id);
    end if;
  end if;
  return json_build_object('chat', private.chat_for_user(v_chat), 'created', v_created);
end;
$$;

ALTER FUNCTION public.open_chat(p_user_id uuid, p_fictional_user_id uuid) OWNER TO postgres;

--
-- Name: operator_daily_stats(uuid, date, date); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.operator_daily_stats(p_operator_id uuid, p_from date, p_to date) RETURNS json
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  if p_from is null or p_to is null or p_to < p_from or p_to - p_from > 365 then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'A period is 1 to 366 days, the first day first.';
  elsif not exists (select from public.operators o where o.id = p_operator_id) then
    raise sqlstate 'PT404' using hint = 'OPERATOR_NOT_FOUND', message = 'There is no such operator.';
  end if;
  return (
    select json_build_object('stats', json_agg(json_build_object(
      'date', d.day,
      'messages_sent', answers.messages_sent,
      'chats_handled', segments.chats_handled,
      'first_response_seconds', segments.first_response_seconds,
      'median_response_seconds', answers.median_response_seconds,
      'available_seconds', coalesce(availability.seconds, 0),
      'releases', coalesce(segments.releases, '{}')) order by d.day))
    from (
      select g::date as day, g at time zone 'UTC' as starts_at, (g + interval '1 day') at time zone 'UTC' as ends_at
      from generate_series(p_from::timestamp, p_to::timestamp, interval '1 day') as g
    ) as d
    cross join lateral (
      select
        coalesce(sum(by_reason.chats), 0)::integer as chats_handled,
        (sum(by_reason.first_response_sum) / nullif(sum(by_reason.responded), 0))::integer as first_response_seconds,
        json_object_agg(by_reason.release_reason, by_reason.chats)
          filter (where by_reason.release_reason is not null) as releases
      from (
        select a.release_reason, count(*) as chats, count(a.first_response_at) as responded,
          sum(extract(epoch from a.first_response_at - a.assigned_at)) as first_response_sum
        from public.chat_assignments a
        where a.operator_id = p_operator_id and a.assigned_at >= d.starts_at and a.assigned_at < d.ends_at
        group by a.release_reason
      ) as by_reason
    ) as segments
    cross join lateral (
      select count(*)::integer as messages_sent,
        percentile_cont(0.5) within group (
          order by extract(epoch from m.created_at - m.answered_waiting_since))::integer as median_response_seconds
      from public.messages m
      where m.handled_by_operator_id = p_operator_id and m.created_at >= d.starts_at and m.created_at < d.ends_at
    ) as answers
    cross join lateral (
      select sum(extract(epoch from
        least(coalesce(v.ended_at, now()), d.ends_at) - greatest(v.started_at, d.starts_at)))::integer as seconds
      from public.operator_availability v
      where v.operator_id = p_operator_id and v.started_at < least(d.ends_at, now())
        and coalesce(v.ended_at, now()) > d.starts_at
    ) as availability);
end;
$$;

ALTER FUNCTION public.operator_daily_stats(p_operator_id uuid, p_from date, p_to date) OWNER TO postgres;

--
-- Name: payment_of(uuid, text); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.payment_of(p_user_id uuid, p_reference text) RETURNS json
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $_$
declare
  v_transaction public.transactions;
begin
  perform private.require_real_user(p_user_id);
  if p_reference is null or p_reference !~ '^[A-Za-z0-9.=_-]{1,100}$' then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'This is not a payment reference.';
  end if;
  select t.* into v_transaction from public.transactions t where t.paystack_reference = p_reference;
  if not found then
    return json_build_object('reference', p_reference, 'status', 'unknown', 'granted', 0,
      'credits', (select u.credits from public.real_users u where u.id = p_user_id), 'reason', null);
  elsif v_transaction.real_user_id is distinct from p_user_id then
    raise sqlstate 'PT404' using hint = 'PAYMENT_NOT_FOUND', message = 'There is no such payment of yours.';
  end if;
  return private.payment_json(v_transaction.id, 0);
end;
$_$;

ALTER FUNCTION public.payment_of(p_user_id uuid, p_reference text) OWNER TO postgres;

--
-- Name: queue_status(); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.queue_status() RETURNS json
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select json_build_object(
    'waiting', count(*),
    'oldest_wait_seconds', coalesce(
      floor(extract(epoch from clock_timestamp() - min(q.waiting_since))), 0)::integer,
    'free_operators', (select count(*) from private.free_operators),
    'median_wait_seconds', (
      select percentile_cont(0.5) within group (order by extract(epoch from a.created_at - a.answered_waiting_since))::integer
      from (
        select m.created_at, m.answered_waiting_since from public.messages m
        where m.handled_by_operator_id is not null and m.created_at > now() - interval '1 hour'
          and m.answered_waiting_since is not null
      ) as a))
  from private.chat_queue q
$$;

ALTER FUNCTION public.queue_status() OWNER TO postgres;

--
-- Name: reactivate_operator(uuid, uuid); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.reactivate_operator(p_admin_id uuid, p_operator_id uuid) RETURNS json
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform private.require_admin(p_admin_id);
  update public.operators o set is_active = true where o.id = p_operator_id;
  if not found then
    raise sqlstate 'PT404' using hint = 'OPERATOR_NOT_FOUND', message = 'There is no such operator.';
  end if;
  perform private.audit(p_admin_id, 'reactivate_operator', p_operator_id::text);
  return json_build_object('operator_id', p_operator_id, 'is_active', true);
end;
$$;

ALTER FUNCTION public.reactivate_operator(p_admin_id uuid, p_operator_id uuid) OWNER TO postgres;

--
-- Name: reassign_chat(uuid, uuid, uuid); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.reassign_chat(p_admin_id uuid, p_chat_id uuid, p_operator_id uuid DEFAULT NULL::uuid) RETURNS json
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_chat public.chats;
  v_operator public.operators;
  v_assigned_to uuid := p_operator_id;
begin
  perform private.require_admin(p_admin_id);
  select c.* into v_chat from public.chats c where c.id = p_chat_id for no key update;
  if not found then
    raise sqlstate 'PT404' using hint = 'CHAT_NOT_FOUND', message = 'There is no such chat.';
  elsif not v_chat.is_active then
    raise sqlstate 'PT409' using hint = 'CHAT_CLOSED', message = 'This chat has been closed.';
  end if;
  if p_operator_id is null then
    v_assigned_to := public.release_and_reassign_chat(p_chat_id, 'admin_reassigned');
  else
    perform from public.operators o
    where o.id in (v_chat.assigned_operator_id, p_operator_id) order by o.id for no key update;
    perform private.release_chats(array[p_chat_id], array['admin_reassigned']);
    select o.* into v_operator from public.operators o where o.id = p_operator_id;
    if not found then
      raise sqlstate 'PT404' using hint = 'OPERATOR_NOT_FOUND', message = 'There is no such operator.';
    elsif v_operator.free_since is null then
      raise sqlstate 'PT409' using hint = 'OPERATOR_NOT_FREE',
        message = 'This operator is not available, or holds another chat.';
    end if;
    perform private.give_chat(p_chat_id, p_operator_id, p_accepted => false);
  end if;
  perform private.audit(p_admin_id, 'reassign_chat', p_chat_id::text,
    jsonb_build_object('operator_id', v_assigned_to));
  return json_build_object('chat_id', p_chat_id, 'assigned_operator_id', v_assigned_to);
end;
$$;

ALTER FUNCTION public.reassign_chat(p_admin_id uuid, p_chat_id uuid, p_operator_id uuid) OWNER TO postgres;

--
-- Name: receive_payment_event(bytea, boolean, text); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.receive_payment_event(p_body bytea, p_signature_valid boolean, p_source_ip text DEFAULT NULL::text) RETURNS json
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_sha256 bytea := sha256(p_body);
  v_payload jsonb := private.event_payload(p_body);
  v_data jsonb := v_payload -> 'data';
  v_reference text := private.event_reference(v_payload);
  v_key text;
  v_event public.payment_events;
begin
  if p_body is null or p_signature_valid is null then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'An event is a body, and whether its signature is valid.';
  end if;
  v_key := case
    when not p_signature_valid then null
    when v_data ->> 'id' is not null then concat_ws(':', v_payload ->> 'event', v_data ->> 'id')
    when v_reference is not null then concat_ws(':', v_payload ->> 'event', v_reference,
      coalesce(v_data ->> 'refund_reference', v_data ->> 'status'))
  end;
  v_key := coalesce(v_key, case when p_signature_valid then 'body:' else 'unsigned:' end || encode(v_sha256, 'hex'));
  -- Locked, because two bodies of one event may come at once, and neither is to be taken for the other.
  perform pg_advisory_xact_lock(hashtextextended('payment event:' || v_key, 0));
  if exists (select from public.payment_events e where e.dedupe_key = v_key and e.body_sha256 <> v_sha256) then
    v_key := v_key || ':' || encode(v_sha256, 'hex');
  end if;
  insert into public.payment_events as e
    (dedupe_key, event, reference, signature_valid, body, body_sha256, source_ip, handled_at, outcome)
  values
    (v_key, left(v_payload ->> 'event', 100), v_reference, p_signature_valid,
     case when p_signature_valid then p_body else substring(p_body, 1, 4096) end, v_sha256, p_source_ip,
     case when not p_signature_valid then now() end,
     case when not p_signature_valid then 'bad_signature' end)
  on conflict (dedupe_key) do update
  set deliveries = e.deliveries + 1, last_received_at = now()
  returning * into v_event;
  return json_build_object('event_id', v_event.id, 'repeated', v_event.deliveries > 1);
end;
$$;

ALTER FUNCTION public.receive_payment_event(p_body bytea, p_signature_valid boolean, p_source_ip text) OWNER TO postgres;

--
-- Name: record_heartbeat(uuid, uuid, timestamp with time zone); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.record_heartbeat(p_operator_id uuid, p_chat_id uuid DEFAULT NULL::uuid, p_last_activity timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS json
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_held_id uuid := private.lock_held_chat(p_operator_id);
  v_operator public.operators := private.operator_in_good_standing(p_operator_id);
  v_settings public.app_settings := private.settings();
  v_now timestamptz := clock_timestamp();
  -- least() passes over a null, and would make "never moved" into "moved just now".
  v_activity timestamptz := case when p_last_activity is not null then least(p_last_activity, v_now) end;
  v_idle_seconds double precision;
  v_released record;
begin
  update public.operators o
  set last_heartbeat_at = v_now, last_activity = greatest(o.last_activity, v_activity)
  where o.id = p_operator_id;

  if p_chat_id = v_held_id then
    update public.chat_assignments a set accepted_at = v_now
    where a.chat_id = v_held_id and a.released_at is null and a.accepted_at is null;
    update public.operator_activity a
    set last_activity = greatest(a.last_activity, v_activity), updated_at = v_now
    where a.chat_id = v_held_id and a.operator_id = p_operator_id;
  end if;
  if v_held_id is not null then
    select h.idle_seconds into v_idle_seconds from private.held_chats h where h.operator_id = p_operator_id;
    -- Moving again takes the warning back, so that the next silence is warned of again.
    update public.chats c set idle_warned_at = null
    where c.id = v_held_id and c.idle_warned_at is not null and v_idle_seconds < v_settings.idle_warning_seconds;
  end if;

  if p_chat_id is distinct from v_held_id and p_chat_id is not null then
    select a.release_reason as reason, a.released_at as at into v_released
    from public.chat_assignments a
    where a.chat_id = p_chat_id and a.operator_id = p_operator_id
    order by a.assigned_at desc
    limit 1;
    if not found then
      raise sqlstate 'PT404' using hint = 'CHAT_NOT_FOUND', message = 'There is no such chat of yours.';
    end if;
    return json_build_object(
      'state', 'released', 'seconds_left', 0, 'chat_id', v_held_id, 'is_available', v_operator.is_available,
      'released', json_build_object('chat_id', p_chat_id, 'reason', v_released.reason, 'at', v_released.at));
  end if;

  return json_build_object(
    'state', case
      when v_held_id is null then 'waiting'
      when v_idle_seconds >= v_settings.idle_warning_seconds then 'warning'
      else 'active' end,
    'seconds_left', case when v_held_id is not null
      then greatest(0, ceil(v_settings.idle_release_seconds - v_idle_seconds))::integer end,
    'chat_id', v_held_id,
    'is_available', v_operator.is_available,
    'released', null);
end;
$$;

ALTER FUNCTION public.record_heartbeat(p_operator_id uuid, p_chat_id uuid, p_last_activity timestamp with time zone) OWNER TO postgres;

--
-- Name: record_job_run(text, jsonb); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.record_job_run(p_job text, p_result jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  if coalesce(p_job, '') = '' then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'A job has a name.';
  end if;
  insert into public.job_runs as j (job, last_result) values (p_job, coalesce(p_result, '{}'))
  on conflict (job) do update
  set runs = j.runs + 1, last_run_at = now(), last_result = excluded.last_result;
end;
$$;

ALTER FUNCTION public.record_job_run(p_job text, p_result jsonb) OWNER TO postgres;

--
-- Name: refund_unanswered_messages(); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.refund_unanswered_messages() RETURNS TABLE(chat_id uuid, message_id uuid)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_before timestamptz := clock_timestamp()
    - (select s.unanswered_refund_seconds from public.app_settings s) * interval '1 second';
  v_chat_id uuid;
begin
  for v_chat_id in
    select c.id
    from (
      select q.chat_id from private.chat_queue q where q.waiting_since <= v_before
      union all
      select held.id from public.chats held where held.assigned_operator_id is not null and held.waiting_since <= v_before
    ) as unanswered
    join public.chats c on c.id = unanswered.chat_id
    where exists (
      select from public.messages m
      where m.chat_id = c.id and m.seq > c.last_answered_seq and m.sender_type = 'real'
        and not m.is_free_message and m.refunded_at is null and m.created_at <= v_before)
    order by c.real_user_id, c.id
    limit 1000
    for no key update of c skip locked
  loop
    return query select v_chat_id, r from private.refund_unanswered(v_chat_id) as r;
  end loop;
end;
$$;

ALTER FUNCTION public.refund_unanswered_messages() OWNER TO postgres;

--
-- Name: reinstate_user(uuid, uuid); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.reinstate_user(p_admin_id uuid, p_user_id uuid) RETURNS json
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform private.require_admin(p_admin_id);
  update public.real_users u
  set is_active = true, suspended_reason = null, updated_at = now()
  where u.id = p_user_id;
  if not found then
    raise sqlstate 'PT404' using hint = 'USER_NOT_FOUND', message = 'There is no such user.';
  end if;
  perform private.audit(p_admin_id, 'reinstate_user', p_user_id::text);
  return json_build_object('user_id', p_user_id, 'is_active', true);
end;
$$;

ALTER FUNCTION public.reinstate_user(p_admin_id uuid, p_user_id uuid) OWNER TO postgres;

--
-- Name: release_and_reassign_chat(uuid, text); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.release_and_reassign_chat(p_chat_id uuid, p_reason text) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  if coalesce(p_reason, '') = '' then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'A release has a reason.';
  end if;
  perform from public.chats c where c.id = p_chat_id for no key update;
  if not found then
    raise sqlstate 'PT404' using hint = 'CHAT_NOT_FOUND', message = 'There is no such chat.';
  end if;
  perform private.release_chats(array[p_chat_id], array[p_reason]);
  return private.offer_chat(p_chat_id);
end;
$$;

ALTER FUNCTION public.release_and_reassign_chat(p_chat_id uuid, p_reason text) OWNER TO postgres;

--
-- Name: release_chat(uuid, uuid); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.release_chat(p_operator_id uuid, p_chat_id uuid) RETURNS json
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform private.lay_down_chat(p_operator_id, p_chat_id, 'operator_released');
  return json_build_object(
    'released', true, 'reassigned', private.offer_chat(p_chat_id, p_except => p_operator_id) is not null);
end;
$$;

ALTER FUNCTION public.release_chat(p_operator_id uuid, p_chat_id uuid) OWNER TO postgres;

--
-- Name: reopen_chat(uuid, uuid); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.reopen_chat(p_admin_id uuid, p_chat_id uuid) RETURNS json
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform private.require_admin(p_admin_id);
  update public.chats c set is_active = true, updated_at = now() where c.id = p_chat_id;
  if not found then
    raise sqlstate 'PT404' using hint = 'CHAT_NOT_FOUND', message = 'There is no such chat.';
  end if;
  perform private.audit(p_admin_id, 'reopen_chat', p_chat_id::text);
  return json_build_object('chat_id', p_chat_id, 'is_active', true);
end;
$$;

ALTER FUNCTION public.reopen_chat(p_admin_id uuid, p_chat_id uuid) OWNER TO postgres;

--
-- Name: report_message(uuid, text); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.report_message(p_message_id uuid, p_reason text) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

ALTER FUNCTION public.report_message(p_message_id uuid, p_reason text) OWNER TO postgres;

--
-- Name: resolve_report(uuid, uuid, text); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.resolve_report(p_admin_id uuid, p_report_id uuid, p_resolution text) RETURNS json
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_resolution text := private.clean_text(p_resolution);
  v_report public.message_reports;
begin
  perform private.require_admin(p_admin_id);
  if char_length(v_resolution) not between 1 and 1000 then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'A resolution has 1 to 1000 characters.';
  end if;
  select r.* into v_report from public.message_reports r where r.id = p_report_id for no key update;
  if not found then
    raise sqlstate 'PT404' using hint = 'REPORT_NOT_FOUND', message = 'There is no such report.';
  elsif v_report.resolved_at is null then
    update public.message_reports r
    set resolved_at = now(), resolved_by = p_admin_id, resolution = v_resolution
    where r.id = p_report_id
    returning * into v_report;
    perform private.audit(p_admin_id, 'resolve_report', p_report_id::text);
  end if;
  return json_build_object('report', v_report);
end;
$$;

ALTER FUNCTION public.resolve_report(p_admin_id uuid, p_report_id uuid, p_resolution text) OWNER TO postgres;

--
-- Name: reverse_payment(text, text, text, bigint, text); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.reverse_payment(p_reference text, p_reversal_key text, p_kind text, p_amount_minor bigint, p_state text) RETURNS json
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $_$
declare
  v_transaction public.transactions;
begin
  if p_reference is null or p_reference !~ '^[A-Za-z0-9.=_-]{1,100}$' or coalesce(p_reversal_key, '') = ''
    or coalesce(p_kind, '') not in ('refund', 'dispute') or coalesce(p_state, '') not in ('open', 'done', 'undone')
    or p_amount_minor is null or p_amount_minor <= 0 then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT',
      message = 'A reversal has a reference, a key, a kind (refund or dispute), an amount and a state (open, done or undone).';
  end if;
  perform private.lock_reference(p_reference);
  insert into public.payment_reversals as r (reference, reversal_key, kind, amount_minor, state)
  values (p_reference, p_reversal_key, p_kind, p_amount_minor, p_state)
  on conflict (reference, reversal_key) do update
  set state = excluded.state, amount_minor = excluded.amount_minor, updated_at = now()
  where array_position(array['open', 'done', 'undone'], excluded.state)
      > array_position(array['open', 'done', 'undone'], r.state);
  select t.* into v_transaction from public.transactions t
  where t.paystack_reference = p_reference
  for no key update;
  if not found then
    return json_build_object('reference', p_reference, 'status', 'unknown', 'credits_reversed', 0, 'credits_shortfall', 0);
  end if;
  perform private.apply_reversals(v_transaction.id);
  return (
    select json_build_object('reference', p_reference, 'status', t.status,
      'credits_reversed', t.credits_reversed, 'credits_shortfall', t.credits_shortfall)
    from public.transactions t where t.id = v_transaction.id);
end;
$_$;

ALTER FUNCTION public.reverse_payment(p_reference text, p_reversal_key text, p_kind text, p_amount_minor bigint, p_state text) OWNER TO postgres;

--
-- Name: save_chat_notes(uuid, uuid, integer, text, text); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.save_chat_notes(p_operator_id uuid, p_chat_id uuid, p_version integer, p_real_profile_notes text DEFAULT NULL::text, p_fictional_profile_notes text DEFAULT NULL::text) RETURNS json
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

ALTER FUNCTION public.save_chat_notes(p_operator_id uuid, p_chat_id uuid, p_version integer, p_real_profile_notes text, p_fictional_profile_notes text) OWNER TO postgres;

--
-- Name: save_profile(uuid, uuid, jsonb); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.save_profile(p_admin_id uuid, p_profile_id uuid, p_profile jsonb) RETURNS json
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $_$
declare
  v_old public.fictional_users;
  v_new public.fictional_users;
begin
  perform private.require_admin(p_admin_id);
  if p_profile_id is not null then
    select f.* into v_old from public.fictional_users f where f.id = p_profile_id for no key update;
    if not found then
      raise sqlstate 'PT404' using hint = 'PROFILE_NOT_FOUND', message = 'There is no such profile.';
    end if;
  end if;
  v_new := jsonb_populate_record(v_old, p_profile - array['id', 'is_fictional', 'created_at', 'created_by']);
  if exists (select from unnest(v_new.profile_pictures) as picture
    where picture !~ '^https://[^\s"<>]+$' or pg_catalog.char_length(picture) > 2000) then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'Pictures are https addresses.';
  end if;
  insert into public.fictional_users as f
    (id, name, age, gender, location, bio, profile_pictures, is_active, created_by)
  values
    (coalesce(p_profile_id, gen_random_uuid()), private.clean_text(v_new.name), v_new.age, v_new.gender,
     private.clean_text(v_new.location), private.clean_text(v_new.bio), coalesce(v_new.profile_pictures, '{}'),
     coalesce(v_new.is_active, true), p_admin_id)
  on conflict (id) do update
  set name = excluded.name, age = excluded.age, gender = excluded.gender, location = excluded.location,
      bio = excluded.bio, profile_pictures = excluded.profile_pictures, is_active = excluded.is_active
  returning * into v_new;
  perform private.audit(p_admin_id, case when p_profile_id is null then 'create_profile' else 'change_profile' end,
    v_new.id::text, p_profile);
  return json_build_object('profile', private.profile_json(v_new));
exception
  when check_violation or not_null_violation or invalid_text_representation or numeric_value_out_of_range then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message =
      'A profile has a name (1 to 50 characters), an age (18 to 100), a gender (male or female), a location (1 to 100 characters), at most 2000 characters of bio and at most 10 pictures.';
end;
$_$;

ALTER FUNCTION public.save_profile(p_admin_id uuid, p_profile_id uuid, p_profile jsonb) OWNER TO postgres;

--
-- Name: send_operator_message(uuid, uuid, text, uuid); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.send_operator_message(p_operator_id uuid, p_chat_id uuid, p_content text, p_client_message_id uuid DEFAULT NULL::uuid) RETURNS json
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_content text := private.clean_message(p_content);
  v_message public.messages;
  v_turn record;
begin
  perform from public.chats c where c.id = p_chat_id for no key update;
  if p_client_message_id is not null then
    select m.* into v_message from public.messages m
    where m.chat_id = p_chat_id and m.client_message_id = p_client_message_id;
    if found and v_message.handled_by_operator_id = p_operator_id and v_message.content = v_content then
      return json_build_object('message', private.message_json(v_message), 'repeated', true);
    elsif found then
      raise sqlstate 'PT409' using hint = 'IDEMPOTENCY_CONFLICT',
        message = 'This message id was already used for another message.';
    end if;
  end if;
  v_turn := private.operator_turn(p_operator_id, p_chat_id);
  insert into public.messages
    (id, chat_id, seq, sender_type, content, client_message_id, handled_by_operator_id, created_at, answered_waiting_since)
  values
    (private.uuid_v7(), p_chat_id, v_turn.seq, 'fictional', v_content, p_client_message_id, p_operator_id, v_turn.written_at,
     v_turn.answered_waiting_since)
  returning * into v_message;
  return json_build_object('message', private.message_json(v_message), 'repeated', false);
end;
$$;

ALTER FUNCTION public.send_operator_message(p_operator_id uuid, p_chat_id uuid, p_content text, p_client_message_id uuid) OWNER TO postgres;

--
-- Name: send_user_message(uuid, uuid, text, uuid); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.send_user_message(p_user_id uuid, p_chat_id uuid, p_content text, p_client_message_id uuid DEFAULT NULL::uuid) RETURNS json
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_content text := private.clean_message(p_content);
  v_chat record;
  v_rules record;
  v_message public.messages;
  v_now timestamptz;
  v_recent timestamptz[];
  v_is_free boolean;
  v_operator_id uuid;
begin
  -- One statement, because what a send costs is mostly the number of its statements. Rows are locked in the order of "of".
  select c.last_seq, c.real_message_count, c.is_active, c.fictional_user_id, c.waiting_since, c.assigned_operator_id,
    u.credits, u.is_active as user_is_active, u.disclosure_version, u.recent_sends
  into v_chat
  from public.chats c
  join public.real_users u on u.id = c.real_user_id
  where c.id = p_chat_id and c.real_user_id = p_user_id
  for no key update of c, u;
  if not found then
    perform private.require_real_user(p_user_id);
    -- A stranger's chat and a wrong id get one answer: we do not confirm which chats exist.
    raise sqlstate 'PT404' using hint = 'CHAT_NOT_FOUND', message = 'There is no such chat.';
  end if;

  -- Looked up under the chat's lock, so two copies of one request cannot both miss it.
  if p_client_message_id is not null then
    select m.* into v_message from public.messages m
    where m.chat_id = p_chat_id and m.client_message_id = p_client_message_id;
    if found and v_message.sender_type = 'real' and v_message.content = v_content then
      return json_build_object(
        'message', private.message_json(v_message), 'credits', v_chat.credits, 'repeated', true);
    elsif found then
      raise sqlstate 'PT409' using hint = 'IDEMPOTENCY_CONFLICT',
        message = 'This message id was already used for another message.';
    end if;
  end if;

  -- Read after the locks: whoever waited is judged by what holds now, and created_at rises with seq.
  select s.free_messages, s.messages_per_minute, s.disclosure_version,
    exists (select from public.blocks b
            where b.real_user_id = p_user_id and b.fictional_user_id = v_chat.fictional_user_id) as is_blocked
  into strict v_rules
  from public.app_settings s;
  v_now := clock_timestamp();
  v_recent := array(select t from unnest(v_chat.recent_sends) as t where t > v_now - interval '1 minute');
  v_is_free := v_chat.real_message_count < v_rules.free_messages;

  if not v_chat.user_is_active then
    raise sqlstate 'PT403' using hint = 'ACCOUNT_SUSPENDED', message = 'This account has been suspended.';
  elsif not v_chat.is_active then
    raise sqlstate 'PT409' using hint = 'CHAT_CLOSED', message = 'This chat has been closed.';
  elsif v_chat.disclosure_version is distinct from v_rules.disclosure_version then
    raise sqlstate 'PT403' using hint = 'DISCLOSURE_REQUIRED',
      message = 'Please confirm first that you know the profiles are fictional and written by operators.';
  elsif v_rules.is_blocked then
    raise sqlstate 'PT403' using hint = 'PROFILE_BLOCKED', message = 'You have blocked this profile.';
  elsif cardinality(v_recent) >= v_rules.messages_per_minute then
    raise sqlstate 'PT429' using hint = 'RATE_LIMITED', message = 'Too many messages. Please wait a moment.',
      detail = ceil(extract(epoch from v_recent[1] + interval '1 minute' - v_now))::text;
  elsif not v_is_free and v_chat.credits < 1 then
    raise sqlstate 'PT402' using hint = 'INSUFFICIENT_CREDITS',
      message = 'Insufficient credits. Please purchase more credits to continue chatting.';
  end if;

  update public.real_users u
  set recent_sends = v_recent || v_now, credits = u.credits - (not v_is_free)::integer
  where u.id = p_user_id
  returning u.credits into v_chat.credits;

  insert into public.messages (id, chat_id, seq, sender_type, content, client_message_id, is_free_message, created_at)
  values (private.uuid_v7(), p_chat_id, v_chat.last_seq + 1, 'real', v_content, p_client_message_id, v_is_free, v_now)
  returning * into v_message;

  if not v_is_free then
    insert into public.credit_ledger (user_id, delta, balance_after, reason, message_id)
    values (p_user_id, -1, v_chat.credits, 'message', v_message.id);
  end if;

  update public.chats c
  set last_seq = c.last_seq + 1, message_count = c.message_count + 1, real_message_count = c.real_message_count + 1,
      last_message_at = v_now, waiting_since = coalesce(c.waiting_since, v_now), updated_at = v_now
  where c.id = p_chat_id;

  if v_chat.assigned_operator_id is null then
    -- Nearly always nobody is in line, and operators_in_line says so for less than asking who should have the chat.
    if exists (select from public.operators o where o.asked_at is not null) then
      v_operator_id := private.offer_chat(p_chat_id, p_in_line_only => true);
    end if;
    if v_operator_id is null and v_chat.waiting_since is null then
      perform private.notify('operators', 'queue_changed', '{}');
    end if;
  end if;

  return json_build_object(
    'message', private.message_json(v_message), 'credits', v_chat.credits, 'repeated', false);
end;
$$;

ALTER FUNCTION public.send_user_message(p_user_id uuid, p_chat_id uuid, p_content text, p_client_message_id uuid) OWNER TO postgres;

--
-- Name: set_operator_availability(uuid, boolean); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.set_operator_availability(p_operator_id uuid, p_available boolean) RETURNS json
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_now timestamptz;
  v_chat_id uuid;
begin
  if p_available is null then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'available is true or false.';
  end if;
  v_chat_id := private.lock_held_chat(p_operator_id);
  perform private.operator_in_good_standing(p_operator_id);
  v_now := clock_timestamp();

  if p_available then
    update public.operators o
    set is_available = true, unavailable_reason = null, last_heartbeat_at = v_now, last_activity = v_now,
        idle_releases = case when o.is_available then o.idle_releases else 0 end,
        free_since = case when v_chat_id is null then coalesce(o.free_since, v_now) end
    where o.id = p_operator_id;
    insert into public.operator_availability (operator_id, started_at) values (p_operator_id, v_now)
    on conflict (operator_id) where ended_at is null do nothing;
    v_chat_id := null;
  else
    perform private.take_off_duty(p_operator_id, 'operator_left');
    if v_chat_id is not null then
      perform private.release_chats(array[v_chat_id], array['operator_left']);
      perform private.offer_chat(v_chat_id);
    end if;
  end if;
  return json_build_object(
    'is_available', p_available,
    'released_chat_id', v_chat_id,
    'waiting', exists (select from private.chat_queue));
end;
$$;

ALTER FUNCTION public.set_operator_availability(p_operator_id uuid, p_available boolean) OWNER TO postgres;

--
-- Name: settle_payment(text, bigint, text, jsonb, text, uuid); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.settle_payment(p_reference text, p_amount_minor bigint, p_currency text, p_charge jsonb DEFAULT NULL::jsonb, p_mode text DEFAULT NULL::text, p_payer_id uuid DEFAULT NULL::uuid) RETURNS json
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $_$
declare
  v_transaction public.transactions;
  v_says text := case when p_charge is null then 'success' else coalesce(p_charge ->> 'status', 'nothing') end;
  v_asked_minor bigint := coalesce(private.to_bigint(p_charge ->> 'requested_amount'), p_amount_minor);
  v_reason text;
begin
  if p_reference is null or p_reference !~ '^[A-Za-z0-9.=_-]{1,100}$' then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'This is not a payment reference.';
  elsif p_charge is not null and p_charge ->> 'reference' is distinct from p_reference then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'The charge is of another reference.';
  elsif p_charge is not null and p_mode is not null and p_charge ->> 'domain' is distinct from p_mode then
    raise sqlstate 'PT409' using hint = 'WRONG_MODE', message = 'A test payment is worth nothing on live keys, nor the other way round.';
  end if;

  -- A reversal may come before the payment it reverses; both sides meet here.
  perform private.lock_reference(p_reference);
  select t.* into v_transaction from public.transactions t
  where t.paystack_reference = p_reference
  for no key update;
  if not found then
    v_transaction := private.adopt_payment(p_reference, p_amount_minor, p_currency, p_charge, v_says);
  end if;

  if v_transaction.id is null and p_payer_id is null then
    return json_build_object(
      'reference', p_reference, 'status', 'unknown', 'granted', 0, 'credits', null, 'reason', 'UNKNOWN_REFERENCE');
  elsif p_payer_id is not null and v_transaction.real_user_id is distinct from p_payer_id then
    raise sqlstate 'PT404' using hint = 'PAYMENT_NOT_FOUND', message = 'There is no such payment of yours.';
  elsif v_transaction.status = 'success' or v_transaction.failure_reason = 'REVERSED' then
    -- What Paystack has taken back is not paid by an older event that comes late.
    return private.payment_json(v_transaction.id, 0);
  end if;

  v_reason := case
    when v_says = 'failed' then 'DECLINED'
    when v_says = 'reversed' then 'REVERSED'
    when v_says <> 'success' then null
    when p_currency is distinct from v_transaction.currency then 'WRONG_CURRENCY'
    when v_asked_minor is distinct from v_transaction.amount_minor then 'WRONG_AMOUNT'
    when p_amount_minor is null or p_amount_minor < v_transaction.amount_minor then 'WRONG_AMOUNT'
  end;
  if v_reason is not null then
    update public.transactions t
    set status = 'failed', failure_reason = v_reason,
        completed_at = coalesce(t.completed_at, now()),
        provider_payload = coalesce(private.charge_facts(p_charge), t.provider_payload)
    where t.id = v_transaction.id;
    return private.payment_json(v_transaction.id, 0);
  elsif v_says <> 'success' then
    return private.payment_json(v_transaction.id, 0);
  end if;

  update public.transactions t
  set status = 'success', failure_reason = case when t.real_user_id is null then 'ACCOUNT_DELETED' end,
      completed_at = now(), next_check_at = null, channel = p_charge ->> 'channel',
      provider_payload = private.charge_facts(p_charge)
  where t.id = v_transaction.id;
  if v_transaction.real_user_id is null then
    -- Paid after the account was deleted: there is nobody to credit. Admins see it by its failure_reason and refund it.
    return private.payment_json(v_transaction.id, 0);
  end if;
  perform private.move_credits(
    v_transaction.real_user_id, v_transaction.credits_purchased, 'purchase', p_transaction_id => v_transaction.id);
  perform private.apply_reversals(v_transaction.id);
  return private.payment_json(v_transaction.id, v_transaction.credits_purchased);
end;
$_$;

ALTER FUNCTION public.settle_payment(p_reference text, p_amount_minor bigint, p_currency text, p_charge jsonb, p_mode text, p_payer_id uuid) OWNER TO postgres;

--
-- Name: suspend_user(uuid, uuid, text); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.suspend_user(p_admin_id uuid, p_user_id uuid, p_reason text) RETURNS json
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_chat_id uuid;
begin
  perform private.require_admin(p_admin_id);
  if char_length(private.clean_text(p_reason)) not between 1 and 1000 then
    raise sqlstate 'PT400' using hint = 'INVALID_INPUT', message = 'A suspension has a reason of 1 to 1000 characters.';
  end if;
  perform from public.chats c where c.real_user_id = p_user_id order by c.id for no key update;
  -- All operators before the user's own row, which the first refund locks.
  perform private.release_chats(array_agg(c.id), array_agg('user_suspended'::text))
  from public.chats c where c.real_user_id = p_user_id and c.assigned_operator_id is not null;
  for v_chat_id in
    select c.id from public.chats c where c.real_user_id = p_user_id and c.waiting_since is not null
  loop
    perform private.stop_waiting(v_chat_id, 'user_suspended');
  end loop;
  update public.real_users u
  set is_active = false, suspended_reason = private.clean_text(p_reason), updated_at = now()
  where u.id = p_user_id;
  if not found then
    raise sqlstate 'PT404' using hint = 'USER_NOT_FOUND', message = 'There is no such user.';
  end if;
  perform private.audit(p_admin_id, 'suspend_user', p_user_id::text, jsonb_build_object('reason', p_reason));
  return json_build_object('user_id', p_user_id, 'is_active', false);
end;
$$;

ALTER FUNCTION public.suspend_user(p_admin_id uuid, p_user_id uuid, p_reason text) OWNER TO postgres;

--
-- Name: sweep_idle_assignments(); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.sweep_idle_assignments() RETURNS TABLE(chat_id uuid, operator_id uuid, action text, reason text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
#variable_conflict use_column
declare
  v_locked_ids uuid[];
  v_warned_ids uuid[];
  v_warned_topics text[];
  v_warnings jsonb[];
  v_released_ids uuid[];
  v_released_from uuid[];
  v_reasons text[];
  v_waiting_id uuid;
  v_operator_id uuid;
begin
  -- Lock what looks due, then judge again: a heartbeat may have come between the look and the lock.
  select array_agg(locked.id) into v_locked_ids
  from (
    select c.id from public.chats c
    where c.assigned_operator_id is not null
      and c.id in (select h.chat_id from private.assignment_health() h where h.verdict is not null)
    for no key update skip locked
  ) as locked;

  if v_locked_ids is not null then
    -- A join, because a kept plan would look through v_locked_ids from one end for each chat.
    select
      array_agg(h.chat_id) filter (where h.verdict = 'warn'),
      array_agg('operator:' || h.operator_id) filter (where h.verdict = 'warn'),
      array_agg(jsonb_build_object('chat_id', h.chat_id, 'seconds_left', ceil(s.idle_release_seconds - h.idle_seconds)))
        filter (where h.verdict = 'warn'),
      array_agg(h.chat_id) filter (where h.verdict <> 'warn'),
      array_agg(h.operator_id) filter (where h.verdict <> 'warn'),
      array_agg(h.verdict) filter (where h.verdict <> 'warn')
    into v_warned_ids, v_warned_topics, v_warnings, v_released_ids, v_released_from, v_reasons
    from unnest(v_locked_ids) as locked (id)
    join private.assignment_health() h on h.chat_id = locked.id
    cross join public.app_settings s
    where h.verdict is not null;

    return query
      update public.chats c set idle_warned_at = clock_timestamp()
      where c.id = any (v_warned_ids)
      returning c.id, c.assigned_operator_id, 'warned', 'idle';
    perform private.notify_each(v_warned_topics, 'idle_warning', v_warnings);

    perform private.release_chats(v_released_ids, v_reasons);
    return query
      select r.chat_id, r.operator_id, case when o.is_available then 'released' else 'paused' end, r.reason
      from unnest(v_released_ids, v_released_from, v_reasons) as r (chat_id, operator_id, reason)
      join public.operators o on o.id = r.operator_id;
  end if;

  -- Available, without a chat, and silent: not there. They come back by saying so.
  for v_operator_id in
    select o.id from public.operators o
    where o.free_since is not null
      and o.last_heartbeat_at <= clock_timestamp()
        - (select s.lost_operator_seconds from public.app_settings s) * interval '1 second'
    for no key update skip locked
  loop
    perform private.take_off_duty(v_operator_id, 'operator_lost');
    return query select null::uuid, v_operator_id, 'lost', 'operator_lost';
  end loop;

  -- The backstop of every event that should have matched them: as many waiting chats as there are free operators. A
  -- thousand at a time: until it commits, nobody whose chat was taken gets an answer to a heartbeat. The next goes on.
  -- Found and locked as in assign_chat_to_operator.
  for v_waiting_id in
    select c.id from private.chat_queue q
    join public.chats c on c.id = q.chat_id
    where coalesce(c.waiting_since = q.waiting_since and c.assigned_operator_id is null, false)
    order by q.waiting_since, q.chat_id
    limit (select least(count(*), 1000) from public.operators o where o.free_since is not null)
    for update of q skip locked
    for no key update of c skip locked
  loop
    v_operator_id := private.offer_chat(v_waiting_id);
    exit when v_operator_id is null;
    return query select v_waiting_id, v_operator_id, 'assigned', 'sweep';
  end loop;
end;
$$;

ALTER FUNCTION public.sweep_idle_assignments() OWNER TO postgres;

--
-- Name: update_settings(uuid, jsonb); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.update_settings(p_admin_id uuid, p_changes jsonb) RETURNS json
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
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

ALTER FUNCTION public.update_settings(p_admin_id uuid, p_changes jsonb) OWNER TO postgres;

--
-- Name: chat_queue; Type: TABLE; Schema: private; Owner: postgres
--

CREATE TABLE private.chat_queue (
    chat_id uuid NOT NULL,
    waiting_since timestamp with time zone NOT NULL
)
WITH (autovacuum_vacuum_threshold='1000', autovacuum_vacuum_scale_factor='0.01', vacuum_index_cleanup='on');

ALTER TABLE private.chat_queue OWNER TO postgres;

--
-- Name: TABLE chat_queue; Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON TABLE private.chat_queue IS 'The chats that wait and that nobody holds, as tg_chats__keep_queue copies them from chats. chats is the truth and has the lock.';

--
-- Name: free_operators; Type: VIEW; Schema: private; Owner: postgres
--

CREATE VIEW private.free_operators WITH (security_invoker='true') AS
 SELECT id,
    free_since,
    asked_at
   FROM public.operators o
  WHERE ((free_since IS NOT NULL) AND (last_heartbeat_at > (clock_timestamp() - ((( SELECT s.lost_operator_seconds
           FROM public.app_settings s))::double precision * '00:00:01'::interval))));

ALTER VIEW private.free_operators OWNER TO postgres;

--
-- Name: VIEW free_operators; Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON VIEW private.free_operators IS 'Operators who are active, available, without a chat, and heard of lately.';

--
-- Name: operator_activity; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.operator_activity (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    chat_id uuid NOT NULL,
    operator_id uuid NOT NULL,
    last_activity timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
)
WITH (fillfactor='70');

ALTER TABLE public.operator_activity OWNER TO postgres;

--
-- Name: TABLE operator_activity; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON TABLE public.operator_activity IS 'When an operator last moved in a chat, by the server''s clock.';

--
-- Name: held_chats; Type: VIEW; Schema: private; Owner: postgres
--

CREATE VIEW private.held_chats WITH (security_invoker='true') AS
 SELECT h.chat_id,
    h.operator_id,
    h.idle_seconds,
        CASE
            WHEN (h.silent_seconds >= (s.lost_operator_seconds)::double precision) THEN 'operator_lost'::text
            WHEN (h.idle_seconds >= (s.idle_release_seconds)::double precision) THEN 'idle_timeout'::text
            WHEN (h.unanswered_seconds >= (s.answer_within_seconds)::double precision) THEN 'answer_timeout'::text
            WHEN ((h.idle_seconds >= (s.idle_warning_seconds)::double precision) AND (h.idle_warned_at IS NULL)) THEN 'warn'::text
            ELSE NULL::text
        END AS verdict
   FROM (public.app_settings s
     CROSS JOIN LATERAL ( SELECT c.id AS chat_id,
            o.id AS operator_id,
            c.idle_warned_at,
            (EXTRACT(epoch FROM (clock.now - GREATEST(o.last_heartbeat_at, c.assignment_time))))::double precision AS silent_seconds,
            (EXTRACT(epoch FROM (clock.now - GREATEST(a.last_activity, c.assignment_time))))::double precision AS idle_seconds,
            ((EXTRACT(epoch FROM (clock.now - GREATEST(c.waiting_since, c.assignment_time))))::double precision * (((c.waiting_since IS NOT NULL))::integer)::double precision) AS unanswered_seconds
           FROM (((( SELECT clock_timestamp() AS now) clock
             CROSS JOIN public.chats c)
             JOIN public.operators o ON ((o.id = c.assigned_operator_id)))
             LEFT JOIN public.operator_activity a ON (((a.chat_id = c.id) AND (a.operator_id = o.id))))
          WHERE (c.assigned_operator_id IS NOT NULL)) h);

ALTER VIEW private.held_chats OWNER TO postgres;

--
-- Name: VIEW held_chats; Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON VIEW private.held_chats IS 'Every held chat, how long its operator has been idle, and what is due because of it. The clocks start at the assignment: what an operator did before it neither helps nor harms them.';

--
-- Name: COLUMN held_chats.verdict; Type: COMMENT; Schema: private; Owner: postgres
--

COMMENT ON COLUMN private.held_chats.verdict IS 'null (fine), ''warn'', or the reason for which the chat is to be released.';

--
-- Name: schema_files; Type: TABLE; Schema: private; Owner: postgres
--

CREATE TABLE private.schema_files (
    path text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE private.schema_files OWNER TO postgres;

--
-- Name: schema_snapshot; Type: TABLE; Schema: private; Owner: postgres
--

CREATE TABLE private.schema_snapshot (
    line text NOT NULL
);

ALTER TABLE private.schema_snapshot OWNER TO postgres;

--
-- Name: admin_audit_log; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.admin_audit_log (
    id bigint NOT NULL,
    admin_id uuid,
    action text NOT NULL,
    target_id text,
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE public.admin_audit_log OWNER TO postgres;

--
-- Name: TABLE admin_audit_log; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON TABLE public.admin_audit_log IS 'Append-only: who did what to whom. admin_id is null for what was done from the server''s console.';

--
-- Name: admin_audit_log_id_seq; Type: SEQUENCE; Schema: public; Owner: postgres
--

ALTER TABLE public.admin_audit_log ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.admin_audit_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: admins; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.admins (
    id uuid NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    is_super_admin boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT admins_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 100)))
);

ALTER TABLE public.admins OWNER TO postgres;

--
-- Name: TABLE admins; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON TABLE public.admins IS 'Who runs the place. Only super admins make admins.';

--
-- Name: blocks; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.blocks (
    real_user_id uuid NOT NULL,
    fictional_user_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE public.blocks OWNER TO postgres;

--
-- Name: TABLE blocks; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON TABLE public.blocks IS 'Profiles a user wants nothing more to do with.';

--
-- Name: chat_assignments; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.chat_assignments (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    chat_id uuid,
    operator_id uuid,
    assigned_at timestamp with time zone DEFAULT now() NOT NULL,
    accepted_at timestamp with time zone,
    first_response_at timestamp with time zone,
    messages_sent integer DEFAULT 0 NOT NULL,
    released_at timestamp with time zone,
    release_reason text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT chat_assignments_released_with_reason CHECK (((released_at IS NULL) = (release_reason IS NULL)))
)
WITH (fillfactor='80');

ALTER TABLE public.chat_assignments OWNER TO postgres;

--
-- Name: TABLE chat_assignments; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON TABLE public.chat_assignments IS 'Who held which chat from when to when, and why it ended. Statistics are counted from these, so they outlive chat and operator.';

--
-- Name: COLUMN chat_assignments.accepted_at; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.chat_assignments.accepted_at IS 'When the operator''s client first showed it knew; null while a chat given unasked is not yet picked up.';

--
-- Name: chat_notes; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.chat_notes (
    chat_id uuid NOT NULL,
    real_profile_notes text DEFAULT ''::text NOT NULL,
    fictional_profile_notes text DEFAULT ''::text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_by uuid,
    CONSTRAINT chat_notes_fictional_profile_notes_check CHECK ((char_length(fictional_profile_notes) <= 10000)),
    CONSTRAINT chat_notes_real_profile_notes_check CHECK ((char_length(real_profile_notes) <= 10000))
);

ALTER TABLE public.chat_notes OWNER TO postgres;

--
-- Name: TABLE chat_notes; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON TABLE public.chat_notes IS 'What operators note for each other. Never shown to the user.';

--
-- Name: credit_ledger; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.credit_ledger (
    id bigint NOT NULL,
    user_id uuid NOT NULL,
    delta integer NOT NULL,
    balance_after integer NOT NULL,
    reason text NOT NULL,
    message_id uuid,
    transaction_id uuid,
    admin_id uuid,
    request_id uuid,
    note text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT credit_ledger_balance_after_check CHECK ((balance_after >= 0)),
    CONSTRAINT credit_ledger_delta_check CHECK ((delta <> 0)),
    CONSTRAINT credit_ledger_names_its_cause CHECK (
CASE reason
    WHEN 'message'::text THEN ((message_id IS NOT NULL) AND (delta < 0))
    WHEN 'unanswered'::text THEN ((message_id IS NOT NULL) AND (delta > 0))
    WHEN 'purchase'::text THEN ((transaction_id IS NOT NULL) AND (delta > 0))
    WHEN 'reversal'::text THEN (transaction_id IS NOT NULL)
    WHEN 'adjustment'::text THEN (request_id IS NOT NULL)
    ELSE NULL::boolean
END),
    CONSTRAINT credit_ledger_note_check CHECK ((char_length(note) <= 1000)),
    CONSTRAINT credit_ledger_reason_check CHECK ((reason = ANY (ARRAY['message'::text, 'purchase'::text, 'unanswered'::text, 'reversal'::text, 'adjustment'::text])))
);

ALTER TABLE public.credit_ledger OWNER TO postgres;

--
-- Name: TABLE credit_ledger; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON TABLE public.credit_ledger IS 'Append-only. For every user credits = sum(delta) = the last balance_after. user_id has no foreign key: the rows outlive the account, and then name nobody.';

--
-- Name: credit_ledger_id_seq; Type: SEQUENCE; Schema: public; Owner: postgres
--

ALTER TABLE public.credit_ledger ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.credit_ledger_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: credit_packages; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.credit_packages (
    id text NOT NULL,
    credits integer NOT NULL,
    price_minor bigint NOT NULL,
    currency text NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    CONSTRAINT credit_packages_credits_check CHECK ((credits > 0)),
    CONSTRAINT credit_packages_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT credit_packages_id_check CHECK ((id ~ '^[a-z0-9-]{1,40}$'::text)),
    CONSTRAINT credit_packages_price_minor_check CHECK ((price_minor > 0))
);

ALTER TABLE public.credit_packages OWNER TO postgres;

--
-- Name: TABLE credit_packages; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON TABLE public.credit_packages IS 'What can be bought. A payment is matched to a package by what was paid.';

--
-- Name: favorites; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.favorites (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    real_user_id uuid NOT NULL,
    fictional_user_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE public.favorites OWNER TO postgres;

--
-- Name: job_runs; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.job_runs (
    job text NOT NULL,
    runs bigint DEFAULT 1 NOT NULL,
    last_run_at timestamp with time zone DEFAULT now() NOT NULL,
    last_result jsonb NOT NULL
);

ALTER TABLE public.job_runs OWNER TO postgres;

--
-- Name: TABLE job_runs; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON TABLE public.job_runs IS 'When each scheduled job last ran and what it did: the doctor asks this whether a cron is alive.';

--
-- Name: message_reports; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.message_reports (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    message_id uuid NOT NULL,
    reporter_id uuid NOT NULL,
    reason text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    resolved_at timestamp with time zone,
    resolved_by uuid,
    resolution text,
    CONSTRAINT message_reports_reason_check CHECK (((char_length(reason) >= 1) AND (char_length(reason) <= 1000))),
    CONSTRAINT message_reports_resolution_check CHECK ((char_length(resolution) <= 1000))
);

ALTER TABLE public.message_reports OWNER TO postgres;

--
-- Name: operator_availability; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.operator_availability (
    id bigint NOT NULL,
    operator_id uuid NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    ended_at timestamp with time zone,
    end_reason text,
    CONSTRAINT operator_availability_ended_with_reason CHECK (((ended_at IS NULL) = (end_reason IS NULL)))
);

ALTER TABLE public.operator_availability OWNER TO postgres;

--
-- Name: TABLE operator_availability; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON TABLE public.operator_availability IS 'From when to when an operator was available, and what ended it.';

--
-- Name: operator_availability_id_seq; Type: SEQUENCE; Schema: public; Owner: postgres
--

ALTER TABLE public.operator_availability ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.operator_availability_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: operator_stats; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.operator_stats (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    operator_id uuid NOT NULL,
    date date NOT NULL,
    messages_sent integer DEFAULT 0 NOT NULL,
    chats_handled integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
)
WITH (fillfactor='70');

ALTER TABLE public.operator_stats OWNER TO postgres;

--
-- Name: TABLE operator_stats; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON TABLE public.operator_stats IS 'The running count of a day (UTC), as the seed''s screens read it. operator_daily_stats() is counted from the segments.';

--
-- Name: payment_events_id_seq; Type: SEQUENCE; Schema: public; Owner: postgres
--

ALTER TABLE public.payment_events ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.payment_events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: payment_reversals; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.payment_reversals (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    reference text NOT NULL,
    reversal_key text NOT NULL,
    kind text NOT NULL,
    amount_minor bigint NOT NULL,
    state text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT payment_reversals_amount_minor_check CHECK ((amount_minor > 0)),
    CONSTRAINT payment_reversals_kind_check CHECK ((kind = ANY (ARRAY['refund'::text, 'dispute'::text]))),
    CONSTRAINT payment_reversals_state_check CHECK ((state = ANY (ARRAY['open'::text, 'done'::text, 'undone'::text])))
);

ALTER TABLE public.payment_reversals OWNER TO postgres;

--
-- Name: TABLE payment_reversals; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON TABLE public.payment_reversals IS 'Refunds and disputes, by the reference of the payment, also when they are heard of before it.';

--
-- Name: COLUMN payment_reversals.state; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.payment_reversals.state IS 'open: announced. done: the money went back. undone: it stayed after all (final).';

--
-- Name: real_users; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.real_users (
    id uuid NOT NULL,
    name text NOT NULL,
    display_name text NOT NULL,
    email text NOT NULL,
    location text NOT NULL,
    latitude numeric(10,8),
    longitude numeric(11,8),
    gender text NOT NULL,
    looking_for text NOT NULL,
    age integer NOT NULL,
    profile_picture text,
    credits integer DEFAULT 0 NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    suspended_reason text,
    disclosure_version text,
    disclosure_accepted_at timestamp with time zone,
    recent_sends timestamp with time zone[] DEFAULT '{}'::timestamp with time zone[] NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT real_users_age_check CHECK (((age >= 18) AND (age <= 100))),
    CONSTRAINT real_users_credits_not_negative CHECK ((credits >= 0)),
    CONSTRAINT real_users_display_name_check CHECK (((char_length(display_name) >= 1) AND (char_length(display_name) <= 50))),
    CONSTRAINT real_users_gender_check CHECK ((gender = ANY (ARRAY['male'::text, 'female'::text]))),
    CONSTRAINT real_users_latitude_check CHECK (((latitude >= ('-90'::integer)::numeric) AND (latitude <= (90)::numeric))),
    CONSTRAINT real_users_location_check CHECK (((char_length(location) >= 1) AND (char_length(location) <= 100))),
    CONSTRAINT real_users_longitude_check CHECK (((longitude >= ('-180'::integer)::numeric) AND (longitude <= (180)::numeric))),
    CONSTRAINT real_users_looking_for_check CHECK ((looking_for = ANY (ARRAY['male'::text, 'female'::text]))),
    CONSTRAINT real_users_name_check CHECK ((name ~ '^[a-z0-9_]{3,20}$'::text)),
    CONSTRAINT real_users_profile_picture_check CHECK (((profile_picture ~ '^https://[^\s"<>]+$'::text) AND (char_length(profile_picture) <= 2000)))
)
WITH (fillfactor='80');

ALTER TABLE public.real_users OWNER TO postgres;

--
-- Name: TABLE real_users; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON TABLE public.real_users IS 'The people who pay. credits change only together with a credit_ledger row.';

--
-- Name: COLUMN real_users.recent_sends; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON COLUMN public.real_users.recent_sends IS 'When the messages of the last minute were sent: the exact sliding window of the rate limit.';

--
-- Name: chat_queue chat_queue_pkey; Type: CONSTRAINT; Schema: private; Owner: postgres
--

ALTER TABLE ONLY private.chat_queue
    ADD CONSTRAINT chat_queue_pkey PRIMARY KEY (chat_id);

--
-- Name: schema_files schema_files_pkey; Type: CONSTRAINT; Schema: private; Owner: postgres
--

ALTER TABLE ONLY private.schema_files
    ADD CONSTRAINT schema_files_pkey PRIMARY KEY (path);

--
-- Name: schema_snapshot schema_snapshot_pkey; Type: CONSTRAINT; Schema: private; Owner: postgres
--

ALTER TABLE ONLY private.schema_snapshot
    ADD CONSTRAINT schema_snapshot_pkey PRIMARY KEY (line);

--
-- Name: admin_audit_log admin_audit_log_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.admin_audit_log
    ADD CONSTRAINT admin_audit_log_pkey PRIMARY KEY (id);

--
-- Name: admins admins_email_key; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.admins
    ADD CONSTRAINT admins_email_key UNIQUE (email);

--
-- Name: admins admins_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.admins
    ADD CONSTRAINT admins_pkey PRIMARY KEY (id);

--
-- Name: app_settings app_settings_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.app_settings
    ADD CONSTRAINT app_settings_pkey PRIMARY KEY (id);

--
-- Name: blocks blocks_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.blocks
    ADD CONSTRAINT blocks_pkey PRIMARY KEY (real_user_id, fictional_user_id);

--
-- Name: chat_assignments chat_assignments_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.chat_assignments
    ADD CONSTRAINT chat_assignments_pkey PRIMARY KEY (id);

--
-- Name: chat_notes chat_notes_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.chat_notes
    ADD CONSTRAINT chat_notes_pkey PRIMARY KEY (chat_id);

--
-- Name: chats chats_one_per_pair; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.chats
    ADD CONSTRAINT chats_one_per_pair UNIQUE (real_user_id, fictional_user_id);

--
-- Name: chats chats_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.chats
    ADD CONSTRAINT chats_pkey PRIMARY KEY (id);

--
-- Name: credit_ledger credit_ledger_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.credit_ledger
    ADD CONSTRAINT credit_ledger_pkey PRIMARY KEY (id);

--
-- Name: credit_packages credit_packages_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.credit_packages
    ADD CONSTRAINT credit_packages_pkey PRIMARY KEY (id);

--
-- Name: favorites favorites_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.favorites
    ADD CONSTRAINT favorites_pkey PRIMARY KEY (id);

--
-- Name: favorites favorites_real_user_id_fictional_user_id_key; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.favorites
    ADD CONSTRAINT favorites_real_user_id_fictional_user_id_key UNIQUE (real_user_id, fictional_user_id);

--
-- Name: fictional_users fictional_users_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.fictional_users
    ADD CONSTRAINT fictional_users_pkey PRIMARY KEY (id);

--
-- Name: job_runs job_runs_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.job_runs
    ADD CONSTRAINT job_runs_pkey PRIMARY KEY (job);

--
-- Name: message_reports message_reports_message_id_reporter_id_key; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.message_reports
    ADD CONSTRAINT message_reports_message_id_reporter_id_key UNIQUE (message_id, reporter_id);

--
-- Name: message_reports message_reports_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.message_reports
    ADD CONSTRAINT message_reports_pkey PRIMARY KEY (id);

--
-- Name: messages messages_one_per_client_message_id; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_one_per_client_message_id UNIQUE (chat_id, client_message_id);

--
-- Name: messages messages_one_per_seq; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_one_per_seq UNIQUE (chat_id, seq);

--
-- Name: messages messages_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_pkey PRIMARY KEY (id);

--
-- Name: operator_activity operator_activity_chat_id_operator_id_key; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.operator_activity
    ADD CONSTRAINT operator_activity_chat_id_operator_id_key UNIQUE (chat_id, operator_id);

--
-- Name: operator_activity operator_activity_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.operator_activity
    ADD CONSTRAINT operator_activity_pkey PRIMARY KEY (id);

--
-- Name: operator_availability operator_availability_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.operator_availability
    ADD CONSTRAINT operator_availability_pkey PRIMARY KEY (id);

--
-- Name: operator_stats operator_stats_operator_id_date_key; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.operator_stats
    ADD CONSTRAINT operator_stats_operator_id_date_key UNIQUE (operator_id, date);

--
-- Name: operator_stats operator_stats_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.operator_stats
    ADD CONSTRAINT operator_stats_pkey PRIMARY KEY (id);

--
-- Name: operators operators_email_key; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.operators
    ADD CONSTRAINT operators_email_key UNIQUE (email);

--
-- Name: operators operators_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.operators
    ADD CONSTRAINT operators_pkey PRIMARY KEY (id);

--
-- Name: payment_events payment_events_dedupe_key_key; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.payment_events
    ADD CONSTRAINT payment_events_dedupe_key_key UNIQUE (dedupe_key);

--
-- Name: payment_events payment_events_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.payment_events
    ADD CONSTRAINT payment_events_pkey PRIMARY KEY (id);

--
-- Name: payment_reversals payment_reversals_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.payment_reversals
    ADD CONSTRAINT payment_reversals_pkey PRIMARY KEY (id);

--
-- Name: payment_reversals payment_reversals_reference_reversal_key_key; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.payment_reversals
    ADD CONSTRAINT payment_reversals_reference_reversal_key_key UNIQUE (reference, reversal_key);

--
-- Name: real_users real_users_email_key; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.real_users
    ADD CONSTRAINT real_users_email_key UNIQUE (email);

--
-- Name: real_users real_users_name_key; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.real_users
    ADD CONSTRAINT real_users_name_key UNIQUE (name);

--
-- Name: real_users real_users_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.real_users
    ADD CONSTRAINT real_users_pkey PRIMARY KEY (id);

--
-- Name: transactions transactions_paystack_reference_key; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.transactions
    ADD CONSTRAINT transactions_paystack_reference_key UNIQUE (paystack_reference);

--
-- Name: transactions transactions_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.transactions
    ADD CONSTRAINT transactions_pkey PRIMARY KEY (id);

--
-- Name: chat_queue_longest_waiting; Type: INDEX; Schema: private; Owner: postgres
--

CREATE INDEX chat_queue_longest_waiting ON private.chat_queue USING btree (waiting_since, chat_id);

--
-- Name: admin_audit_log_admin; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX admin_audit_log_admin ON public.admin_audit_log USING btree (admin_id, id DESC);

--
-- Name: admin_audit_log_target; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX admin_audit_log_target ON public.admin_audit_log USING btree (target_id, id DESC);

--
-- Name: blocks_fictional_user; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX blocks_fictional_user ON public.blocks USING btree (fictional_user_id);

--
-- Name: chat_assignments_chat; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX chat_assignments_chat ON public.chat_assignments USING btree (chat_id, assigned_at DESC);

--
-- Name: chat_assignments_open_chat; Type: INDEX; Schema: public; Owner: postgres
--

CREATE UNIQUE INDEX chat_assignments_open_chat ON public.chat_assignments USING btree (chat_id) WHERE (released_at IS NULL);

--
-- Name: chat_assignments_operator; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX chat_assignments_operator ON public.chat_assignments USING btree (operator_id, assigned_at DESC);

--
-- Name: chats_fictional_user; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX chats_fictional_user ON public.chats USING btree (fictional_user_id);

--
-- Name: chats_last_answered_by; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX chats_last_answered_by ON public.chats USING btree (last_answered_by) WHERE (last_answered_by IS NOT NULL);

--
-- Name: chats_last_released_from; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX chats_last_released_from ON public.chats USING btree (last_released_from) WHERE (last_released_from IS NOT NULL);

--
-- Name: chats_one_per_operator; Type: INDEX; Schema: public; Owner: postgres
--

CREATE UNIQUE INDEX chats_one_per_operator ON public.chats USING btree (assigned_operator_id) WHERE (assigned_operator_id IS NOT NULL);

--
-- Name: credit_ledger_once_per_message; Type: INDEX; Schema: public; Owner: postgres
--

CREATE UNIQUE INDEX credit_ledger_once_per_message ON public.credit_ledger USING btree (message_id, reason) WHERE (message_id IS NOT NULL);

--
-- Name: credit_ledger_once_per_purchase; Type: INDEX; Schema: public; Owner: postgres
--

CREATE UNIQUE INDEX credit_ledger_once_per_purchase ON public.credit_ledger USING btree (transaction_id) WHERE (reason = 'purchase'::text);

--
-- Name: credit_ledger_once_per_request; Type: INDEX; Schema: public; Owner: postgres
--

CREATE UNIQUE INDEX credit_ledger_once_per_request ON public.credit_ledger USING btree (request_id) WHERE (request_id IS NOT NULL);

--
-- Name: credit_ledger_transaction; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX credit_ledger_transaction ON public.credit_ledger USING btree (transaction_id) WHERE (transaction_id IS NOT NULL);

--
-- Name: credit_ledger_user; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX credit_ledger_user ON public.credit_ledger USING btree (user_id, id DESC);

--
-- Name: credit_packages_one_per_price; Type: INDEX; Schema: public; Owner: postgres
--

CREATE UNIQUE INDEX credit_packages_one_per_price ON public.credit_packages USING btree (currency, price_minor) WHERE is_active;

--
-- Name: favorites_fictional_user; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX favorites_fictional_user ON public.favorites USING btree (fictional_user_id);

--
-- Name: fictional_users_created_by; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX fictional_users_created_by ON public.fictional_users USING btree (created_by);

--
-- Name: fictional_users_listing; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX fictional_users_listing ON public.fictional_users USING btree (gender, created_at DESC, id DESC) WHERE is_active;

--
-- Name: message_reports_open; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX message_reports_open ON public.message_reports USING btree (created_at) WHERE (resolved_at IS NULL);

--
-- Name: message_reports_reporter; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX message_reports_reporter ON public.message_reports USING btree (reporter_id);

--
-- Name: messages_by_operator; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX messages_by_operator ON public.messages USING btree (handled_by_operator_id, created_at) WHERE (handled_by_operator_id IS NOT NULL);

--
-- Name: messages_created; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX messages_created ON public.messages USING brin (created_at) WITH (pages_per_range='32');

--
-- Name: operator_activity_operator; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX operator_activity_operator ON public.operator_activity USING btree (operator_id);

--
-- Name: operator_availability_open; Type: INDEX; Schema: public; Owner: postgres
--

CREATE UNIQUE INDEX operator_availability_open ON public.operator_availability USING btree (operator_id) WHERE (ended_at IS NULL);

--
-- Name: operator_availability_operator; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX operator_availability_operator ON public.operator_availability USING btree (operator_id, started_at DESC);

--
-- Name: operators_created_by; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX operators_created_by ON public.operators USING btree (created_by);

--
-- Name: operators_free; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX operators_free ON public.operators USING btree (free_since, id) WHERE (free_since IS NOT NULL);

--
-- Name: operators_in_line; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX operators_in_line ON public.operators USING btree (asked_at) WHERE (asked_at IS NOT NULL);

--
-- Name: payment_events_received; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX payment_events_received ON public.payment_events USING btree (received_at);

--
-- Name: payment_events_reference; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX payment_events_reference ON public.payment_events USING btree (reference);

--
-- Name: payment_events_unhandled; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX payment_events_unhandled ON public.payment_events USING btree (id) WHERE (handled_at IS NULL);

--
-- Name: transactions_created; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX transactions_created ON public.transactions USING btree (created_at);

--
-- Name: transactions_package; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX transactions_package ON public.transactions USING btree (package_id);

--
-- Name: transactions_to_check; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX transactions_to_check ON public.transactions USING btree (next_check_at) WHERE (next_check_at IS NOT NULL);

--
-- Name: transactions_user; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX transactions_user ON public.transactions USING btree (real_user_id, created_at DESC);

--
-- Name: admin_audit_log admin_audit_log_append_only; Type: TRIGGER; Schema: public; Owner: postgres
--

CREATE TRIGGER admin_audit_log_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.admin_audit_log FOR EACH STATEMENT EXECUTE FUNCTION private.tg_append_only();

--
-- Name: app_settings app_settings_updated; Type: TRIGGER; Schema: public; Owner: postgres
--

CREATE TRIGGER app_settings_updated BEFORE UPDATE ON public.app_settings FOR EACH ROW EXECUTE FUNCTION private.tg_app_settings__updated();

--
-- Name: chat_notes chat_notes_saved; Type: TRIGGER; Schema: public; Owner: postgres
--

CREATE TRIGGER chat_notes_saved BEFORE UPDATE ON public.chat_notes FOR EACH ROW WHEN ((CURRENT_USER = 'authenticated'::name)) EXECUTE FUNCTION private.tg_chat_notes__saved();

--
-- Name: chats chats_enter_queue; Type: TRIGGER; Schema: public; Owner: postgres
--

CREATE TRIGGER chats_enter_queue AFTER INSERT ON public.chats FOR EACH ROW WHEN (((new.waiting_since IS NOT NULL) AND (new.assigned_operator_id IS NULL))) EXECUTE FUNCTION private.tg_chats__keep_queue();

--
-- Name: chats chats_keep_queue; Type: TRIGGER; Schema: public; Owner: postgres
--

CREATE TRIGGER chats_keep_queue AFTER UPDATE OF waiting_since, assigned_operator_id ON public.chats FOR EACH ROW WHEN ((
        CASE
            WHEN (old.assigned_operator_id IS NULL) THEN old.waiting_since
            ELSE NULL::timestamp with time zone
        END IS DISTINCT FROM
        CASE
            WHEN (new.assigned_operator_id IS NULL) THEN new.waiting_since
            ELSE NULL::timestamp with time zone
        END)) EXECUTE FUNCTION private.tg_chats__keep_queue();

--
-- Name: credit_ledger credit_ledger_append_only; Type: TRIGGER; Schema: public; Owner: postgres
--

CREATE TRIGGER credit_ledger_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.credit_ledger FOR EACH STATEMENT EXECUTE FUNCTION private.tg_append_only();

--
-- Name: credit_ledger credit_ledger_matches_credits; Type: TRIGGER; Schema: public; Owner: postgres
--

CREATE CONSTRAINT TRIGGER credit_ledger_matches_credits AFTER INSERT ON public.credit_ledger DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION private.tg_credit_ledger__matches_credits();

--
-- Name: messages messages_broadcast; Type: TRIGGER; Schema: public; Owner: postgres
--

CREATE TRIGGER messages_broadcast AFTER INSERT ON public.messages FOR EACH ROW EXECUTE FUNCTION private.tg_messages__broadcast();

--
-- Name: messages messages_written_by_operator; Type: TRIGGER; Schema: public; Owner: postgres
--

CREATE TRIGGER messages_written_by_operator BEFORE INSERT ON public.messages FOR EACH ROW WHEN ((CURRENT_USER = 'authenticated'::name)) EXECUTE FUNCTION private.tg_messages__written_by_operator();

--
-- Name: real_users real_users_credits_match_ledger; Type: TRIGGER; Schema: public; Owner: postgres
--

CREATE CONSTRAINT TRIGGER real_users_credits_match_ledger AFTER UPDATE OF credits ON public.real_users DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN ((old.credits <> new.credits)) EXECUTE FUNCTION private.tg_real_users__credits_match_ledger();

--
-- Name: real_users real_users_new_credits_match_ledger; Type: TRIGGER; Schema: public; Owner: postgres
--

CREATE TRIGGER real_users_new_credits_match_ledger AFTER INSERT ON public.real_users FOR EACH ROW WHEN ((new.credits <> 0)) EXECUTE FUNCTION private.tg_real_users__credits_match_ledger();

--
-- Name: real_users real_users_updated; Type: TRIGGER; Schema: public; Owner: postgres
--

CREATE TRIGGER real_users_updated BEFORE UPDATE OF display_name, location, latitude, longitude, looking_for, profile_picture ON public.real_users FOR EACH ROW EXECUTE FUNCTION private.tg_real_users__updated();

--
-- Name: chat_queue chat_queue_chat_id_fkey; Type: FK CONSTRAINT; Schema: private; Owner: postgres
--

ALTER TABLE ONLY private.chat_queue
    ADD CONSTRAINT chat_queue_chat_id_fkey FOREIGN KEY (chat_id) REFERENCES public.chats(id) ON DELETE CASCADE;

--
-- Name: admins admins_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.admins
    ADD CONSTRAINT admins_id_fkey FOREIGN KEY (id) REFERENCES auth.users(id) ON DELETE CASCADE;

--
-- Name: blocks blocks_fictional_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.blocks
    ADD CONSTRAINT blocks_fictional_user_id_fkey FOREIGN KEY (fictional_user_id) REFERENCES public.fictional_users(id) ON DELETE CASCADE;

--
-- Name: blocks blocks_real_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.blocks
    ADD CONSTRAINT blocks_real_user_id_fkey FOREIGN KEY (real_user_id) REFERENCES public.real_users(id) ON DELETE CASCADE;

--
-- Name: chat_assignments chat_assignments_chat_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.chat_assignments
    ADD CONSTRAINT chat_assignments_chat_id_fkey FOREIGN KEY (chat_id) REFERENCES public.chats(id) ON DELETE SET NULL;

--
-- Name: chat_assignments chat_assignments_operator_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.chat_assignments
    ADD CONSTRAINT chat_assignments_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operators(id) ON DELETE SET NULL;

--
-- Name: chat_notes chat_notes_chat_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.chat_notes
    ADD CONSTRAINT chat_notes_chat_id_fkey FOREIGN KEY (chat_id) REFERENCES public.chats(id) ON DELETE CASCADE;

--
-- Name: chats chats_assigned_operator_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.chats
    ADD CONSTRAINT chats_assigned_operator_id_fkey FOREIGN KEY (assigned_operator_id) REFERENCES public.operators(id) ON DELETE SET NULL;

--
-- Name: chats chats_fictional_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.chats
    ADD CONSTRAINT chats_fictional_user_id_fkey FOREIGN KEY (fictional_user_id) REFERENCES public.fictional_users(id) ON DELETE CASCADE;

--
-- Name: chats chats_last_answered_by_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.chats
    ADD CONSTRAINT chats_last_answered_by_fkey FOREIGN KEY (last_answered_by) REFERENCES public.operators(id) ON DELETE SET NULL;

--
-- Name: chats chats_last_released_from_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.chats
    ADD CONSTRAINT chats_last_released_from_fkey FOREIGN KEY (last_released_from) REFERENCES public.operators(id) ON DELETE SET NULL;

--
-- Name: chats chats_real_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.chats
    ADD CONSTRAINT chats_real_user_id_fkey FOREIGN KEY (real_user_id) REFERENCES public.real_users(id) ON DELETE CASCADE;

--
-- Name: credit_ledger credit_ledger_transaction_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.credit_ledger
    ADD CONSTRAINT credit_ledger_transaction_id_fkey FOREIGN KEY (transaction_id) REFERENCES public.transactions(id);

--
-- Name: favorites favorites_fictional_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.favorites
    ADD CONSTRAINT favorites_fictional_user_id_fkey FOREIGN KEY (fictional_user_id) REFERENCES public.fictional_users(id) ON DELETE CASCADE;

--
-- Name: favorites favorites_real_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.favorites
    ADD CONSTRAINT favorites_real_user_id_fkey FOREIGN KEY (real_user_id) REFERENCES public.real_users(id) ON DELETE CASCADE;

--
-- Name: fictional_users fictional_users_created_by_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.fictional_users
    ADD CONSTRAINT fictional_users_created_by_fkey FOREIGN KEY (created_by) REFERENCES public.admins(id) ON DELETE SET NULL;

--
-- Name: message_reports message_reports_message_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.message_reports
    ADD CONSTRAINT message_reports_message_id_fkey FOREIGN KEY (message_id) REFERENCES public.messages(id) ON DELETE CASCADE;

--
-- Name: message_reports message_reports_reporter_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.message_reports
    ADD CONSTRAINT message_reports_reporter_id_fkey FOREIGN KEY (reporter_id) REFERENCES public.real_users(id) ON DELETE CASCADE;

--
-- Name: messages messages_chat_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_chat_id_fkey FOREIGN KEY (chat_id) REFERENCES public.chats(id) ON DELETE CASCADE;

--
-- Name: messages messages_handled_by_operator_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_handled_by_operator_id_fkey FOREIGN KEY (handled_by_operator_id) REFERENCES public.operators(id) ON DELETE SET NULL;

--
-- Name: operator_activity operator_activity_chat_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.operator_activity
    ADD CONSTRAINT operator_activity_chat_id_fkey FOREIGN KEY (chat_id) REFERENCES public.chats(id) ON DELETE CASCADE;

--
-- Name: operator_activity operator_activity_operator_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.operator_activity
    ADD CONSTRAINT operator_activity_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operators(id) ON DELETE CASCADE;

--
-- Name: operator_availability operator_availability_operator_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.operator_availability
    ADD CONSTRAINT operator_availability_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operators(id) ON DELETE CASCADE;

--
-- Name: operator_stats operator_stats_operator_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.operator_stats
    ADD CONSTRAINT operator_stats_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operators(id) ON DELETE CASCADE;

--
-- Name: operators operators_created_by_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.operators
    ADD CONSTRAINT operators_created_by_fkey FOREIGN KEY (created_by) REFERENCES public.admins(id) ON DELETE SET NULL;

--
-- Name: operators operators_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.operators
    ADD CONSTRAINT operators_id_fkey FOREIGN KEY (id) REFERENCES auth.users(id) ON DELETE CASCADE;

--
-- Name: real_users real_users_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.real_users
    ADD CONSTRAINT real_users_id_fkey FOREIGN KEY (id) REFERENCES auth.users(id) ON DELETE CASCADE;

--
-- Name: transactions transactions_package_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.transactions
    ADD CONSTRAINT transactions_package_id_fkey FOREIGN KEY (package_id) REFERENCES public.credit_packages(id);

--
-- Name: transactions transactions_real_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.transactions
    ADD CONSTRAINT transactions_real_user_id_fkey FOREIGN KEY (real_user_id) REFERENCES public.real_users(id) ON DELETE SET NULL;

--
-- Name: chat_queue; Type: ROW SECURITY; Schema: private; Owner: postgres
--

ALTER TABLE private.chat_queue ENABLE ROW LEVEL SECURITY;

--
-- Name: schema_files; Type: ROW SECURITY; Schema: private; Owner: postgres
--

ALTER TABLE private.schema_files ENABLE ROW LEVEL SECURITY;

--
-- Name: schema_snapshot; Type: ROW SECURITY; Schema: private; Owner: postgres
--

ALTER TABLE private.schema_snapshot ENABLE ROW LEVEL SECURITY;

--
-- Name: admin_audit_log; Type: ROW SECURITY; Schema: public; Owner: postgres
--

ALTER TABLE public.admin_audit_log ENABLE ROW LEVEL SECURITY;

--
-- Name: admins; Type: ROW SECURITY; Schema: public; Owner: postgres
--

ALTER TABLE public.admins ENABLE ROW LEVEL SECURITY;

--
-- Name: app_settings; Type: ROW SECURITY; Schema: public; Owner: postgres
--

ALTER TABLE public.app_settings ENABLE ROW LEVEL SECURITY;

--
-- Name: blocks; Type: ROW SECURITY; Schema: public; Owner: postgres
--

ALTER TABLE public.blocks ENABLE ROW LEVEL SECURITY;

--
-- Name: chat_assignments; Type: ROW SECURITY; Schema: public; Owner: postgres
--

ALTER TABLE public.chat_assignments ENABLE ROW LEVEL SECURITY;

--
-- Name: chat_notes; Type: ROW SECURITY; Schema: public; Owner: postgres
--

ALTER TABLE public.chat_notes ENABLE ROW LEVEL SECURITY;

--
-- Name: chats; Type: ROW SECURITY; Schema: public; Owner: postgres
--

ALTER TABLE public.chats ENABLE ROW LEVEL SECURITY;

--
-- Name: credit_ledger; Type: ROW SECURITY; Schema: public; Owner: postgres
--

ALTER TABLE public.credit_ledger ENABLE ROW LEVEL SECURITY;

--
-- Name: credit_packages; Type: ROW SECURITY; Schema: public; Owner: postgres
--

ALTER TABLE public.credit_packages ENABLE ROW LEVEL SECURITY;

--
-- Name: blocks delete_own; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY delete_own ON public.blocks FOR DELETE TO authenticated USING ((real_user_id = ( SELECT private.my_user_id() AS my_user_id)));

--
-- Name: favorites delete_own; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY delete_own ON public.favorites FOR DELETE TO authenticated USING ((real_user_id = ( SELECT private.my_user_id() AS my_user_id)));

--
-- Name: favorites; Type: ROW SECURITY; Schema: public; Owner: postgres
--

ALTER TABLE public.favorites ENABLE ROW LEVEL SECURITY;

--
-- Name: fictional_users; Type: ROW SECURITY; Schema: public; Owner: postgres
--

ALTER TABLE public.fictional_users ENABLE ROW LEVEL SECURITY;

--
-- Name: messages insert_held; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY insert_held ON public.messages FOR INSERT TO authenticated WITH CHECK (((sender_type = 'fictional'::text) AND (chat_id = ( SELECT private.my_chat_id() AS my_chat_id))));

--
-- Name: favorites insert_own; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY insert_own ON public.favorites FOR INSERT TO authenticated WITH CHECK ((real_user_id = ( SELECT private.my_user_id() AS my_user_id)));

--
-- Name: job_runs; Type: ROW SECURITY; Schema: public; Owner: postgres
--

ALTER TABLE public.job_runs ENABLE ROW LEVEL SECURITY;

--
-- Name: message_reports; Type: ROW SECURITY; Schema: public; Owner: postgres
--

ALTER TABLE public.message_reports ENABLE ROW LEVEL SECURITY;

--
-- Name: messages; Type: ROW SECURITY; Schema: public; Owner: postgres
--

ALTER TABLE public.messages ENABLE ROW LEVEL SECURITY;

--
-- Name: operator_activity; Type: ROW SECURITY; Schema: public; Owner: postgres
--

ALTER TABLE public.operator_activity ENABLE ROW LEVEL SECURITY;

--
-- Name: operator_availability; Type: ROW SECURITY; Schema: public; Owner: postgres
--

ALTER TABLE public.operator_availability ENABLE ROW LEVEL SECURITY;

--
-- Name: operator_stats; Type: ROW SECURITY; Schema: public; Owner: postgres
--

ALTER TABLE public.operator_stats ENABLE ROW LEVEL SECURITY;

--
-- Name: operators; Type: ROW SECURITY; Schema: public; Owner: postgres
--

ALTER TABLE public.operators ENABLE ROW LEVEL SECURITY;

--
-- Name: payment_events; Type: ROW SECURITY; Schema: public; Owner: postgres
--

ALTER TABLE public.payment_events ENABLE ROW LEVEL SECURITY;

--
-- Name: payment_reversals; Type: ROW SECURITY; Schema: public; Owner: postgres
--

ALTER TABLE public.payment_reversals ENABLE ROW LEVEL SECURITY;

--
-- Name: real_users; Type: ROW SECURITY; Schema: public; Owner: postgres
--

ALTER TABLE public.real_users ENABLE ROW LEVEL SECURITY;

--
-- Name: fictional_users select_active_chatted_or_admin; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY select_active_chatted_or_admin ON public.fictional_users FOR SELECT TO authenticated USING (((is_active AND (( SELECT private.my_user_id() AS my_user_id) IS NOT NULL)) OR (id IN ( SELECT c.fictional_user_id
   FROM public.chats c)) OR ( SELECT private.is_admin() AS is_admin)));

--
-- Name: credit_packages select_active_or_admin; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY select_active_or_admin ON public.credit_packages FOR SELECT TO authenticated USING ((is_active OR ( SELECT private.is_admin() AS is_admin)));

--
-- Name: admin_audit_log select_admin; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY select_admin ON public.admin_audit_log FOR SELECT TO authenticated USING (( SELECT private.is_admin() AS is_admin));

--
-- Name: app_settings select_admin; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY select_admin ON public.app_settings FOR SELECT TO authenticated USING (( SELECT private.is_admin() AS is_admin));

--
-- Name: credit_ledger select_admin; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY select_admin ON public.credit_ledger FOR SELECT TO authenticated USING (( SELECT private.is_admin() AS is_admin));

--
-- Name: job_runs select_admin; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY select_admin ON public.job_runs FOR SELECT TO authenticated USING (( SELECT private.is_admin() AS is_admin));

--
-- Name: payment_events select_admin; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY select_admin ON public.payment_events FOR SELECT TO authenticated USING (( SELECT private.is_admin() AS is_admin));

--
-- Name: payment_reversals select_admin; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY select_admin ON public.payment_reversals FOR SELECT TO authenticated USING (( SELECT private.is_admin() AS is_admin));

--
-- Name: admins select_for_tokens; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY select_for_tokens ON public.admins FOR SELECT TO supabase_auth_admin USING (true);

--
-- Name: operators select_for_tokens; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY select_for_tokens ON public.operators FOR SELECT TO supabase_auth_admin USING (true);

--
-- Name: real_users select_for_tokens; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY select_for_tokens ON public.real_users FOR SELECT TO supabase_auth_admin USING (true);

--
-- Name: chat_notes select_held_or_admin; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY select_held_or_admin ON public.chat_notes FOR SELECT TO authenticated USING (((chat_id = ( SELECT private.my_chat_id() AS my_chat_id)) OR ( SELECT private.is_admin() AS is_admin)));

--
-- Name: chats select_own_held_or_admin; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY select_own_held_or_admin ON public.chats FOR SELECT TO authenticated USING (((real_user_id = ( SELECT private.my_user_id() AS my_user_id)) OR (id = ( SELECT private.my_chat_id() AS my_chat_id)) OR ( SELECT private.is_admin() AS is_admin)));

--
-- Name: messages select_own_held_or_admin; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY select_own_held_or_admin ON public.messages FOR SELECT TO authenticated USING (((chat_id IN ( SELECT private.my_chat_ids() AS my_chat_ids)) OR ( SELECT private.is_admin() AS is_admin)));

--
-- Name: admins select_own_or_admin; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY select_own_or_admin ON public.admins FOR SELECT TO authenticated USING (((id = ( SELECT auth.uid() AS uid)) OR ( SELECT private.is_admin() AS is_admin)));

--
-- Name: blocks select_own_or_admin; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY select_own_or_admin ON public.blocks FOR SELECT TO authenticated USING (((real_user_id = ( SELECT private.my_user_id() AS my_user_id)) OR ( SELECT private.is_admin() AS is_admin)));

--
-- Name: chat_assignments select_own_or_admin; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY select_own_or_admin ON public.chat_assignments FOR SELECT TO authenticated USING (((operator_id = ( SELECT auth.uid() AS uid)) OR ( SELECT private.is_admin() AS is_admin)));

--
-- Name: favorites select_own_or_admin; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY select_own_or_admin ON public.favorites FOR SELECT TO authenticated USING (((real_user_id = ( SELECT private.my_user_id() AS my_user_id)) OR ( SELECT private.is_admin() AS is_admin)));

--
-- Name: message_reports select_own_or_admin; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY select_own_or_admin ON public.message_reports FOR SELECT TO authenticated USING (((reporter_id = ( SELECT private.my_user_id() AS my_user_id)) OR ( SELECT private.is_admin() AS is_admin)));

--
-- Name: operator_activity select_own_or_admin; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY select_own_or_admin ON public.operator_activity FOR SELECT TO authenticated USING (((operator_id = ( SELECT auth.uid() AS uid)) OR ( SELECT private.is_admin() AS is_admin)));

--
-- Name: operator_availability select_own_or_admin; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY select_own_or_admin ON public.operator_availability FOR SELECT TO authenticated USING (((operator_id = ( SELECT auth.uid() AS uid)) OR ( SELECT private.is_admin() AS is_admin)));

--
-- Name: operator_stats select_own_or_admin; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY select_own_or_admin ON public.operator_stats FOR SELECT TO authenticated USING (((operator_id = ( SELECT auth.uid() AS uid)) OR ( SELECT private.is_admin() AS is_admin)));

--
-- Name: operators select_own_or_admin; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY select_own_or_admin ON public.operators FOR SELECT TO authenticated USING (((id = ( SELECT auth.uid() AS uid)) OR ( SELECT private.is_admin() AS is_admin)));

--
-- Name: real_users select_own_or_admin; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY select_own_or_admin ON public.real_users FOR SELECT TO authenticated USING (((id = ( SELECT auth.uid() AS uid)) OR ( SELECT private.is_admin() AS is_admin)));

--
-- Name: transactions select_own_or_admin; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY select_own_or_admin ON public.transactions FOR SELECT TO authenticated USING (((real_user_id = ( SELECT private.my_user_id() AS my_user_id)) OR ( SELECT private.is_admin() AS is_admin)));

--
-- Name: transactions; Type: ROW SECURITY; Schema: public; Owner: postgres
--

ALTER TABLE public.transactions ENABLE ROW LEVEL SECURITY;

--
-- Name: app_settings update_admin; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY update_admin ON public.app_settings FOR UPDATE TO authenticated USING (( SELECT private.is_admin() AS is_admin)) WITH CHECK (( SELECT private.is_admin() AS is_admin));

--
-- Name: chat_notes update_held; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY update_held ON public.chat_notes FOR UPDATE TO authenticated USING ((chat_id = ( SELECT private.my_chat_id() AS my_chat_id))) WITH CHECK ((chat_id = ( SELECT private.my_chat_id() AS my_chat_id)));

--
-- Name: real_users update_own; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY update_own ON public.real_users FOR UPDATE TO authenticated USING ((id = ( SELECT private.my_user_id() AS my_user_id))) WITH CHECK ((id = ( SELECT private.my_user_id() AS my_user_id)));

--
-- Name: SCHEMA private; Type: ACL; Schema: -; Owner: postgres
--

GRANT USAGE ON SCHEMA private TO authenticated;

--
-- Name: SCHEMA public; Type: ACL; Schema: -; Owner: pg_database_owner
--

REVOKE USAGE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO postgres;
GRANT USAGE ON SCHEMA public TO anon;
GRANT USAGE ON SCHEMA public TO authenticated;
GRANT USAGE ON SCHEMA public TO service_role;
GRANT USAGE ON SCHEMA public TO fantooo_api;
GRANT USAGE ON SCHEMA public TO supabase_auth_admin;

--
-- Name: TABLE transactions; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT ON TABLE public.transactions TO authenticated;
GRANT SELECT ON TABLE public.transactions TO service_role;

--
-- Name: FUNCTION adopt_payment(p_reference text, p_amount_minor bigint, p_currency text, p_charge jsonb, p_says text); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.adopt_payment(p_reference text, p_amount_minor bigint, p_currency text, p_charge jsonb, p_says text) FROM PUBLIC;

--
-- Name: FUNCTION apply_reversals(p_transaction_id uuid); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.apply_reversals(p_transaction_id uuid) FROM PUBLIC;

--
-- Name: FUNCTION assignment_health(); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.assignment_health() FROM PUBLIC;

--
-- Name: FUNCTION audit(p_admin_id uuid, p_action text, p_target_id text, p_details jsonb); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.audit(p_admin_id uuid, p_action text, p_target_id text, p_details jsonb) FROM PUBLIC;

--
-- Name: FUNCTION charge_facts(p_charge jsonb); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.charge_facts(p_charge jsonb) FROM PUBLIC;

--
-- Name: TABLE chats; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT ON TABLE public.chats TO authenticated;
GRANT SELECT ON TABLE public.chats TO service_role;

--
-- Name: FUNCTION chat_for_user(p_chat public.chats); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.chat_for_user(p_chat public.chats) FROM PUBLIC;

--
-- Name: FUNCTION clean_message(p_content text); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.clean_message(p_content text) FROM PUBLIC;

--
-- Name: FUNCTION clean_text(p_text text); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.clean_text(p_text text) FROM PUBLIC;

--
-- Name: FUNCTION event_payload(p_body bytea); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.event_payload(p_body bytea) FROM PUBLIC;

--
-- Name: FUNCTION event_reference(p_payload jsonb); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.event_reference(p_payload jsonb) FROM PUBLIC;

--
-- Name: FUNCTION free_operator_for(p_chat public.chats, p_in_line_only boolean, p_except uuid); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.free_operator_for(p_chat public.chats, p_in_line_only boolean, p_except uuid) FROM PUBLIC;

--
-- Name: FUNCTION give_chat(p_chat_id uuid, p_operator_id uuid, p_accepted boolean); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.give_chat(p_chat_id uuid, p_operator_id uuid, p_accepted boolean) FROM PUBLIC;

--
-- Name: FUNCTION is_admin(); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.is_admin() FROM PUBLIC;
GRANT ALL ON FUNCTION private.is_admin() TO authenticated;

--
-- Name: FUNCTION lay_down_chat(p_operator_id uuid, p_chat_id uuid, p_reason text); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.lay_down_chat(p_operator_id uuid, p_chat_id uuid, p_reason text) FROM PUBLIC;

--
-- Name: FUNCTION lock_held_chat(p_operator_id uuid); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.lock_held_chat(p_operator_id uuid) FROM PUBLIC;

--
-- Name: FUNCTION lock_reference(p_reference text); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.lock_reference(p_reference text) FROM PUBLIC;

--
-- Name: FUNCTION may_listen(p_topic text); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.may_listen(p_topic text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.may_listen(p_topic text) TO authenticated;

--
-- Name: FUNCTION may_send(p_topic text, p_extension text); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.may_send(p_topic text, p_extension text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.may_send(p_topic text, p_extension text) TO authenticated;

--
-- Name: TABLE messages; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT ON TABLE public.messages TO authenticated;
GRANT SELECT ON TABLE public.messages TO service_role;

--
-- Name: COLUMN messages.chat_id; Type: ACL; Schema: public; Owner: postgres
--

GRANT INSERT(chat_id) ON TABLE public.messages TO authenticated;

--
-- Name: COLUMN messages.sender_type; Type: ACL; Schema: public; Owner: postgres
--

GRANT INSERT(sender_type) ON TABLE public.messages TO authenticated;

--
-- Name: COLUMN messages.content; Type: ACL; Schema: public; Owner: postgres
--

GRANT INSERT(content) ON TABLE public.messages TO authenticated;

--
-- Name: COLUMN messages.client_message_id; Type: ACL; Schema: public; Owner: postgres
--

GRANT INSERT(client_message_id) ON TABLE public.messages TO authenticated;

--
-- Name: FUNCTION message_json(p_message public.messages); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.message_json(p_message public.messages) FROM PUBLIC;

--
-- Name: FUNCTION move_credits(p_user_id uuid, p_delta integer, p_reason text, p_message_id uuid, p_transaction_id uuid, p_admin_id uuid, p_request_id uuid, p_note text); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.move_credits(p_user_id uuid, p_delta integer, p_reason text, p_message_id uuid, p_transaction_id uuid, p_admin_id uuid, p_request_id uuid, p_note text) FROM PUBLIC;

--
-- Name: FUNCTION my_chat_id(); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.my_chat_id() FROM PUBLIC;
GRANT ALL ON FUNCTION private.my_chat_id() TO authenticated;

--
-- Name: FUNCTION my_chat_ids(); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.my_chat_ids() FROM PUBLIC;
GRANT ALL ON FUNCTION private.my_chat_ids() TO authenticated;

--
-- Name: FUNCTION my_user_id(); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.my_user_id() FROM PUBLIC;
GRANT ALL ON FUNCTION private.my_user_id() TO authenticated;

--
-- Name: TABLE payment_events; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT ON TABLE public.payment_events TO authenticated;
GRANT SELECT ON TABLE public.payment_events TO service_role;

--
-- Name: FUNCTION note_reversal(p_event public.payment_events, p_data jsonb); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.note_reversal(p_event public.payment_events, p_data jsonb) FROM PUBLIC;

--
-- Name: FUNCTION notify(p_topic text, p_event text, p_payload jsonb); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.notify(p_topic text, p_event text, p_payload jsonb) FROM PUBLIC;

--
-- Name: FUNCTION notify_each(p_topics text[], p_event text, p_payloads jsonb[]); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.notify_each(p_topics text[], p_event text, p_payloads jsonb[]) FROM PUBLIC;

--
-- Name: FUNCTION offer_chat(p_chat_id uuid, p_in_line_only boolean, p_except uuid); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.offer_chat(p_chat_id uuid, p_in_line_only boolean, p_except uuid) FROM PUBLIC;

--
-- Name: FUNCTION operator_chat_json(p_chat_id uuid); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.operator_chat_json(p_chat_id uuid) FROM PUBLIC;

--
-- Name: TABLE operators; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT ON TABLE public.operators TO authenticated;
GRANT SELECT ON TABLE public.operators TO service_role;

--
-- Name: COLUMN operators.id; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT(id) ON TABLE public.operators TO supabase_auth_admin;

--
-- Name: COLUMN operators.is_active; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT(is_active) ON TABLE public.operators TO supabase_auth_admin;

--
-- Name: FUNCTION operator_in_good_standing(p_operator_id uuid); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.operator_in_good_standing(p_operator_id uuid) FROM PUBLIC;

--
-- Name: FUNCTION operator_turn(p_operator_id uuid, p_chat_id uuid, OUT seq integer, OUT answered_waiting_since timestamp with time zone, OUT written_at timestamp with time zone); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.operator_turn(p_operator_id uuid, p_chat_id uuid, OUT seq integer, OUT answered_waiting_since timestamp with time zone, OUT written_at timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION payment_json(p_transaction_id uuid, p_granted integer); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.payment_json(p_transaction_id uuid, p_granted integer) FROM PUBLIC;

--
-- Name: TABLE fictional_users; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT ON TABLE public.fictional_users TO authenticated;
GRANT SELECT ON TABLE public.fictional_users TO service_role;

--
-- Name: FUNCTION profile_json(p_profile public.fictional_users); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.profile_json(p_profile public.fictional_users) FROM PUBLIC;

--
-- Name: FUNCTION refund_unanswered(p_chat_id uuid, p_overdue_only boolean); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.refund_unanswered(p_chat_id uuid, p_overdue_only boolean) FROM PUBLIC;

--
-- Name: FUNCTION release_chats(p_chat_ids uuid[], p_reasons text[]); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.release_chats(p_chat_ids uuid[], p_reasons text[]) FROM PUBLIC;

--
-- Name: FUNCTION require_admin(p_admin_id uuid); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.require_admin(p_admin_id uuid) FROM PUBLIC;

--
-- Name: FUNCTION require_page_size(p_limit integer); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.require_page_size(p_limit integer) FROM PUBLIC;

--
-- Name: FUNCTION require_real_user(p_user_id uuid); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.require_real_user(p_user_id uuid) FROM PUBLIC;

--
-- Name: FUNCTION require_staff_account(p_user_id uuid, p_name text, p_email text); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.require_staff_account(p_user_id uuid, p_name text, p_email text) FROM PUBLIC;

--
-- Name: TABLE app_settings; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT ON TABLE public.app_settings TO authenticated;
GRANT SELECT ON TABLE public.app_settings TO service_role;

--
-- Name: COLUMN app_settings.free_messages; Type: ACL; Schema: public; Owner: postgres
--

GRANT UPDATE(free_messages) ON TABLE public.app_settings TO authenticated;

--
-- Name: COLUMN app_settings.messages_per_minute; Type: ACL; Schema: public; Owner: postgres
--

GRANT UPDATE(messages_per_minute) ON TABLE public.app_settings TO authenticated;

--
-- Name: COLUMN app_settings.idle_warning_seconds; Type: ACL; Schema: public; Owner: postgres
--

GRANT UPDATE(idle_warning_seconds) ON TABLE public.app_settings TO authenticated;

--
-- Name: COLUMN app_settings.idle_release_seconds; Type: ACL; Schema: public; Owner: postgres
--

GRANT UPDATE(idle_release_seconds) ON TABLE public.app_settings TO authenticated;

--
-- Name: COLUMN app_settings.lost_operator_seconds; Type: ACL; Schema: public; Owner: postgres
--

GRANT UPDATE(lost_operator_seconds) ON TABLE public.app_settings TO authenticated;

--
-- Name: COLUMN app_settings.answer_within_seconds; Type: ACL; Schema: public; Owner: postgres
--

GRANT UPDATE(answer_within_seconds) ON TABLE public.app_settings TO authenticated;

--
-- Name: COLUMN app_settings.idle_releases_before_pause; Type: ACL; Schema: public; Owner: postgres
--

GRANT UPDATE(idle_releases_before_pause) ON TABLE public.app_settings TO authenticated;

--
-- Name: COLUMN app_settings.unanswered_refund_seconds; Type: ACL; Schema: public; Owner: postgres
--

GRANT UPDATE(unanswered_refund_seconds) ON TABLE public.app_settings TO authenticated;

--
-- Name: COLUMN app_settings.email_domain; Type: ACL; Schema: public; Owner: postgres
--

GRANT UPDATE(email_domain) ON TABLE public.app_settings TO authenticated;

--
-- Name: COLUMN app_settings.disclosure_version; Type: ACL; Schema: public; Owner: postgres
--

GRANT UPDATE(disclosure_version) ON TABLE public.app_settings TO authenticated;

--
-- Name: COLUMN app_settings.disclosure_text; Type: ACL; Schema: public; Owner: postgres
--

GRANT UPDATE(disclosure_text) ON TABLE public.app_settings TO authenticated;

--
-- Name: COLUMN app_settings.currency; Type: ACL; Schema: public; Owner: postgres
--

GRANT UPDATE(currency) ON TABLE public.app_settings TO authenticated;

--
-- Name: FUNCTION settings(); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.settings() FROM PUBLIC;

--
-- Name: FUNCTION stop_waiting(p_chat_id uuid, p_reason text); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.stop_waiting(p_chat_id uuid, p_reason text) FROM PUBLIC;

--
-- Name: FUNCTION take_off_duty(p_operator_id uuid, p_reason text); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.take_off_duty(p_operator_id uuid, p_reason text) FROM PUBLIC;

--
-- Name: FUNCTION tg_app_settings__updated(); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.tg_app_settings__updated() FROM PUBLIC;

--
-- Name: FUNCTION tg_append_only(); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.tg_append_only() FROM PUBLIC;

--
-- Name: FUNCTION tg_chat_notes__saved(); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.tg_chat_notes__saved() FROM PUBLIC;

--
-- Name: FUNCTION tg_chats__keep_queue(); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.tg_chats__keep_queue() FROM PUBLIC;

--
-- Name: FUNCTION tg_credit_ledger__matches_credits(); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.tg_credit_ledger__matches_credits() FROM PUBLIC;

--
-- Name: FUNCTION tg_messages__broadcast(); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.tg_messages__broadcast() FROM PUBLIC;

--
-- Name: FUNCTION tg_messages__written_by_operator(); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.tg_messages__written_by_operator() FROM PUBLIC;

--
-- Name: FUNCTION tg_real_users__credits_match_ledger(); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.tg_real_users__credits_match_ledger() FROM PUBLIC;

--
-- Name: FUNCTION tg_real_users__updated(); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.tg_real_users__updated() FROM PUBLIC;

--
-- Name: FUNCTION to_bigint(p_text text); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.to_bigint(p_text text) FROM PUBLIC;

--
-- Name: FUNCTION to_json_object(p_value jsonb); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.to_json_object(p_value jsonb) FROM PUBLIC;

--
-- Name: FUNCTION uuid_v7(); Type: ACL; Schema: private; Owner: postgres
--

REVOKE ALL ON FUNCTION private.uuid_v7() FROM PUBLIC;

--
-- Name: FUNCTION accept_disclosure(p_version text); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.accept_disclosure(p_version text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.accept_disclosure(p_version text) TO authenticated;

--
-- Name: FUNCTION adjust_credits(p_admin_id uuid, p_user_id uuid, p_delta integer, p_note text, p_request_id uuid); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.adjust_credits(p_admin_id uuid, p_user_id uuid, p_delta integer, p_note text, p_request_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.adjust_credits(p_admin_id uuid, p_user_id uuid, p_delta integer, p_note text, p_request_id uuid) TO fantooo_api;
GRANT ALL ON FUNCTION public.adjust_credits(p_admin_id uuid, p_user_id uuid, p_delta integer, p_note text, p_request_id uuid) TO service_role;

--
-- Name: FUNCTION admin_list_audit(p_admin_id uuid, p_filters jsonb, p_before bigint, p_limit integer); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.admin_list_audit(p_admin_id uuid, p_filters jsonb, p_before bigint, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.admin_list_audit(p_admin_id uuid, p_filters jsonb, p_before bigint, p_limit integer) TO fantooo_api;
GRANT ALL ON FUNCTION public.admin_list_audit(p_admin_id uuid, p_filters jsonb, p_before bigint, p_limit integer) TO service_role;

--
-- Name: FUNCTION admin_list_chats(p_admin_id uuid, p_filters jsonb, p_before timestamp with time zone, p_limit integer); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.admin_list_chats(p_admin_id uuid, p_filters jsonb, p_before timestamp with time zone, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.admin_list_chats(p_admin_id uuid, p_filters jsonb, p_before timestamp with time zone, p_limit integer) TO fantooo_api;
GRANT ALL ON FUNCTION public.admin_list_chats(p_admin_id uuid, p_filters jsonb, p_before timestamp with time zone, p_limit integer) TO service_role;

--
-- Name: FUNCTION admin_list_operators(p_admin_id uuid); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.admin_list_operators(p_admin_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.admin_list_operators(p_admin_id uuid) TO fantooo_api;
GRANT ALL ON FUNCTION public.admin_list_operators(p_admin_id uuid) TO service_role;

--
-- Name: FUNCTION admin_list_payments(p_admin_id uuid, p_filters jsonb, p_before timestamp with time zone, p_limit integer); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.admin_list_payments(p_admin_id uuid, p_filters jsonb, p_before timestamp with time zone, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.admin_list_payments(p_admin_id uuid, p_filters jsonb, p_before timestamp with time zone, p_limit integer) TO fantooo_api;
GRANT ALL ON FUNCTION public.admin_list_payments(p_admin_id uuid, p_filters jsonb, p_before timestamp with time zone, p_limit integer) TO service_role;

--
-- Name: FUNCTION admin_list_profiles(p_admin_id uuid, p_filters jsonb, p_before timestamp with time zone, p_limit integer); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.admin_list_profiles(p_admin_id uuid, p_filters jsonb, p_before timestamp with time zone, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.admin_list_profiles(p_admin_id uuid, p_filters jsonb, p_before timestamp with time zone, p_limit integer) TO fantooo_api;
GRANT ALL ON FUNCTION public.admin_list_profiles(p_admin_id uuid, p_filters jsonb, p_before timestamp with time zone, p_limit integer) TO service_role;

--
-- Name: FUNCTION admin_list_reports(p_admin_id uuid, p_filters jsonb, p_before timestamp with time zone, p_limit integer); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.admin_list_reports(p_admin_id uuid, p_filters jsonb, p_before timestamp with time zone, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.admin_list_reports(p_admin_id uuid, p_filters jsonb, p_before timestamp with time zone, p_limit integer) TO fantooo_api;
GRANT ALL ON FUNCTION public.admin_list_reports(p_admin_id uuid, p_filters jsonb, p_before timestamp with time zone, p_limit integer) TO service_role;

--
-- Name: FUNCTION admin_list_users(p_admin_id uuid, p_filters jsonb, p_before timestamp with time zone, p_limit integer); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.admin_list_users(p_admin_id uuid, p_filters jsonb, p_before timestamp with time zone, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.admin_list_users(p_admin_id uuid, p_filters jsonb, p_before timestamp with time zone, p_limit integer) TO fantooo_api;
GRANT ALL ON FUNCTION public.admin_list_users(p_admin_id uuid, p_filters jsonb, p_before timestamp with time zone, p_limit integer) TO service_role;

--
-- Name: FUNCTION admin_platform_stats(p_admin_id uuid, p_from date, p_to date); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.admin_platform_stats(p_admin_id uuid, p_from date, p_to date) FROM PUBLIC;
GRANT ALL ON FUNCTION public.admin_platform_stats(p_admin_id uuid, p_from date, p_to date) TO fantooo_api;
GRANT ALL ON FUNCTION public.admin_platform_stats(p_admin_id uuid, p_from date, p_to date) TO service_role;

--
-- Name: FUNCTION assign_chat_to_operator(p_operator_id uuid, p_except uuid); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.assign_chat_to_operator(p_operator_id uuid, p_except uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.assign_chat_to_operator(p_operator_id uuid, p_except uuid) TO fantooo_api;
GRANT ALL ON FUNCTION public.assign_chat_to_operator(p_operator_id uuid, p_except uuid) TO service_role;

--
-- Name: FUNCTION assign_next_chat(p_operator_id uuid); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.assign_next_chat(p_operator_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.assign_next_chat(p_operator_id uuid) TO fantooo_api;
GRANT ALL ON FUNCTION public.assign_next_chat(p_operator_id uuid) TO service_role;

--
-- Name: FUNCTION audit_credits(); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.audit_credits() FROM PUBLIC;
GRANT ALL ON FUNCTION public.audit_credits() TO fantooo_api;
GRANT ALL ON FUNCTION public.audit_credits() TO service_role;

--
-- Name: FUNCTION block_profile(p_fictional_user_id uuid); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.block_profile(p_fictional_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.block_profile(p_fictional_user_id uuid) TO authenticated;

--
-- Name: FUNCTION check_invariants(p_sweep_seconds integer); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.check_invariants(p_sweep_seconds integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.check_invariants(p_sweep_seconds integer) TO fantooo_api;
GRANT ALL ON FUNCTION public.check_invariants(p_sweep_seconds integer) TO service_role;

--
-- Name: FUNCTION claim_payments_to_check(p_limit integer); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.claim_payments_to_check(p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.claim_payments_to_check(p_limit integer) TO fantooo_api;
GRANT ALL ON FUNCTION public.claim_payments_to_check(p_limit integer) TO service_role;

--
-- Name: FUNCTION close_chat(p_admin_id uuid, p_chat_id uuid); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.close_chat(p_admin_id uuid, p_chat_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.close_chat(p_admin_id uuid, p_chat_id uuid) TO fantooo_api;
GRANT ALL ON FUNCTION public.close_chat(p_admin_id uuid, p_chat_id uuid) TO service_role;

--
-- Name: FUNCTION complete_and_continue(p_operator_id uuid, p_chat_id uuid); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.complete_and_continue(p_operator_id uuid, p_chat_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.complete_and_continue(p_operator_id uuid, p_chat_id uuid) TO fantooo_api;
GRANT ALL ON FUNCTION public.complete_and_continue(p_operator_id uuid, p_chat_id uuid) TO service_role;

--
-- Name: FUNCTION complete_chat(p_operator_id uuid, p_chat_id uuid); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.complete_chat(p_operator_id uuid, p_chat_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.complete_chat(p_operator_id uuid, p_chat_id uuid) TO fantooo_api;
GRANT ALL ON FUNCTION public.complete_chat(p_operator_id uuid, p_chat_id uuid) TO service_role;

--
-- Name: FUNCTION create_admin(p_admin_id uuid, p_user_id uuid, p_name text, p_email text, p_is_super_admin boolean); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.create_admin(p_admin_id uuid, p_user_id uuid, p_name text, p_email text, p_is_super_admin boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION public.create_admin(p_admin_id uuid, p_user_id uuid, p_name text, p_email text, p_is_super_admin boolean) TO fantooo_api;
GRANT ALL ON FUNCTION public.create_admin(p_admin_id uuid, p_user_id uuid, p_name text, p_email text, p_is_super_admin boolean) TO service_role;

--
-- Name: FUNCTION create_operator(p_admin_id uuid, p_user_id uuid, p_name text, p_email text); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.create_operator(p_admin_id uuid, p_user_id uuid, p_name text, p_email text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.create_operator(p_admin_id uuid, p_user_id uuid, p_name text, p_email text) TO fantooo_api;
GRANT ALL ON FUNCTION public.create_operator(p_admin_id uuid, p_user_id uuid, p_name text, p_email text) TO service_role;

--
-- Name: FUNCTION create_payment(p_user_id uuid, p_package_id text); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.create_payment(p_user_id uuid, p_package_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.create_payment(p_user_id uuid, p_package_id text) TO fantooo_api;
GRANT ALL ON FUNCTION public.create_payment(p_user_id uuid, p_package_id text) TO service_role;

--
-- Name: FUNCTION custom_access_token_hook(event jsonb); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.custom_access_token_hook(event jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION public.custom_access_token_hook(event jsonb) TO supabase_auth_admin;

--
-- Name: FUNCTION deactivate_operator(p_admin_id uuid, p_operator_id uuid); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.deactivate_operator(p_admin_id uuid, p_operator_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.deactivate_operator(p_admin_id uuid, p_operator_id uuid) TO fantooo_api;
GRANT ALL ON FUNCTION public.deactivate_operator(p_admin_id uuid, p_operator_id uuid) TO service_role;

--
-- Name: FUNCTION fail_payment(p_reference text, p_reason text); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.fail_payment(p_reference text, p_reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.fail_payment(p_reference text, p_reason text) TO fantooo_api;
GRANT ALL ON FUNCTION public.fail_payment(p_reference text, p_reason text) TO service_role;

--
-- Name: FUNCTION find_admin(p_email text); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.find_admin(p_email text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.find_admin(p_email text) TO fantooo_api;
GRANT ALL ON FUNCTION public.find_admin(p_email text) TO service_role;

--
-- Name: FUNCTION get_account(p_caller_id uuid); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.get_account(p_caller_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.get_account(p_caller_id uuid) TO fantooo_api;
GRANT ALL ON FUNCTION public.get_account(p_caller_id uuid) TO service_role;

--
-- Name: FUNCTION get_assigned_chat(); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.get_assigned_chat() FROM PUBLIC;
GRANT ALL ON FUNCTION public.get_assigned_chat() TO authenticated;

--
-- Name: FUNCTION get_disclosure(); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.get_disclosure() FROM PUBLIC;
GRANT ALL ON FUNCTION public.get_disclosure() TO anon;
GRANT ALL ON FUNCTION public.get_disclosure() TO authenticated;
GRANT ALL ON FUNCTION public.get_disclosure() TO fantooo_api;
GRANT ALL ON FUNCTION public.get_disclosure() TO service_role;

--
-- Name: FUNCTION get_email_domain(); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.get_email_domain() FROM PUBLIC;
GRANT ALL ON FUNCTION public.get_email_domain() TO fantooo_api;
GRANT ALL ON FUNCTION public.get_email_domain() TO service_role;

--
-- Name: FUNCTION get_operator_chat(p_operator_id uuid); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.get_operator_chat(p_operator_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.get_operator_chat(p_operator_id uuid) TO fantooo_api;
GRANT ALL ON FUNCTION public.get_operator_chat(p_operator_id uuid) TO service_role;

--
-- Name: FUNCTION get_profile(p_user_id uuid, p_profile_id uuid); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.get_profile(p_user_id uuid, p_profile_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.get_profile(p_user_id uuid, p_profile_id uuid) TO fantooo_api;
GRANT ALL ON FUNCTION public.get_profile(p_user_id uuid, p_profile_id uuid) TO service_role;

--
-- Name: FUNCTION get_settings(p_admin_id uuid); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.get_settings(p_admin_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.get_settings(p_admin_id uuid) TO fantooo_api;
GRANT ALL ON FUNCTION public.get_settings(p_admin_id uuid) TO service_role;

--
-- Name: FUNCTION handle_deleted_user(); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.handle_deleted_user() FROM PUBLIC;

--
-- Name: FUNCTION handle_new_user(); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.handle_new_user() FROM PUBLIC;

--
-- Name: FUNCTION handle_payment_event(p_event_id bigint, p_mode text); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.handle_payment_event(p_event_id bigint, p_mode text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.handle_payment_event(p_event_id bigint, p_mode text) TO fantooo_api;
GRANT ALL ON FUNCTION public.handle_payment_event(p_event_id bigint, p_mode text) TO service_role;

--
-- Name: FUNCTION handle_pending_payment_events(p_limit integer, p_mode text); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.handle_pending_payment_events(p_limit integer, p_mode text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.handle_pending_payment_events(p_limit integer, p_mode text) TO fantooo_api;
GRANT ALL ON FUNCTION public.handle_pending_payment_events(p_limit integer, p_mode text) TO service_role;

--
-- Name: FUNCTION job_status(); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.job_status() FROM PUBLIC;
GRANT ALL ON FUNCTION public.job_status() TO fantooo_api;
GRANT ALL ON FUNCTION public.job_status() TO service_role;

--
-- Name: FUNCTION list_chats(p_user_id uuid, p_before timestamp with time zone, p_limit integer); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.list_chats(p_user_id uuid, p_before timestamp with time zone, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.list_chats(p_user_id uuid, p_before timestamp with time zone, p_limit integer) TO fantooo_api;
GRANT ALL ON FUNCTION public.list_chats(p_user_id uuid, p_before timestamp with time zone, p_limit integer) TO service_role;

--
-- Name: FUNCTION list_messages(p_caller_id uuid, p_chat_id uuid, p_after integer, p_before integer, p_limit integer); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.list_messages(p_caller_id uuid, p_chat_id uuid, p_after integer, p_before integer, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.list_messages(p_caller_id uuid, p_chat_id uuid, p_after integer, p_before integer, p_limit integer) TO fantooo_api;
GRANT ALL ON FUNCTION public.list_messages(p_caller_id uuid, p_chat_id uuid, p_after integer, p_before integer, p_limit integer) TO service_role;

--
-- Name: FUNCTION list_packages(); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.list_packages() FROM PUBLIC;
GRANT ALL ON FUNCTION public.list_packages() TO fantooo_api;
GRANT ALL ON FUNCTION public.list_packages() TO service_role;

--
-- Name: FUNCTION list_profiles(p_user_id uuid, p_gender text, p_cursor text, p_limit integer); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.list_profiles(p_user_id uuid, p_gender text, p_cursor text, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.list_profiles(p_user_id uuid, p_gender text, p_cursor text, p_limit integer) TO fantooo_api;
GRANT ALL ON FUNCTION public.list_profiles(p_user_id uuid, p_gender text, p_cursor text, p_limit integer) TO service_role;

--
-- Name: FUNCTION mark_messages_read(p_chat_id uuid, p_seq integer); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.mark_messages_read(p_chat_id uuid, p_seq integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.mark_messages_read(p_chat_id uuid, p_seq integer) TO authenticated;

--
-- Name: FUNCTION messages_after(p_chat_id uuid, p_seq integer); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.messages_after(p_chat_id uuid, p_seq integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.messages_after(p_chat_id uuid, p_seq integer) TO authenticated;

--
-- Name: FUNCTION my_credit_history(p_limit integer, p_before bigint); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.my_credit_history(p_limit integer, p_before bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.my_credit_history(p_limit integer, p_before bigint) TO authenticated;

--
-- Name: FUNCTION open_chat(p_user_id uuid, p_fictional_user_id uuid); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.open_chat(p_user_id uuid, p_fictional_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.open_chat(p_user_id uuid, p_fictional_user_id uuid) TO fantooo_api;
GRANT ALL ON FUNCTION public.open_chat(p_user_id uuid, p_fictional_user_id uuid) TO service_role;

--
-- Name: FUNCTION operator_daily_stats(p_operator_id uuid, p_from date, p_to date); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.operator_daily_stats(p_operator_id uuid, p_from date, p_to date) FROM PUBLIC;
GRANT ALL ON FUNCTION public.operator_daily_stats(p_operator_id uuid, p_from date, p_to date) TO fantooo_api;
GRANT ALL ON FUNCTION public.operator_daily_stats(p_operator_id uuid, p_from date, p_to date) TO service_role;

--
-- Name: FUNCTION payment_of(p_user_id uuid, p_reference text); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.payment_of(p_user_id uuid, p_reference text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.payment_of(p_user_id uuid, p_reference text) TO fantooo_api;
GRANT ALL ON FUNCTION public.payment_of(p_user_id uuid, p_reference text) TO service_role;

--
-- Name: FUNCTION queue_status(); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.queue_status() FROM PUBLIC;
GRANT ALL ON FUNCTION public.queue_status() TO fantooo_api;
GRANT ALL ON FUNCTION public.queue_status() TO service_role;

--
-- Name: FUNCTION reactivate_operator(p_admin_id uuid, p_operator_id uuid); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.reactivate_operator(p_admin_id uuid, p_operator_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.reactivate_operator(p_admin_id uuid, p_operator_id uuid) TO fantooo_api;
GRANT ALL ON FUNCTION public.reactivate_operator(p_admin_id uuid, p_operator_id uuid) TO service_role;

--
-- Name: FUNCTION reassign_chat(p_admin_id uuid, p_chat_id uuid, p_operator_id uuid); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.reassign_chat(p_admin_id uuid, p_chat_id uuid, p_operator_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.reassign_chat(p_admin_id uuid, p_chat_id uuid, p_operator_id uuid) TO fantooo_api;
GRANT ALL ON FUNCTION public.reassign_chat(p_admin_id uuid, p_chat_id uuid, p_operator_id uuid) TO service_role;

--
-- Name: FUNCTION receive_payment_event(p_body bytea, p_signature_valid boolean, p_source_ip text); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.receive_payment_event(p_body bytea, p_signature_valid boolean, p_source_ip text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.receive_payment_event(p_body bytea, p_signature_valid boolean, p_source_ip text) TO fantooo_api;
GRANT ALL ON FUNCTION public.receive_payment_event(p_body bytea, p_signature_valid boolean, p_source_ip text) TO service_role;

--
-- Name: FUNCTION record_heartbeat(p_operator_id uuid, p_chat_id uuid, p_last_activity timestamp with time zone); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.record_heartbeat(p_operator_id uuid, p_chat_id uuid, p_last_activity timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION public.record_heartbeat(p_operator_id uuid, p_chat_id uuid, p_last_activity timestamp with time zone) TO fantooo_api;
GRANT ALL ON FUNCTION public.record_heartbeat(p_operator_id uuid, p_chat_id uuid, p_last_activity timestamp with time zone) TO service_role;

--
-- Name: FUNCTION record_job_run(p_job text, p_result jsonb); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.record_job_run(p_job text, p_result jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION public.record_job_run(p_job text, p_result jsonb) TO fantooo_api;
GRANT ALL ON FUNCTION public.record_job_run(p_job text, p_result jsonb) TO service_role;

--
-- Name: FUNCTION refund_unanswered_messages(); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.refund_unanswered_messages() FROM PUBLIC;
GRANT ALL ON FUNCTION public.refund_unanswered_messages() TO fantooo_api;
GRANT ALL ON FUNCTION public.refund_unanswered_messages() TO service_role;

--
-- Name: FUNCTION reinstate_user(p_admin_id uuid, p_user_id uuid); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.reinstate_user(p_admin_id uuid, p_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.reinstate_user(p_admin_id uuid, p_user_id uuid) TO fantooo_api;
GRANT ALL ON FUNCTION public.reinstate_user(p_admin_id uuid, p_user_id uuid) TO service_role;

--
-- Name: FUNCTION release_and_reassign_chat(p_chat_id uuid, p_reason text); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.release_and_reassign_chat(p_chat_id uuid, p_reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.release_and_reassign_chat(p_chat_id uuid, p_reason text) TO fantooo_api;
GRANT ALL ON FUNCTION public.release_and_reassign_chat(p_chat_id uuid, p_reason text) TO service_role;

--
-- Name: FUNCTION release_chat(p_operator_id uuid, p_chat_id uuid); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.release_chat(p_operator_id uuid, p_chat_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.release_chat(p_operator_id uuid, p_chat_id uuid) TO fantooo_api;
GRANT ALL ON FUNCTION public.release_chat(p_operator_id uuid, p_chat_id uuid) TO service_role;

--
-- Name: FUNCTION reopen_chat(p_admin_id uuid, p_chat_id uuid); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.reopen_chat(p_admin_id uuid, p_chat_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.reopen_chat(p_admin_id uuid, p_chat_id uuid) TO fantooo_api;
GRANT ALL ON FUNCTION public.reopen_chat(p_admin_id uuid, p_chat_id uuid) TO service_role;

--
-- Name: FUNCTION report_message(p_message_id uuid, p_reason text); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.report_message(p_message_id uuid, p_reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.report_message(p_message_id uuid, p_reason text) TO authenticated;

--
-- Name: FUNCTION resolve_report(p_admin_id uuid, p_report_id uuid, p_resolution text); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.resolve_report(p_admin_id uuid, p_report_id uuid, p_resolution text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.resolve_report(p_admin_id uuid, p_report_id uuid, p_resolution text) TO fantooo_api;
GRANT ALL ON FUNCTION public.resolve_report(p_admin_id uuid, p_report_id uuid, p_resolution text) TO service_role;

--
-- Name: FUNCTION reverse_payment(p_reference text, p_reversal_key text, p_kind text, p_amount_minor bigint, p_state text); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.reverse_payment(p_reference text, p_reversal_key text, p_kind text, p_amount_minor bigint, p_state text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.reverse_payment(p_reference text, p_reversal_key text, p_kind text, p_amount_minor bigint, p_state text) TO fantooo_api;
GRANT ALL ON FUNCTION public.reverse_payment(p_reference text, p_reversal_key text, p_kind text, p_amount_minor bigint, p_state text) TO service_role;

--
-- Name: FUNCTION save_chat_notes(p_operator_id uuid, p_chat_id uuid, p_version integer, p_real_profile_notes text, p_fictional_profile_notes text); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.save_chat_notes(p_operator_id uuid, p_chat_id uuid, p_version integer, p_real_profile_notes text, p_fictional_profile_notes text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.save_chat_notes(p_operator_id uuid, p_chat_id uuid, p_version integer, p_real_profile_notes text, p_fictional_profile_notes text) TO fantooo_api;
GRANT ALL ON FUNCTION public.save_chat_notes(p_operator_id uuid, p_chat_id uuid, p_version integer, p_real_profile_notes text, p_fictional_profile_notes text) TO service_role;

--
-- Name: FUNCTION save_profile(p_admin_id uuid, p_profile_id uuid, p_profile jsonb); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.save_profile(p_admin_id uuid, p_profile_id uuid, p_profile jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION public.save_profile(p_admin_id uuid, p_profile_id uuid, p_profile jsonb) TO fantooo_api;
GRANT ALL ON FUNCTION public.save_profile(p_admin_id uuid, p_profile_id uuid, p_profile jsonb) TO service_role;

--
-- Name: FUNCTION send_operator_message(p_operator_id uuid, p_chat_id uuid, p_content text, p_client_message_id uuid); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.send_operator_message(p_operator_id uuid, p_chat_id uuid, p_content text, p_client_message_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.send_operator_message(p_operator_id uuid, p_chat_id uuid, p_content text, p_client_message_id uuid) TO fantooo_api;
GRANT ALL ON FUNCTION public.send_operator_message(p_operator_id uuid, p_chat_id uuid, p_content text, p_client_message_id uuid) TO service_role;

--
-- Name: FUNCTION send_user_message(p_user_id uuid, p_chat_id uuid, p_content text, p_client_message_id uuid); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.send_user_message(p_user_id uuid, p_chat_id uuid, p_content text, p_client_message_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.send_user_message(p_user_id uuid, p_chat_id uuid, p_content text, p_client_message_id uuid) TO fantooo_api;
GRANT ALL ON FUNCTION public.send_user_message(p_user_id uuid, p_chat_id uuid, p_content text, p_client_message_id uuid) TO service_role;

--
-- Name: FUNCTION set_operator_availability(p_operator_id uuid, p_available boolean); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.set_operator_availability(p_operator_id uuid, p_available boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION public.set_operator_availability(p_operator_id uuid, p_available boolean) TO fantooo_api;
GRANT ALL ON FUNCTION public.set_operator_availability(p_operator_id uuid, p_available boolean) TO service_role;

--
-- Name: FUNCTION settle_payment(p_reference text, p_amount_minor bigint, p_currency text, p_charge jsonb, p_mode text, p_payer_id uuid); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.settle_payment(p_reference text, p_amount_minor bigint, p_currency text, p_charge jsonb, p_mode text, p_payer_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.settle_payment(p_reference text, p_amount_minor bigint, p_currency text, p_charge jsonb, p_mode text, p_payer_id uuid) TO fantooo_api;
GRANT ALL ON FUNCTION public.settle_payment(p_reference text, p_amount_minor bigint, p_currency text, p_charge jsonb, p_mode text, p_payer_id uuid) TO service_role;

--
-- Name: FUNCTION suspend_user(p_admin_id uuid, p_user_id uuid, p_reason text); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.suspend_user(p_admin_id uuid, p_user_id uuid, p_reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.suspend_user(p_admin_id uuid, p_user_id uuid, p_reason text) TO fantooo_api;
GRANT ALL ON FUNCTION public.suspend_user(p_admin_id uuid, p_user_id uuid, p_reason text) TO service_role;

--
-- Name: FUNCTION sweep_idle_assignments(); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.sweep_idle_assignments() FROM PUBLIC;
GRANT ALL ON FUNCTION public.sweep_idle_assignments() TO fantooo_api;
GRANT ALL ON FUNCTION public.sweep_idle_assignments() TO service_role;

--
-- Name: FUNCTION update_settings(p_admin_id uuid, p_changes jsonb); Type: ACL; Schema: public; Owner: postgres
--

REVOKE ALL ON FUNCTION public.update_settings(p_admin_id uuid, p_changes jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION public.update_settings(p_admin_id uuid, p_changes jsonb) TO fantooo_api;
GRANT ALL ON FUNCTION public.update_settings(p_admin_id uuid, p_changes jsonb) TO service_role;

--
-- Name: TABLE operator_activity; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT ON TABLE public.operator_activity TO authenticated;
GRANT SELECT ON TABLE public.operator_activity TO service_role;

--
-- Name: TABLE admin_audit_log; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT ON TABLE public.admin_audit_log TO authenticated;
GRANT SELECT ON TABLE public.admin_audit_log TO service_role;

--
-- Name: TABLE admins; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT ON TABLE public.admins TO authenticated;
GRANT SELECT ON TABLE public.admins TO service_role;

--
-- Name: COLUMN admins.id; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT(id) ON TABLE public.admins TO supabase_auth_admin;

--
-- Name: TABLE blocks; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT,DELETE ON TABLE public.blocks TO authenticated;
GRANT SELECT ON TABLE public.blocks TO service_role;

--
-- Name: TABLE chat_assignments; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT ON TABLE public.chat_assignments TO authenticated;
GRANT SELECT ON TABLE public.chat_assignments TO service_role;

--
-- Name: TABLE chat_notes; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT ON TABLE public.chat_notes TO authenticated;
GRANT SELECT ON TABLE public.chat_notes TO service_role;

--
-- Name: COLUMN chat_notes.real_profile_notes; Type: ACL; Schema: public; Owner: postgres
--

GRANT UPDATE(real_profile_notes) ON TABLE public.chat_notes TO authenticated;

--
-- Name: COLUMN chat_notes.fictional_profile_notes; Type: ACL; Schema: public; Owner: postgres
--

GRANT UPDATE(fictional_profile_notes) ON TABLE public.chat_notes TO authenticated;

--
-- Name: TABLE credit_ledger; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT ON TABLE public.credit_ledger TO authenticated;
GRANT SELECT ON TABLE public.credit_ledger TO service_role;

--
-- Name: TABLE credit_packages; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT ON TABLE public.credit_packages TO authenticated;
GRANT SELECT ON TABLE public.credit_packages TO service_role;

--
-- Name: TABLE favorites; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT,DELETE ON TABLE public.favorites TO authenticated;
GRANT SELECT ON TABLE public.favorites TO service_role;

--
-- Name: COLUMN favorites.real_user_id; Type: ACL; Schema: public; Owner: postgres
--

GRANT INSERT(real_user_id) ON TABLE public.favorites TO authenticated;

--
-- Name: COLUMN favorites.fictional_user_id; Type: ACL; Schema: public; Owner: postgres
--

GRANT INSERT(fictional_user_id) ON TABLE public.favorites TO authenticated;

--
-- Name: TABLE job_runs; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT ON TABLE public.job_runs TO authenticated;
GRANT SELECT ON TABLE public.job_runs TO service_role;

--
-- Name: TABLE message_reports; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT ON TABLE public.message_reports TO authenticated;
GRANT SELECT ON TABLE public.message_reports TO service_role;

--
-- Name: TABLE operator_availability; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT ON TABLE public.operator_availability TO authenticated;
GRANT SELECT ON TABLE public.operator_availability TO service_role;

--
-- Name: TABLE operator_stats; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT ON TABLE public.operator_stats TO authenticated;
GRANT SELECT ON TABLE public.operator_stats TO service_role;

--
-- Name: TABLE payment_reversals; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT ON TABLE public.payment_reversals TO authenticated;
GRANT SELECT ON TABLE public.payment_reversals TO service_role;

--
-- Name: TABLE real_users; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT ON TABLE public.real_users TO authenticated;
GRANT SELECT ON TABLE public.real_users TO service_role;

--
-- Name: COLUMN real_users.id; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT(id) ON TABLE public.real_users TO supabase_auth_admin;

--
-- Name: COLUMN real_users.display_name; Type: ACL; Schema: public; Owner: postgres
--

GRANT UPDATE(display_name) ON TABLE public.real_users TO authenticated;

--
-- Name: COLUMN real_users.location; Type: ACL; Schema: public; Owner: postgres
--

GRANT UPDATE(location) ON TABLE public.real_users TO authenticated;

--
-- Name: COLUMN real_users.latitude; Type: ACL; Schema: public; Owner: postgres
--

GRANT UPDATE(latitude) ON TABLE public.real_users TO authenticated;

--
-- Name: COLUMN real_users.longitude; Type: ACL; Schema: public; Owner: postgres
--

GRANT UPDATE(longitude) ON TABLE public.real_users TO authenticated;

--
-- Name: COLUMN real_users.looking_for; Type: ACL; Schema: public; Owner: postgres
--

GRANT UPDATE(looking_for) ON TABLE public.real_users TO authenticated;

--
-- Name: COLUMN real_users.profile_picture; Type: ACL; Schema: public; Owner: postgres
--

GRANT UPDATE(profile_picture) ON TABLE public.real_users TO authenticated;

--
-- Name: COLUMN real_users.is_active; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT(is_active) ON TABLE public.real_users TO supabase_auth_admin;

--
-- Name: DEFAULT PRIVILEGES FOR SEQUENCES; Type: DEFAULT ACL; Schema: public; Owner: postgres
--

ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA public GRANT ALL ON SEQUENCES TO postgres;

--
-- Name: DEFAULT PRIVILEGES FOR FUNCTIONS; Type: DEFAULT ACL; Schema: public; Owner: postgres
--

ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA public GRANT ALL ON FUNCTIONS TO postgres;

--
-- Name: DEFAULT PRIVILEGES FOR TABLES; Type: DEFAULT ACL; Schema: public; Owner: postgres
--

ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA public GRANT ALL ON TABLES TO postgres;

--
-- PostgreSQL database dump complete
--
