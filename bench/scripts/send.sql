\set user random(1, :users)
select public.send_user_message(md5('user' || :user)::uuid, md5('chat' || :user || '-1')::uuid, 'Good evening! How was your day, did you make it to the market in time?', gen_random_uuid());
