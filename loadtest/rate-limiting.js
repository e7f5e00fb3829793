// Does a limit refuse what is too much, and nothing else? One user of each policy comes as
// fast as she can until she has been refused some times; another comes now and then. What
// the policy is, the answers say.

import { sleep } from 'k6';
import exec from 'k6/execution';
import { Counter } from 'k6/metrics';
import { call } from './lib/call.js';
import { uuidv4 } from './lib/random.js';
import { options as optionsOf, wholly } from './lib/run.js';
import { isOurs, isSmoke, mayWrite } from './lib/settings.js';
import { hasTokens, tokenOf } from './lib/tokens.js';
import { event, send } from './lib/webhooks.js';
import { verify } from './lib/verify.js';

export { handleSummary } from './lib/run.js';

const admitted = new Counter('admitted');
const refused = new Counter('refused');
const tooWide = new Counter('policies_too_wide');
const tried = new Counter('policies_tried');

// More than this at once would be a flood, and no test.
const WIDEST = 1_000;
const REFUSALS = 20;
// `t` and `Retry-After` are whole seconds, rounded up, by another clock than ours.
const ROUNDING = 1.1;

// A request that counts and changes nothing, by the policy that counts it.
const REQUESTS = {
  search: { path: '/api/products/search?q=mug', name: '/api/products/search', expect: [200] },
  checkout: { method: 'POST', path: '/api/orders', body: { items: [] }, expect: [422], writes: true },
  'profile-writes': { method: 'PUT', path: '/api/users/me', body: {}, expect: [422], writes: true },
  'cart-writes': { method: 'PUT', path: '/api/cart/items/none', name: '/api/cart/items/{id}', body: { quantity: -1 }, expect: [422], writes: true },
  'webhook-failures': { webhook: true, expect: [400], writes: true, byAddress: true },
  // Counted by each process for itself, of which a deployed stage has many.
  'catalogue-reads': { path: '/api/products?limit=1', name: '/api/products', expect: [200], byProcess: true, byAddress: true },
  'account-reads': { path: '/api/cart', expect: [200], byProcess: true, needsUser: true },
};

const isPossible = ({ writes, webhook, byProcess, needsUser }) =>
  (!writes || (mayWrite && (hasTokens || webhook))) && (!byProcess || isOurs) && (!needsUser || hasTokens);
const quick = ['checkout', 'profile-writes'];
const policies = Object.keys(REQUESTS).filter((policy) => isPossible(REQUESTS[policy]) && (!isSmoke || quick.includes(policy)));
// In a system of our own each has its limit; a deployed stage may have others, or none.
const each = isOurs ? { policies_tried: [`count==${policies.length}`] } : { policies_tried: ['count>0'] };

export const options = optionsOf(
  { greedy: { executor: 'per-vu-iterations', vus: policies.length, maxDuration: '3m' } },
  { right: { ...each, refused: ['count>0'], http_req_failed: ['rate==0'] } },
);

export default wholly(async () => {
  const place = exec.vu.idInTest - 1;
  const policy = policies[place];
  const [greedy, quiet] = [await tokenOf(`greedy-${policy}`, 2 * place), await tokenOf(`quiet-${policy}`, 2 * place + 1)];
  const began = now();
  const first = ask(policy, greedy);
  const { q, w } = first;
  if (!q || q > WIDEST) {
    console.warn(`${policy}: ${q ? `${q} in ${w} s is too much to use up` : 'there is no such limit here'}`);
    tooWide.add(1);
    return;
  }
  tried.add(1);
  const last = useUp(policy, greedy, first);
  atMost(policy, last, began);
  others(policy, quiet);
  comeAgain(policy, greedy, last);
});

/** Comes without a pause until it was too much some times. Each answer must follow from the one before. */
function useUp(policy, token, first) {
  let [before, let_in, refusals] = [first, 1, 0];
  while (refusals < REFUSALS) {
    const answer = ask(policy, token);
    judge(before, answer);
    if (answer.isRefused) refusals += 1;
    else let_in += 1;
    before = answer;
  }
  return { ...before, let_in };
}

function judge(before, answer) {
  const passed = answer.at - before.asked;
  const [pace, mayHaveCome] = [answer.q / answer.w, Math.ceil((passed * answer.q) / answer.w) + 1];
  verify({
    'who is refused had nothing left': () => !answer.isRefused || before.left === 0,
    'who had nothing left is let in when its time has come': () =>
      answer.isRefused || before.left > 0 || passed + ROUNDING >= Math.min(before.until, 1 / pace),
    'what is left counts down': () => answer.isRefused || (answer.left >= before.left - 1 && answer.left < before.left + mayHaveCome),
    'who is refused is told when to come again': () => !answer.isRefused || (answer.retryAfter >= 1 && answer.retryAfter <= Math.ceil(1 / pace) + 1),
  });
}

/** Whoever else comes is let in, of a provider what it has signed. We all come from one address. */
function others(policy, quiet) {
  const { webhook, byAddress } = REQUESTS[policy];
  if (webhook) send('stripe', event('none', {}));
  else if (hasTokens && !byAddress) isLetIn('another user is not refused', policy, quiet);
}

/** No more than the quota at once, and its pace since. */
function atMost(policy, { let_in, q, w, at }, began) {
  const most = q + ((at - began) * q) / w + 1;
  verify({ [`${policy}: no more than its quota is let in`]: () => let_in <= most && let_in >= q });
}

function comeAgain(policy, token, { retryAfter }) {
  sleep(retryAfter);
  isLetIn('who waits as long as she was told is let in', policy, token);
}

function isLetIn(rule, policy, token) {
  const { isRefused } = ask(policy, token);
  verify({ [rule]: () => !isRefused });
}

function ask(policy, token) {
  const asked = now();
  const answer = request(policy, token);
  const isRefused = answer.status === 429;
  (isRefused ? refused : admitted).add(1, { policy });
  const [, q, w] = /;q=(\d+);w=(\d+)/.exec(answer.headers['Ratelimit-Policy'] || '') || [];
  const [, left, until] = /;r=(\d+);t=(\d+)/.exec(answer.headers.Ratelimit || '') || [];
  const numbers = { q: Number(q), w: Number(w), left: Number(left), until: Number(until) };
  return { ...numbers, isRefused, asked, at: now(), retryAfter: Number(answer.headers['Retry-After']) };
}

function request(policy, token) {
  const { method = 'GET', path, name, body, expect, webhook } = REQUESTS[policy];
  if (webhook) return send('stripe', event('none', {}), { spoil: true, expect: [...expect, 429] });
  const headers = method === 'POST' ? { 'Idempotency-Key': uuidv4() } : {};
  return call(method, path, { name, body, headers, token, expect: [...expect, 429], patience: 0 });
}

const now = () => Date.now() / 1000;
