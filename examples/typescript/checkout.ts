import { setTimeout as sleep } from "node:timers/promises";
import createClient from "openapi-fetch";
import type { components, paths } from "./storefront.d.ts";

const { API, TOKEN } = process.env;
if (!API || !TOKEN) throw new Error("set API and TOKEN");
const shop = createClient<paths>({ baseUrl: API, headers: { Authorization: `Bearer ${TOKEN}` }, fetch: patiently });

// Find something, and put two of it into the cart.
const found = ok(await shop.GET("/api/products/search", { params: { query: { q: "creme" } } }));
const product = found.items.find(({ inventory }) => inventory.available >= 2);
if (!product) throw new Error("there are no two of it");
const path = { product_id: product.id };
const cart = ok(await shop.PUT("/api/cart/items/{product_id}", { params: { path }, body: { quantity: 2 } }));

// Order what the cart showed, at the price that it showed. One key for one intent: a retry, by
// `patiently` or by you, gets the same answer, and nothing is ordered twice.
const header = { "Idempotency-Key": crypto.randomUUID() };
let order = ok(await shop.POST("/api/orders", { params: { header }, body: { from_cart: true, expected_total: cart.total } }));

// Pay at the provider with the order's id; then wait until the shop has heard of it.
console.error(`order ${order.id} waits to be paid`);
while (order.status === "pending_payment") {
  await sleep(1_000);
  order = ok(await shop.GET("/api/orders/{id}", { params: { path: { id: order.id } } }));
}
console.log(JSON.stringify(order, null, 2));

/** What was answered, or else the problem as an error's cause; decide by the problem's `type`. */
function ok<T>(answer: { data?: T; error?: components["schemas"]["Problem"]; response: Response }): T {
  if (answer.data !== undefined) return answer.data;
  throw new Error(`${answer.response.status} ${answer.error?.detail}`, { cause: answer.error });
}

/** Sends again, after a while, what got no answer or a refusal for now: if twice is as good as once. */
async function patiently(request: Request): Promise<Response> {
  const repeatable = request.method !== "POST" || request.headers.has("Idempotency-Key");
  for (let attempt = 1; ; attempt++) {
    const last = !repeatable || attempt === 4;
    const response = await fetch(request.clone(), { signal: AbortSignal.timeout(30_000) }).catch((error: unknown) => {
      if (last) throw error;
    });
    if (response && (last || ![429, 503].includes(response.status))) return response;
    await sleep(1_000 * (Number(response?.headers.get("Retry-After") ?? attempt) + Math.random()));
  }
}
