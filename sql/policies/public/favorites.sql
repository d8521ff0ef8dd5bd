-- A user's own, theirs to make and drop.
grant select on public.favorites to authenticated, service_role;
grant insert (real_user_id, fictional_user_id), delete on public.favorites to authenticated;

create policy select_own_or_admin on public.favorites for select to authenticated
  using (real_user_id = (select private.my_user_id()) or (select private.is_admin()));
create policy insert_own on public.favorites for insert to authenticated
  with check (real_user_id = (select private.my_user_id()));
create policy delete_own on public.favorites for delete to authenticated
  using (real_user_id = (select private.my_user_id()));
