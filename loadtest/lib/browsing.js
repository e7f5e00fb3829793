// What anyone does in the shop, and whether what it shows is so.

import { call } from './call.js';
import { wanted } from './catalogue.js';
import { chance, oneOf } from './random.js';
import { isOurs } from './settings.js';
import { verify } from './verify.js';

// Of what this visitor has seen, by path.
const seen = new Map();
const SEEN = 200;
const AGAIN = 0.3;

const sameMoney = (one, other) => one.amount === other.amount && one.currency === other.currency;
// Nobody but us changes prices in a system of our own.
const isPriceOf = (price, product) => (isOurs ? sameMoney(price, product.price) : price.currency === product.price.currency);

/** Looks at a product, as one who has seen it before if so. */
export function look() {
  const product = wanted();
  const shown = ask(`/api/products/${product.id}`, '/api/products/{id}');
  if (!shown) return;
  verify({
    'a product is the one that was asked for': () => shown.id === product.id && shown.name === product.name,
    'a product has its price': () => isPriceOf(shown.price, product),
    'a product says its stock': () => Number.isInteger(shown.inventory.available),
  });
}

/** Looks at one thing of a product alone. */
export function lookAtPrice() {
  const product = wanted();
  const shown = ask(`/api/products/${product.id}/pricing`, '/api/products/{id}/pricing');
  if (shown) verify({ 'a price is the product\'s': () => shown.product_id === product.id && isPriceOf(shown.price, product) });
}

/** Likewise. */
export function lookAtStock() {
  const product = wanted();
  const shown = ask(`/api/products/${product.id}/inventory`, '/api/products/{id}/inventory');
  if (shown) verify({ 'a stock is the product\'s': () => shown.product_id === product.id && shown.available >= 0 });
}

/** Looks at a page of a category, and perhaps at the next. */
export function browse() {
  const { category } = wanted();
  const list = `/api/products?category=${encodeURIComponent(category)}&limit=20`;
  const page = ask(list, '/api/products');
  if (!page) return;
  verify({ 'a category\'s page holds nothing else': () => page.items.every((item) => item.category === category) });
  if (!page.next_cursor || !chance(AGAIN)) return;
  const next = call('GET', `${list}&cursor=${page.next_cursor}`, { name: '/api/products' }).json();
  verify({ 'the next page has other products': () => !next.items.some(({ id }) => page.items.some((item) => item.id === id)) });
}

/** Searches for a word of something that is sold. */
export function search() {
  // Not what is left of a word without its accents: no word begins so.
  const words = wanted().name.match(/(?<![\p{L}\p{N}])[A-Za-z0-9]{3,}(?![\p{L}\p{N}])/gu);
  if (!words) return;
  const word = oneOf(words).toLowerCase();
  const found = call('GET', `/api/products/search?q=${encodeURIComponent(word)}`, { name: '/api/products/search' }).json();
  verify({
    'a search finds something': () => found.items.length > 0,
    'what it finds has the word': () => found.items.every((item) => hasWord(`${item.name} ${item.category} ${item.description} ${item.tags}`, word)),
  });
}

/** Reads the whole catalogue, page by page. */
export function readItAll() {
  const ids = new Set();
  let count = 0;
  let cursor = null;
  do {
    const page = call('GET', `/api/products?limit=100${cursor ? `&cursor=${cursor}` : ''}`, { name: '/api/products' }).json();
    page.items.forEach(({ id }) => ids.add(id));
    count += page.items.length;
    cursor = page.next_cursor;
  } while (cursor);
  return { count, distinct: ids.size };
}

/** What lies at a path; nothing if the visitor has it already. */
function ask(path, name) {
  const known = seen.get(path);
  const isAgain = known && chance(AGAIN);
  const headers = isAgain ? { 'If-None-Match': known } : {};
  const answer = call('GET', path, { name, headers, expect: isAgain ? [200, 304] : [200] });
  if (answer.status === 304) {
    verify({ 'what has not changed has its tag still': () => answer.headers.Etag === known });
    return null;
  }
  if (answer.status !== 200) return null;
  verify({ 'what is shown has a tag, and another if it was asked about': () => answer.headers.Etag && (!isAgain || answer.headers.Etag !== known) });
  if (seen.size < SEEN) seen.set(path, answer.headers.Etag);
  else if (known) seen.set(path, answer.headers.Etag);
  return answer.json();
}

/** Whether a word of the text begins so, whatever its case and accents. */
function hasWord(text, word) {
  const begins = new RegExp(`(^|[^a-z0-9])${word}`, 'i');
  // Few texts have accents, and to take them off costs more than all the rest.
  return begins.test(text) || begins.test(text.normalize('NFD').replace(/[\u0300-\u036f]/g, ''));
}
