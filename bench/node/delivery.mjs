// Subscribes as browsers do, and says how long after it was written each message arrived.
// In: one line of JSON {url, key, subscribers: [{token, chat}]}; the first one's deliveries are timed.
// Out: "ready" when all are subscribed; after the end of the input {changes: [ms], broadcast: [ms]}.

import { createInterface } from 'node:readline'
import { createClient } from '@supabase/supabase-js'
import WebSocket from 'ws'

const BATCH = 25
const SUBSCRIBE_TIMEOUT_MS = 60_000

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const { url, key, subscribers } = JSON.parse((await lines.next()).value)
const arrived = { changes: [], broadcast: [] }

function now() {
  return performance.timeOrigin + performance.now()
}

function timed(into, message) {
  into.push(now() - Date.parse(message.created_at))
}

function subscribed(channel) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${channel.topic} was not joined in time`)), SUBSCRIBE_TIMEOUT_MS)
    channel.subscribe((state, error) => {
      if (state === 'SUBSCRIBED') {
        clearTimeout(timer)
        resolve()
      } else if (state !== 'CLOSED') {
        clearTimeout(timer)
        reject(error ?? new Error(state))
      }
    })
  })
}

async function listen({ token, chat }, into) {
  const client = createClient(url, key, { accessToken: async () => token, realtime: { transport: WebSocket } })
  await client.realtime.setAuth()
  const inserted = { event: 'INSERT', schema: 'public', table: 'messages', filter: `chat_id=eq.${chat}` }
  const changes = client.channel(`changes:${chat}`)
  changes.on('postgres_changes', inserted, (change) => timed(into.changes, change.new))
  // The join is answered before the changes flow; a system event says that they do.
  const flowing = new Promise((resolve) => changes.on('system', {}, resolve))
  const broadcast = client.channel(`chat:${chat}`, { config: { private: true } })
  broadcast.on('broadcast', { event: 'message' }, (sent) => timed(into.broadcast, sent.payload.message))
  await Promise.all([subscribed(changes), subscribed(broadcast), flowing])
}

const [watched, ...others] = subscribers
for (let start = 0; start < others.length; start += BATCH) {
  await Promise.all(others.slice(start, start + BATCH).map((other) => listen(other, { changes: [], broadcast: [] })))
}
await listen(watched, arrived)
console.log('ready')
await lines.next()
console.log(JSON.stringify(arrived))
process.exit(0)
