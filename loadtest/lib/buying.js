// What a user does in her own name, from the cart to the order that is paid.

import { sleep } from 'k6';
import { Counter, Trend } from 'k6/metrics';
import { call, wasAgain } from './call.js';
import { wanted } from './catalogue.js';
import { chance, oneOf, upTo, uuidv4 } from './random.js';
import { mayWrite } from './settings.js';
import { tokenOf } from './tokens.js';
import { paid, send } from './webhooks.js';
import { verify } from './verify.js';

const ordersPaid = new Counter('orders_paid');
const outOfStock = new Counter('out_of_stock');
const untilPaid = new Trend('until_paid', true);

// More lines than most people have in mind, and fewer than an order takes.
const LINES = 8;
const LOOKS = 60;
const PAUSE = 0.5;

// What this user means to buy: quantities by product; nothing is known before her first visit.
let basket;

/** Puts something into the cart, or takes everything out of a full one; nothing if that is refused. */
export async function fillCart() {
  const token = await arrive();
  if (basket.size >= LINES) return emptyCart(token);
  const [product, quantity] = [wanted(), upTo(6)];
  const answer = call('PUT', `/api/cart/items/${product.id}`, { name: '/api/cart/items/{id}', token, body: { quantity } });
  if (answer.status !== 200) return undefined;
  basket.set(product.id, quantity);
  return judgeCart(answer.json());
}

/** Looks at the cart. */
export async function showCart() {
  const answer = call('GET', '/api/cart', { token: await arrive() });
  return answer.status === 200 ? judgeCart(answer.json()) : undefined;
}

/** Looks at the orders there were. */
export async function showOrders() {
  const answer = call('GET', '/api/orders?limit=5', { name: '/api/orders', token: await tokenOf() });
  const { items } = answer.json();
  verify({ 'orders come the latest first': () => items.every((order, at) => at === 0 || created(order) <= created(items[at - 1])) });
}

// As texts they may have more digits or fewer.
const created = (order) => Date.parse(order.created_at);

/** Looks at what the shop knows of her, which is nothing until she says something. */
export async function showProfile() {
  call('GET', '/api/users/me', { token: await tokenOf(), expect: [200, 404] });
}

/** Orders what is in the cart, pays, and waits until the order is paid. */
export async function buy({ isSeenPaid = true } = {}) {
  const token = await arrive();
  while (basket.size === 0 || chance(0.5)) if (!(await fillCart())) return;
  const cart = await showCart();
  const order = cart && place(token, cart);
  if (!order) return;
  const sent = Date.now();
  const kept = send(oneOf(['stripe', 'standard']), paid(order));
  // One whose first answer was "later" may have been kept all the same.
  verify({ 'a payment is new to the shop': () => kept.json('duplicate') === false || wasAgain() });
  if (isSeenPaid) waitUntilPaid(token, order, sent);
}

/** An earlier run may have left something in the cart. */
async function arrive() {
  const token = await tokenOf();
  if (!basket && mayWrite) emptyCart(token);
  return token;
}

function emptyCart(token) {
  basket = new Map();
  return call('DELETE', '/api/cart', { token, expect: [204] }).status === 204;
}

function judgeCart(cart) {
  verify({
    'a cart holds what was put into it': () => !basket || (sameLines(cart.items) && cart.unavailable.length === 0),
    'a cart adds up': () => addsUp(cart),
  });
  return cart;
}

function place(token, cart) {
  const request = {
    token,
    body: { from_cart: true, expected_total: cart.total },
    headers: { 'Idempotency-Key': uuidv4() },
    expect: [201, 409],
  };
  const answer = call('POST', '/api/orders', request);
  if (answer.status !== 201) return soldOut(token, answer);
  const order = answer.json();
  verify({
    'an order has what was in the cart': () => sameLines(order.items),
    'an order costs what the cart said': () => addsUp(order) && order.total.amount === cart.total.amount,
    'an order waits to be paid': () => order.status === 'pending_payment' && order.payment.captured.amount === 0,
  });
  basket = new Map();
  if (chance(0.3)) repeat(request, answer);
  return order;
}

/** What others were faster to buy. She begins anew. */
function soldOut(token, answer) {
  outOfStock.add(1);
  verify({ 'what is refused is out of stock': () => answer.json('type').endsWith('out-of-stock') });
  emptyCart(token);
}

function repeat(request, first) {
  const again = call('POST', '/api/orders', request);
  verify({
    'a repeated order is the same order': () => again.status === 201 && again.body === first.body,
    'a repeated order is said to be one': () => again.headers['Idempotency-Replayed'] === 'true',
  });
}

function waitUntilPaid(token, { id, total }, since) {
  let order;
  for (let look = 0; look < LOOKS && order?.status !== 'paid'; look += 1) {
    sleep(PAUSE);
    order = call('GET', `/api/orders/${id}`, { name: '/api/orders/{id}', token }).json();
  }
  const isPaid = verify({ 'what was paid for is paid': () => order.status === 'paid' && order.payment.captured.amount === total.amount });
  if (!isPaid) return;
  ordersPaid.add(1);
  untilPaid.add(Date.now() - since);
}

const sameLines = (items) => items.length === basket.size && items.every((item) => basket.get(item.product_id) === item.quantity);

function addsUp({ items, total }) {
  const isRight = (item) => item.line_total.amount === item.unit_price.amount * item.quantity;
  return items.every(isRight) && items.reduce((sum, item) => sum + item.line_total.amount, 0) === total.amount;
}
