// What the shop sells, and how often: a product comes up as it does in the sales that
// `loadtest/prepare` read or made up.

import { SharedArray } from 'k6/data';
import { oneOf } from './random.js';

const read = (part) => new SharedArray(part, () => JSON.parse(open(__ENV.CATALOGUE))[part]);

/** Products, each `{id, name, category, price}`. */
export const products = read('products');
const sales = read('sales');

/** What a random sale was of. */
export const wanted = () => products[oneOf(sales)];
