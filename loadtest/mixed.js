// A busy day: a hundred users look, search, fill carts, order and pay, side by side.

import http from 'k6/http';
import { sleep } from 'k6';
import { fleetLimits, watchFleet as watch } from './lib/fleet.js';
import { paced } from './lib/pace.js';
import { faultless, options as optionsOf, promised, wholly } from './lib/run.js';
import { ceiling, faults, isSmoke, killsCache, mayWrite, seconds, unlessSmoke } from './lib/settings.js';
import { hasTokens } from './lib/tokens.js';
import { anything } from './lib/visit.js';
import { verify } from './lib/verify.js';

export { handleSummary } from './lib/run.js';

const USERS = unlessSmoke(100, 5);
// A little more than what is to hold.
const RATE = ceiling || unlessSmoke(1_100, 50);
const SECONDS = seconds(60, 6);
const CACHE_IS_GONE = SECONDS / 6;

const constant = (vus, exec) => ({ executor: 'constant-vus', vus, exec, duration: `${SECONDS}s`, gracefulStop: '40s' });

const scenarios = { users: constant(USERS, 'visit'), fleet: constant(1, 'watchFleet') };
if (killsCache) scenarios.fault = { executor: 'per-vu-iterations', startTime: `${SECONDS / 2}s`, exec: 'loseCache' };

const rate = ceiling && ceiling <= 50 ? {} : { http_reqs: ['rate>=50'] };
const inTime = {
  ...promised,
  'http_req_duration{part:health}': ['p(95)<100'],
  'http_req_duration{part:detailed}': ['p(95)<500'],
  ...(mayWrite && hasTokens && { 'http_req_duration{part:webhook}': ['p(95)<1000'], orders_paid: ['count>0'] }),
  ...rate,
};
const held = { ...faultless, 'http_req_duration{part:api}': ['p(95)<=100'], http_reqs: ['rate>=1000'] };

// What is counted of the fleet is in the cache, and goes with it.
export const options = optionsOf(scenarios, {
  right: killsCache ? faultless : isSmoke ? { http_req_failed: ['rate==0'] } : {},
  inTime: killsCache ? inTime : { ...inTime, ...fleetLimits },
  held: killsCache ? {} : held,
});

export const watchFleet = wholly(watch);
export const visit = wholly(() => paced(USERS, RATE, anything));

/** Kills the cache server, and starts it again a while later. */
export function loseCache() {
  const tell = (what) => http.post(`${faults}/cache/${what}`, null, { tags: { part: 'fault' } });
  const gone = tell('kill');
  verify({ 'the cache is gone': () => gone.status === 200 });
  sleep(CACHE_IS_GONE);
  const back = tell('start');
  verify({ 'the cache is back': () => back.status === 200 });
}
