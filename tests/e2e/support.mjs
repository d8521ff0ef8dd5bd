// People with the published supabase-js, against the stack that run.sh started.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { createClient } from '@supabase/supabase-js'
import WebSocket from 'ws'

export const { API_URL, SUPABASE_URL, SUPABASE_ANON_KEY } = process.env
const PATIENCE_MS = 20_000

/** Calls our API and returns the body; any status but the expected one fails the test. */
export async function call(method, path, { token, body, expect = 200 } = {}) {
  const response = await fetch(API_URL + path, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(token && { authorization: `Bearer ${token}` }),
    },
    body: body && JSON.stringify(body),
  })
  const answer = await response.json()
  assert.equal(response.status, expect, `${method} ${path}: ${JSON.stringify(answer)}`)
  return answer
}

/** Things that arrive, in their order, for whoever waits for them. */
export class Inbox {
  #items = []
  #waiting = []

  put = (item) => {
    this.#items.push(item)
    for (const retry of this.#waiting.splice(0)) retry()
  }

  /** Takes the first item, here or to come, that `matches`. */
  async take(matches = () => true, what = 'nothing that matches arrived') {
    const deadline = AbortSignal.timeout(PATIENCE_MS)
    for (;;) {
      const index = this.#items.findIndex(matches)
      if (index >= 0) return this.#items.splice(index, 1)[0]
      await new Promise((resolve, reject) => {
        this.#waiting.push(resolve)
        deadline.addEventListener('abort', () => reject(new Error(`${what}; here: ${JSON.stringify(this.#items)}`)))
      })
    }
  }

  get items() {
    return [...this.#items]
  }
}

/** Somebody who is signed in, with a browser's client of their own. */
export class Person {
  #sockets = []

  constructor() {
    const sockets = this.#sockets
    class TrackedSocket extends WebSocket {
      constructor(...parameters) {
        super(...parameters)
        sockets.push(this)
      }
    }
    this.supabase = createClient(SUPABASE_URL, SUPABASE_ANON_KEY, {
      auth: { persistSession: false, autoRefreshToken: false },
      realtime: { transport: TrackedSocket },
    })
  }

  /** A new user, signed up through our API, who knows that profiles are fictional. */
  static async signUp() {
    const body = {
      name: `e2e_${randomUUID().slice(0, 12).replaceAll('-', '_')}`,
      password: randomUUID(),
      displayName: 'Somebody new',
      location: 'Nairobi',
      gender: 'male',
      lookingFor: 'female',
      age: 30,
      acceptsFictionalProfiles: true,
    }
    const { session } = await call('POST', '/api/auth/sign-up', { body, expect: 201 })
    const person = new Person()
    const { error } = await person.supabase.auth.setSession(session)
    assert.equal(error, null)
    return person.#ready()
  }

  /** Somebody of the demo data, signed in straight at Supabase. */
  static async signIn(email, password) {
    const person = new Person()
    const { error } = await person.supabase.auth.signInWithPassword({ email, password })
    assert.equal(error, null)
    return person.#ready()
  }

  async #ready() {
    const { data } = await this.supabase.auth.getSession()
    this.id = data.session.user.id
    return this
  }

  async token() {
    const { data } = await this.supabase.auth.getSession()
    return data.session.access_token
  }

  async call(method, path, { body, expect } = {}) {
    return call(method, path, { token: await this.token(), body, expect })
  }

  async rpc(name, parameters) {
    const { data, error } = await this.supabase.rpc(name, parameters)
    assert.equal(error, null, `${name}: ${JSON.stringify(error)}`)
    return data
  }

  async say(chatId, content) {
    const { message } = await this.call('POST', '/api/messages', { body: { chatId, content }, expect: 201 })
    return message
  }

  async answer(chatId, content) {
    const { message } = await this.call('POST', '/api/operator/messages', { body: { chatId, content }, expect: 201 })
    return message
  }

  /** Joins a private topic; resolves to the state the client reports first, and the error if there is one. */
  async join(channel) {
    await this.supabase.realtime.setAuth()
    return subscribed(channel)
  }

  privateChannel(topic, config = {}) {
    return this.supabase.channel(topic, { config: { private: true, ...config } })
  }

  /** Cuts the wire, as a tunnel or a sleeping phone does. */
  cutConnection() {
    for (const socket of this.#sockets) socket.terminate()
  }

  async leave() {
    await this.supabase.removeAllChannels()
    await this.supabase.realtime.disconnect()
  }
}

/** Subscribes and resolves to [state, error] as the client first reports them. */
export function subscribed(channel) {
  return new Promise((resolve) => {
    channel.subscribe((state, error) => resolve([state, error]))
  })
}
