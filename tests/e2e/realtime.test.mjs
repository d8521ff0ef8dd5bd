import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, beforeEach, describe, test } from 'node:test'
import { Inbox, Person, subscribed } from './support.mjs'

const { DEMO_OPERATOR_EMAIL, DEMO_OPERATOR_PASSWORD, DEMO_USER_EMAIL, DEMO_USER_PASSWORD } = process.env

describe('a conversation in the browser', () => {
  let user, stranger, operator, chatId

  before(async () => {
    user = await Person.signUp()
    stranger = await Person.signIn(DEMO_USER_EMAIL, DEMO_USER_PASSWORD)
    operator = await Person.signIn(DEMO_OPERATOR_EMAIL, DEMO_OPERATOR_PASSWORD)
    const { profiles } = await user.call('GET', '/api/profiles')
    const body = { fictionalUserId: profiles[0].id }
    const { chat } = await user.call('POST', '/api/chats', { body, expect: 201 })
    chatId = chat.id
    await user.say(chatId, 'Hello!')
    await operator.call('POST', '/api/operator/availability', { body: { available: true } })
    const assigned = await operator.call('POST', '/api/operator/assign')
    assert.equal(assigned.chat.id, chatId)
  })

  beforeEach(async () => {
    await Promise.all([user, stranger, operator].map((person) => person.leave()))
  })

  after(async () => {
    await operator.call('POST', '/api/operator/availability', { body: { available: false } })
    await Promise.all([user, stranger, operator].map((person) => person.leave()))
  })

  /**
   * The seed's ChatInterface, as it subscribes, and when its changes have begun to flow. Realtime may also tell of a
   * message committed a moment before: like any client, this one leaves out what it has, by seq.
   */
  async function chatInterface(person) {
    const { data: had } = await person.supabase.from('messages').select('seq').eq('chat_id', chatId)
    const lastSeq = Math.max(...had.map(({ seq }) => seq))
    const payloads = new Inbox()
    const system = new Inbox()
    const states = new Inbox()
    const channel = person.supabase
      .channel(`chat:${chatId}`)
      .on(
        'postgres_changes',
        { event: 'INSERT', schema: 'public', table: 'messages', filter: `chat_id=eq.${chatId}` },
        (payload) => payload.new.seq > lastSeq && payloads.put(payload),
      )
      .on('system', {}, system.put)
      .subscribe(states.put)
    await states.take((state) => state === 'SUBSCRIBED')
    await system.take(({ extension, status }) => extension === 'postgres_changes' && status === 'ok')
    return { channel, payloads, system, states }
  }

  test('the seed’s own subscription hears the answer', async () => {
    const { payloads } = await chatInterface(user)
    const sent = await operator.answer(chatId, 'Hi, how are you? I <3 the sea')
    const payload = await payloads.take()
    assert.equal(payload.eventType, 'INSERT')
    assert.deepEqual(payload.errors, null)
    assert.equal(payload.new.id, sent.id)
    assert.equal(payload.new.content, 'Hi, how are you? I <3 the sea')
    assert.equal(payload.new.seq, sent.seq)
    assert.equal(payload.new.sender_type, 'fictional')
  })

  test('an answer is broadcast whole on the private topic of the chat', async () => {
    const heard = new Inbox()
    const channel = user.privateChannel(`chat:${chatId}`).on('broadcast', { event: 'message' }, heard.put)
    assert.deepEqual(await user.join(channel), ['SUBSCRIBED', undefined])
    const sent = await operator.answer(chatId, 'Still there?')
    const { payload } = await heard.take()
    assert.equal(payload.message.id, sent.id)
    assert.equal(payload.message.content, 'Still there?')
  })

  test('the operator hears what the user writes, on a topic of their own', async () => {
    const heard = new Inbox()
    const channel = operator.privateChannel(`operator:${operator.id}`).on('broadcast', { event: '*' }, heard.put)
    assert.deepEqual(await operator.join(channel), ['SUBSCRIBED', undefined])
    const sent = await user.say(chatId, 'I am')
    const { event, payload } = await heard.take()
    assert.equal(event, 'message')
    assert.equal(payload.message.id, sent.id)
    assert.equal(payload.message.content, 'I am')
  })

  test('each side sees the other typing', async () => {
    for (const [from, to] of [[operator, user], [user, operator]]) {
      const heard = new Inbox()
      const sender = from.privateChannel(`typing:${chatId}`)
      const receiver = to.privateChannel(`typing:${chatId}`).on('broadcast', { event: 'typing' }, heard.put)
      assert.equal((await from.join(sender))[0], 'SUBSCRIBED')
      assert.equal((await to.join(receiver))[0], 'SUBSCRIBED')
      await sender.send({ type: 'broadcast', event: 'typing', payload: { by: from.id } })
      assert.deepEqual((await heard.take()).payload, { by: from.id })
      await Promise.all([from.leave(), to.leave()])
    }
  })

  test('nobody can pass a forged message off on the topic of the chat', async () => {
    const heard = new Inbox()
    const listener = user.privateChannel(`chat:${chatId}`).on('broadcast', { event: 'message' }, heard.put)
    const forger = operator.privateChannel(`chat:${chatId}`)
    assert.equal((await user.join(listener))[0], 'SUBSCRIBED')
    assert.equal((await operator.join(forger))[0], 'SUBSCRIBED')
    await forger.send({ type: 'broadcast', event: 'message', payload: { message: { content: 'forged' } } })
    await operator.answer(chatId, 'genuine')
    assert.equal((await heard.take()).payload.message.content, 'genuine')
  })

  test('each side sees that the other is there, and that it has gone', async () => {
    const comings = new Inbox()
    const goings = new Inbox()
    const watching = user
      .privateChannel(`chat:${chatId}`, { presence: { key: user.id } })
      .on('presence', { event: 'join' }, comings.put)
      .on('presence', { event: 'leave' }, goings.put)
    assert.equal((await user.join(watching))[0], 'SUBSCRIBED')
    const arriving = operator
      .privateChannel(`chat:${chatId}`, { presence: { key: operator.id } })
      .on('presence', { event: 'sync' }, () => {})
    assert.equal((await operator.join(arriving))[0], 'SUBSCRIBED')
    assert.equal(await arriving.track({ side: 'fictional' }), 'ok')
    const { newPresences } = await comings.take(({ key }) => key === operator.id)
    assert.equal(newPresences[0].side, 'fictional')
    operator.cutConnection()
    await goings.take(({ key }) => key === operator.id)
    assert.equal(operator.id in watching.presenceState(), false)
  })

  test('a read receipt arrives, and the messages say they were read', async () => {
    const heard = new Inbox()
    const channel = operator.privateChannel(`chat:${chatId}`).on('broadcast', { event: 'read' }, heard.put)
    assert.equal((await operator.join(channel))[0], 'SUBSCRIBED')
    const sent = await operator.answer(chatId, 'Read me')
    assert.equal(await user.rpc('mark_messages_read', { p_chat_id: chatId, p_seq: sent.seq }), sent.seq)
    const { payload } = await heard.take()
    assert.equal(payload.chat_id, chatId)
    assert.equal(payload.reader, 'real')
    assert.equal(payload.seq, sent.seq)
    const { data } = await user.supabase.from('messages').select('read_at').eq('id', sent.id).single()
    assert.notEqual(data.read_at, null)
  })

  test('a stranger can read, hear and join nothing of another’s chat', async () => {
    const overheard = new Inbox()
    await stranger.supabase.realtime.setAuth()
    const flowing = new Inbox()
    const listening = stranger.supabase
      .channel('everything')
      .on('postgres_changes', { event: '*', schema: 'public', table: 'messages' }, overheard.put)
      .on('postgres_changes', { event: '*', schema: 'public', table: 'chats' }, overheard.put)
      .on('system', {}, flowing.put)
    assert.equal((await subscribed(listening))[0], 'SUBSCRIBED')
    await flowing.take(({ status }) => status === 'ok')

    const refusals = await Promise.all(
      [`chat:${chatId}`, `typing:${chatId}`, `operator:${operator.id}`, 'operators'].map((topic) =>
        stranger.join(stranger.privateChannel(topic)),
      ),
    )
    for (const [state, error] of refusals) {
      assert.equal(state, 'CHANNEL_ERROR')
      assert.match(error.message, /You do not have permissions to read from this Channel topic/)
    }
    for (const table of ['messages', 'chats']) {
      const column = table === 'messages' ? 'chat_id' : 'id'
      const { data, error } = await stranger.supabase.from(table).select().eq(column, chatId)
      assert.deepEqual([data, error], [[], null])
    }
    assert.deepEqual(await stranger.rpc('messages_after', { p_chat_id: chatId, p_seq: 0 }), [])

    const { payloads } = await chatInterface(user)
    await operator.answer(chatId, 'not for strangers')
    await payloads.take()
    // The stranger's own chat comes after it in the same stream: had the other been for them, it would be here.
    const { profiles } = await stranger.call('GET', '/api/profiles')
    const body = { fictionalUserId: profiles.at(-1).id }
    const { chat } = await stranger.call('POST', '/api/chats', { body, expect: 201 })
    const own = await overheard.take()
    assert.equal(own.table, 'chats')
    assert.equal(own.new.id, chat.id)
  })

  test('a user can neither write a message nor change a chat past our functions', async () => {
    const message = { chat_id: chatId, sender_type: 'real', content: 'free of charge' }
    const inserted = await user.supabase.from('messages').insert(message)
    assert.equal(inserted.error.code, 'PT403')
    const changed = await user.supabase.from('chats').update({ is_active: false }).eq('id', chatId)
    assert.equal(changed.error.code, '42501')
    const paid = await user.supabase.from('real_users').update({ credits: 1000 }).eq('id', user.id)
    assert.equal(paid.error.code, '42501')
  })

  test('a subscription goes on over a new token', async () => {
    const { payloads, system } = await chatInterface(user)
    const { data, error } = await user.supabase.auth.refreshSession()
    assert.equal(error, null)
    await user.supabase.realtime.setAuth()
    await system.take(({ extension, status }) => extension === 'postgres_changes' && status === 'ok')
    await operator.answer(chatId, 'after the refresh')
    assert.equal((await payloads.take()).new.content, 'after the refresh')
    assert.equal(await user.token(), data.session.access_token)
  })

  test('a client whose connection was cut comes back and catches up by seq', async () => {
    const { payloads, states, system } = await chatInterface(user)
    const seen = await operator.answer(chatId, 'before the tunnel')
    assert.equal((await payloads.take()).new.id, seen.id)
    user.cutConnection()
    const missed = [await operator.answer(chatId, 'in the tunnel'), await operator.answer(chatId, 'still in it')]
    await states.take((state) => state === 'SUBSCRIBED')
    await system.take(({ extension, status }) => extension === 'postgres_changes' && status === 'ok')
    const caughtUp = await user.rpc('messages_after', { p_chat_id: chatId, p_seq: seen.seq })
    assert.deepEqual(caughtUp.map(({ id }) => id), missed.map(({ id }) => id))
    const next = await operator.answer(chatId, 'out again')
    await payloads.take((payload) => payload.new.id === next.id)
  })

  test('a message sent twice is one message, and heard once', async () => {
    const { payloads } = await chatInterface(user)
    const clientMessageId = randomUUID()
    const body = { chatId, content: 'only once', clientMessageId }
    const [sent, repeated] = [
      await user.call('POST', '/api/messages', { body, expect: 201 }),
      await user.call('POST', '/api/messages', { body, expect: 200 }),
    ]
    assert.equal(repeated.message.id, sent.message.id)
    await operator.answer(chatId, 'heard you once')
    assert.equal((await payloads.take()).new.id, sent.message.id)
    assert.equal((await payloads.take()).new.content, 'heard you once')
  })

  test('an operator who has let go of a chat can neither read it nor join it', async () => {
    const heard = new Inbox()
    const channel = operator.privateChannel(`operator:${operator.id}`).on('broadcast', { event: '*' }, heard.put)
    assert.equal((await operator.join(channel))[0], 'SUBSCRIBED')
    await operator.call('POST', '/api/operator/availability', { body: { available: false } })
    await heard.take(({ event }) => event === 'released')
    const [state] = await operator.join(operator.privateChannel(`chat:${chatId}`))
    assert.equal(state, 'CHANNEL_ERROR')
    const { data } = await operator.supabase.from('messages').select().eq('chat_id', chatId)
    assert.deepEqual(data, [])
  })
})
