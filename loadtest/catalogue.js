// Many look at the catalogue: products, pages, searches; one reads all of it.

import { readItAll } from './lib/browsing.js';
import { products } from './lib/catalogue.js';
import { paced } from './lib/pace.js';
import { faultless, options as optionsOf, promised, wholly } from './lib/run.js';
import { ceiling, isOurs, seconds, unlessSmoke } from './lib/settings.js';
import { anyLook } from './lib/visit.js';
import { verify } from './lib/verify.js';

export { handleSummary } from './lib/run.js';

const USERS = unlessSmoke(50, 5);
const RATE = ceiling || unlessSmoke(800, 50);
const DURATION = `${seconds(40, 4)}s`;

export const options = optionsOf(
  {
    visitors: { executor: 'constant-vus', vus: USERS, exec: 'visit', duration: DURATION },
    reader: { executor: 'per-vu-iterations', exec: 'read', maxDuration: '2m' },
  },
  { inTime: promised, held: { 'http_req_duration{part:api}': ['p(95)<=100'], ...faultless } },
);

export const visit = wholly(() => paced(USERS, RATE, anyLook));

export const read = wholly(() => {
  if (!isOurs) return;
  const { count, distinct } = readItAll();
  verify({ 'the pages hold every product once': () => count === products.length && distinct === count });
});
