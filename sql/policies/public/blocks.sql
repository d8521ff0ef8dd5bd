-- A user's own. Made by block_profile, which also takes the chat off the queue; dropped by the user.
grant select on public.blocks to authenticated, service_role;
grant delete on public.blocks to authenticated;

create policy select_own_or_admin on public.blocks for select to authenticated
  using (real_user_id = (select private.my_user_id()) or (select private.is_admin()));
create policy delete_own on public.blocks for delete to authenticated
  using (real_user_id = (select private.my_user_id()));
