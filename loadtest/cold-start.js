// The first answers of new processes. In a system of our own each function's process is
// killed, and its successor asked at once. A deployed stage starts processes when it likes:
// a burst asks for more at once than are there, and the fleet counts how many were new.

import http from 'k6/http';
import { sleep } from 'k6';
import { Trend } from 'k6/metrics';
import { call } from './lib/call.js';
import { products } from './lib/catalogue.js';
import { detailed } from './lib/fleet.js';
import { options as optionsOf, wholly } from './lib/run.js';
import { ceiling, faults, isSmoke, seconds, url } from './lib/settings.js';
import { hasTokens, tokenOf } from './lib/tokens.js';
import { verify } from './lib/verify.js';

export { handleSummary } from './lib/run.js';

// From the order to kill to the successor's first answer; of that, what the caller waits;
// and the same request again.
const back = new Trend('back_after', true);
const cold = new Trend('first_answer', true);
const warm = new Trend('second_answer', true);

const BURST = ceiling || 50;
// A process that does not live for two seconds counts as one that cannot start.
const LIFE = 2.2;

export const options = {
  ...optionsOf(
    { starts: { executor: 'constant-vus', vus: 1, duration: `${seconds(45, 3)}s`, gracefulStop: '30s' } },
    {
      right: { http_req_failed: ['rate==0'], first_answer: ['max>=0'] },
      inTime: { first_answer: ['p(95)<500'] },
      held: { first_answer: ['p(95)<50'], second_answer: ['p(95)<10'], back_after: ['p(95)<250'] },
    },
  ),
  batch: BURST,
  batchPerHost: BURST,
};

const FIRST = [
  ['products', () => `/api/products/${products[0].id}`],
  ['health', () => '/api/health'],
  ...(hasTokens ? [['carts', () => '/api/cart'], ['orders', () => '/api/orders'], ['users', () => '/api/users/me']] : []),
];

export default wholly(async () => {
  if (!faults) return burst();
  const began = Date.now();
  for (const [name, path] of isSmoke ? FIRST.slice(0, 1) : FIRST) replace(name, path(), await tokenOf());
  return sleep(Math.max(0, LIFE - (Date.now() - began) / 1000));
});

function replace(name, path, token) {
  const began = Date.now();
  const killed = http.post(`${faults}/functions/${name}/kill`, null, { tags: { part: 'fault' } });
  if (!verify({ 'a killed function is replaced': () => killed.status === 200 })) return;
  const ask = () => call('GET', path, { name: path.replace(products[0].id, '{id}'), token, expect: [200, 404] }).timings.duration;
  cold.add(ask(), { function: name });
  back.add(Date.now() - began, { function: name });
  warm.add(ask(), { function: name });
}

function burst() {
  const counted = () => detailed()?.system.cold_starts ?? 0;
  const before = counted();
  const path = `${url}/api/products/${products[0].id}`;
  const answers = http.batch(Array.from({ length: BURST }, () => ['GET', path, null, { tags: { part: 'api' } }]));
  answers.forEach((answer) => cold.add(answer.timings.duration));
  verify({ 'every answer of the burst is right': () => answers.every((answer) => answer.json('id') === products[0].id) });
  // The fleet tells what it counted within ten seconds.
  sleep(12);
  console.log(`of ${BURST} at once, ${counted() - before} started a process; the slowest took ${Math.max(...answers.map(({ timings }) => timings.duration)).toFixed(0)} ms`);
}
