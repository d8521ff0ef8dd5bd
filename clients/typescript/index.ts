// The typed clients of Fantooo for browsers: its API by fetch, and its database through supabase-js.

import createFetchClient, { type Client } from "openapi-fetch"
import { createClient, type SupabaseClient } from "@supabase/supabase-js"

import type { components, paths } from "./api.ts"
import type { Database } from "./database.ts"

export type { Database, Json } from "./database.ts"
export type { operations, paths } from "./api.ts"

export type Api = Client<paths>
export type Supabase = SupabaseClient<Database>

/** What the API takes and gives, by name: `Schema<"NewMessage">`. */
export type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name]

type Tables = Database["public"]["Tables"]

/** A row of a table, as supabase-js reads it. */
export type Row<Table extends keyof Tables> = Tables[Table]["Row"]

/** supabase-js for Fantooo's tables and functions. */
export function createSupabase(url: string, publishableKey: string): Supabase {
  return createClient<Database>(url, publishableKey)
}

/**
 * The API at `url`, such as "https://api.example.com". Each request carries the access token of whoever is signed in
 * to `supabase`, which refreshes it; without `supabase`, or before anybody has signed in, it carries none.
 */
export function createApi(url: string, supabase?: Supabase): Api {
  const api = createFetchClient<paths>({ baseUrl: url })
  if (supabase) {
    api.use({
      async onRequest({ request }) {
        const { data } = await supabase.auth.getSession()
        if (data.session) {
          request.headers.set("Authorization", `Bearer ${data.session.access_token}`)
        }
        return request
      },
    })
  }
  return api
}
