-- The queue as a table, who is free and what is due as views, and indexes that lead to operators one by one.

-- A table and not an index on chats: a user's message then changes no indexed column of its chat, so that the new version of
-- the row fits beside the old one and none of the chat's index entries is written again.
create table private.chat_queue (
  chat_id uuid primary key references public.chats (id) on delete cascade,
  waiting_since timestamptz not null
) with (
  -- Whoever asks for the longest waiting chat passes over what left the head and was not vacuumed away; a vacuum would
  -- leave the indexes as they are (index_cleanup = auto) while the dead rows lie together on a fiftieth of the pages.
  autovacuum_vacuum_threshold = 1000,
  autovacuum_vacuum_scale_factor = 0.01,
  vacuum_index_cleanup = on
);
comment on table private.chat_queue is
  'The chats that wait and that nobody holds, as tg_chats__keep_queue copies them from chats. chats is the truth and has the lock.';
alter table private.chat_queue enable row level security;
-- Before the queue is filled: its lock keeps everybody from chats until the triggers that keep the queue are there.
drop index public.chats_queue;
insert into private.chat_queue (chat_id, waiting_since)
select c.id, c.waiting_since from public.chats c where c.waiting_since is not null and c.assigned_operator_id is null;
create index chat_queue_longest_waiting on private.chat_queue (waiting_since, chat_id);

drop index public.operators_free;
create index operators_free on public.operators (free_since, id) where free_since is not null;
create index operators_in_line on public.operators (asked_at) where asked_at is not null;

-- The idle rules, and the one place where they stand. A view, because PostgreSQL plans it together with the condition it
-- is asked under: a heartbeat reads one operator's rows, the sweep reads everybody's, by the same words.
create view private.held_chats with (security_invoker = true) as
select h.chat_id, h.operator_id, h.idle_seconds,
  case
    when h.silent_seconds >= s.lost_operator_seconds then 'operator_lost'
    when h.idle_seconds >= s.idle_release_seconds then 'idle_timeout'
    when h.unanswered_seconds >= s.answer_within_seconds then 'answer_timeout'
    when h.idle_seconds >= s.idle_warning_seconds and h.idle_warned_at is null then 'warn'
  end as verdict
from public.app_settings s
cross join lateral (
  select
    c.id as chat_id,
    o.id as operator_id,
    c.idle_warned_at,
    extract(epoch from clock.now - greatest(o.last_heartbeat_at, c.assignment_time))::double precision as silent_seconds,
    extract(epoch from clock.now - greatest(a.last_activity, c.assignment_time))::double precision as idle_seconds,
    extract(epoch from clock.now - greatest(c.waiting_since, c.assignment_time))::double precision
      * (c.waiting_since is not null)::integer as unanswered_seconds
  from (select clock_timestamp() as now) clock
  cross join public.chats c
  join public.operators o on o.id = c.assigned_operator_id
  left join public.operator_activity a on a.chat_id = c.id and a.operator_id = o.id
  where c.assigned_operator_id is not null
) h;
comment on view private.held_chats is
  'Every held chat, how long its operator has been idle, and what is due because of it. The clocks start at the assignment: what an operator did before it neither helps nor harms them.';
comment on column private.held_chats.verdict is 'null (fine), ''warn'', or the reason for which the chat is to be released.';

-- Who may be given a chat. Whoever was not heard of lately is not there, whatever they said last.
create view private.free_operators with (security_invoker = true) as
select o.id, o.free_since, o.asked_at
from public.operators o
where o.free_since is not null
  and o.last_heartbeat_at > clock_timestamp()
    - (select s.lost_operator_seconds from public.app_settings s) * interval '1 second';
comment on view private.free_operators is 'Operators who are active, available, without a chat, and heard of lately.';

-- Functions that have other arguments or another name from here on; the files in sql/functions make the new ones.
drop function if exists private.assignment_health(uuid);
drop function if exists private.tg_credits__match_ledger() cascade;
