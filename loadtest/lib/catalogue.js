// What the shop sells, and how often: a product comes up as it does in the sales that
// `loadtest/prepare` read or made up.

import { SharedArray } from 'k6/data';
import { oneOf } from './random.js';

const read = () => JSON.parse(open(__ENV.CATALOGUE));

/** Products, each `{id, name, category, price}`. */
export const products = new SharedArray('products', () => read().products);
// Each with its product: two looks into what is shared cost more than what they spare.
const sales = new SharedArray('sales', () => {
  const { products: all, sales: places } = read();
  return places.map((place) => all[place]);
});

/** What a random sale was of. */
export const wanted = () => oneOf(sales);
