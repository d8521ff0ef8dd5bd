// What supabase-js gets from the REST API: node supabase_js.mjs URL KEY SECRET_KEY USER_TOKEN, answers as JSON.
import { createClient } from "@supabase/supabase-js";

const [url, key, secretKey, token] = process.argv.slice(2);
const options = (headers = {}) => ({
  auth: { persistSession: false, autoRefreshToken: false },
  // Unused here, but before Node 22 the client refuses to start without one.
  realtime: { transport: class {} },
  global: { headers },
});
const anyone = createClient(url, key, options());
const user = createClient(url, key, options({ Authorization: `Bearer ${token}` }));
const service = createClient(url, secretKey, options());

const answers = {
  embedding: await anyone
    .from("authors")
    .select("name, books!author_id!inner(title, covers(colour))")
    .eq("books.title", "Alpha"),
  logic: await anyone.from("books").select("id").or("id.eq.4,and(pages.gt.200,price.lt.13)").order("id"),
  quoting: await anyone.from("books").select("id").in("title", ["Gamma, the third", 'quo"te']),
  range: await anyone.from("books").select("id", { count: "exact" }).order("id", { ascending: false }).range(1, 2),
  head: await anyone.from("books").select("*", { count: "exact", head: true }),
  single: await anyone.from("books").select("title").eq("id", 1).single(),
  notSingle: await anyone.from("books").select("title").single(),
  maybeSingle: await anyone.from("books").select("title").eq("id", 99).maybeSingle(),
  insert: await service.from("genres").insert([{ id: 30, name: "a" }, { id: 31, name: "b" }]).select("id"),
  upsert: await service.from("genres").upsert({ id: 30, name: "c" }).select().single(),
  ignored: await service.from("genres").upsert({ id: 30, name: "d" }, { ignoreDuplicates: true }).select(),
  update: await service.from("genres").update({ name: "e" }).eq("id", 31).select("name"),
  delete: await service.from("genres").delete({ count: "exact" }).gte("id", 30),
  unfiltered: await service.from("genres").delete(),
  rpc: await anyone.rpc("books_of", { p_author: 1 }).select("id").gt("pages", 200),
  rpcGet: await anyone.rpc("add", { a: 1 }, { get: true }),
  refusal: await anyone.rpc("insufficient_credits"),
  ownRows: await user.from("notes").select("body").in("body", ["a1", "a2", "b1"]).order("body"),
  columnGranted: await user.from("accounts").select("nickname").eq("id", 1).single(),
  columnNotGranted: await user.from("accounts").select("secret"),
  anonymous: await anyone.from("notes").select(),
};
const shown = ({ status, data, count, error }) => ({ status, data, count, code: error?.code ?? null });
console.log(JSON.stringify(Object.fromEntries(Object.entries(answers).map(([name, a]) => [name, shown(a)]))));
