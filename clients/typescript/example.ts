// How a user's app goes about it: sign in, open a chat, follow it, write. It is compiled with the clients, not run.

import { createApi, createSupabase, type Api, type Row, type Supabase } from "./index.ts"

export async function signIn(api: Api, supabase: Supabase, name: string, password: string): Promise<void> {
  const { data, error } = await api.POST("/api/auth/sign-in", { body: { name, password } })
  if (error) {
    // `error` is for people, `code` is for programs.
    throw new Error(`${error.error} (${error.code})`)
  }
  const { access_token, refresh_token } = data.session
  await supabase.auth.setSession({ access_token, refresh_token })
}

export async function openChat(api: Api): Promise<string> {
  const { data: page, error } = await api.GET("/api/profiles", { params: { query: { limit: 1 } } })
  const profile = page?.profiles[0]
  if (!profile) {
    throw new Error(error?.error ?? "There is nobody to talk to yet.")
  }
  const opened = await api.POST("/api/chats", { body: { fictionalUserId: profile.id } })
  if (opened.error) {
    throw new Error(opened.error.error)
  }
  return opened.data.chat.id
}

/** Send a message. Calling again with the same id after a broken connection sends and charges nothing. */
export async function send(api: Api, chatId: string, content: string, clientMessageId: string): Promise<number> {
  const { data, error, response } = await api.POST("/api/messages", { body: { chatId, content, clientMessageId } })
  if (error) {
    throw new Error(response.status === 402 ? "Buy credits to go on." : error.error)
  }
  return data.credits
}

/** Show each new message, whatever Realtime lost on the way: it is a hint, the table is the truth. */
export function follow(supabase: Supabase, chatId: string, show: (message: Row<"messages">) => void): () => void {
  let seen = 0
  const catchUp = async (): Promise<void> => {
    const { data } = await supabase.rpc("messages_after", { p_chat_id: chatId, p_seq: seen })
    for (const message of data ?? []) {
      if (message.seq > seen) {
        seen = message.seq
        show(message)
      }
    }
  }
  const channel = supabase
    .channel(`chat:${chatId}`, { config: { private: true } })
    .on("broadcast", { event: "message" }, () => void catchUp())
    .subscribe(() => void catchUp())
  return () => void supabase.removeChannel(channel)
}

export async function chatsWithNames(supabase: Supabase): Promise<string[]> {
  const { data, error } = await supabase.from("chats").select("id, profile:fictional_users(name)").eq("is_active", true)
  if (error) {
    throw error
  }
  return data.map((chat) => chat.profile?.name ?? "somebody who left")
}

// What the compiler refuses, so that these lines fail to compile should the types ever become loose.
export async function mistakes(api: Api, supabase: Supabase): Promise<void> {
  // @ts-expect-error there is no such path
  await api.POST("/api/message", {})
  // @ts-expect-error a message has a content
  await api.POST("/api/messages", { body: { chatId: "…" } })
  // @ts-expect-error `gender` is one of two
  await api.GET("/api/profiles", { params: { query: { gender: "any" } } })
  // @ts-expect-error there is no such table
  await supabase.from("message").select()
  // @ts-expect-error the seq of a message is a number
  await supabase.rpc("messages_after", { p_chat_id: "…", p_seq: "0" })
  // @ts-expect-error nobody writes the ledger's generated id
  await supabase.from("credit_ledger").insert({ id: 1 })
  const { data } = await supabase.from("chats").select("profile:fictional_users(name)")
  // @ts-expect-error the age of the profile was not asked for
  data?.map((chat) => chat.profile?.age)
}

export async function main(): Promise<void> {
  const supabase = createSupabase("https://project.supabase.co", "sb_publishable_…")
  const api = createApi("https://api.example.com", supabase)
  await signIn(api, supabase, "john_doe", "correct horse battery")
  const chatId = await openChat(api)
  follow(supabase, chatId, (message) => console.log(`${message.sender_type}: ${message.content}`))
  console.log(`${await send(api, chatId, "Hello!", crypto.randomUUID())} credits left`)
}
