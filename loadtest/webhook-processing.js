// Payment providers tell their events, one alone and then many at once: new ones, the same
// again, and what no provider has signed. Now and then one pays a real order.

import { buy } from './lib/buying.js';
import { wasAgain } from './lib/call.js';
import { chance, oneOf, uuidv4 } from './lib/random.js';
import { faultless, options as optionsOf, wholly } from './lib/run.js';
import { seconds, unlessSmoke } from './lib/settings.js';
import { hasTokens } from './lib/tokens.js';
import { event, send } from './lib/webhooks.js';
import { verify } from './lib/verify.js';

export { handleSummary } from './lib/run.js';

const ALONE = seconds(10, 2);
const CROWD = seconds(30, 3);
// Signatures hold for five minutes.
const TOO_OLD = 600;

export const options = optionsOf(
  {
    alone: { executor: 'constant-vus', vus: 1, exec: 'tell', duration: `${ALONE}s` },
    providers: { executor: 'constant-vus', vus: unlessSmoke(20, 3), exec: 'tell', startTime: `${ALONE}s`, duration: `${CROWD}s` },
    ...(hasTokens && {
      shopper: { executor: 'constant-vus', vus: 1, exec: 'pay', startTime: `${ALONE}s`, duration: `${CROWD}s`, gracefulStop: '40s' },
    }),
  },
  {
    right: hasTokens ? { orders_paid: ['count>0'] } : {},
    inTime: { http_req_failed: ['rate<0.05'], told_to_wait: ['rate<0.05'], 'http_req_duration{part:webhook}': ['p(95)<1000'] },
    held: { ...faultless, 'http_req_duration{scenario:alone,part:webhook}': ['p(95)<100'] },
  },
);

export const tell = wholly(() => {
  const provider = oneOf(['stripe', 'standard']);
  const told = event('payment_intent.created', { id: `pi_${uuidv4()}`, object: 'payment_intent' });
  const isKept = (duplicate) => {
    const answer = send(provider, told);
    return answer.json('received') === true && (answer.json('duplicate') === duplicate || wasAgain());
  };
  verify({ 'a new event is kept': () => isKept(false) });
  if (chance(0.2)) verify({ 'an event that comes again is a duplicate': () => isKept(true) });
  if (chance(0.1)) send(provider, event('payment_intent.created', {}), { spoil: true, expect: [400, 429] });
  if (chance(0.1)) send(provider, event('payment_intent.created', {}), { age: TOO_OLD, expect: [400, 429] });
});

export const pay = wholly(() => buy());
