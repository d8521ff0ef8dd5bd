-- handle_deleted_user: before an account goes: release the chat, and take what names a person out of what must stay.
-- Called by  trigger on auth.users, BEFORE DELETE; the foreign keys then delete or empty the rest
-- Runs as    owner: supabase_auth_admin has no rights on public tables
-- Locks      chats → payment events → transactions → operator → (real user, by the cascade), so a deletion keeps the
--            order of the rest
--
-- docs/security.md says what goes where.
create or replace function public.handle_deleted_user()
  returns trigger
  language plpgsql security definer set search_path = ''
as $$
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

create or replace trigger fantooo_deleted_user before delete on auth.users
  for each row execute function public.handle_deleted_user();
