\set user random(1, :users)
select count(*) from messages where chat_id = md5('chat' || :user || '-1')::uuid and sender_type = 'real';
select credits - 1 as left from real_users where id = md5('user' || :user)::uuid \gset
update real_users set credits = :left where id = md5('user' || :user)::uuid;
insert into messages (chat_id, sender_type, content, is_free_message) values (md5('chat' || :user || '-1')::uuid, 'real', 'Good evening! How was your day, did you make it to the market in time?', false) returning *;
update chats set last_message_at = now(), message_count = 11 where id = md5('chat' || :user || '-1')::uuid;
