-- send_user_message: a user writes in their chat: free while the quota lasts, then for one credit; or nothing happens.
-- Called by  POST /api/messages, as fantooo_api
-- Runs as    owner: the API's role has no table rights
-- Repeats    p_client_message_id names the message: the same call again returns the first message, repeated = true, uncharged
-- Locks      chat → real user, until commit, so seq has no gap; (then operator, by SKIP LOCKED)
-- Raises     PT400 EMPTY_MESSAGE  PT400 MESSAGE_TOO_LONG  PT402 INSUFFICIENT_CREDITS  PT403 NOT_A_REAL_USER
--            PT403 ACCOUNT_SUSPENDED  PT403 DISCLOSURE_REQUIRED  PT403 PROFILE_BLOCKED  PT404 CHAT_NOT_FOUND
--            PT409 CHAT_CLOSED  PT409 IDEMPOTENCY_CONFLICT  PT429 RATE_LIMITED
create or replace function public.send_user_message(
  p_user_id uuid,
  p_chat_id uuid,
  p_content text,
  p_client_message_id uuid default null)
  returns json
  language plpgsql volatile security definer set search_path = ''
as $$
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
grant execute on function public.send_user_message(uuid, uuid, text, uuid) to fantooo_api, service_role;
