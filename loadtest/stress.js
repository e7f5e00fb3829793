// Ever more, until it is too much: where the knee is, that what is too much is refused
// politely, and that all is well again afterwards.

import http from 'k6/http';
import { Counter } from 'k6/metrics';
import { isProblem } from './lib/call.js';
import { isAlive } from './lib/fleet.js';
import { handleSummary as leave, options as optionsOf, wholly } from './lib/run.js';
import { isSmoke, seconds, url } from './lib/settings.js';
import { anyLook } from './lib/visit.js';
import { verify } from './lib/verify.js';

const STEPS = isSmoke ? [20, 60] : [200, 400, 600, 800, 1000, 1200, 1400, 1600, 2000, 2500];
const STEP = seconds(10, 1);
// At once, in all, of what takes longest: more than wait at the gate of a system of our own.
const FLOOD = isSmoke ? { vus: 2, each: 20 } : { vus: 10, each: 250 };
const FLOOD_STARTS = STEPS.length * STEP + 5;
const RECOVERY_STARTS = FLOOD_STARTS + (isSmoke ? 3 : 25);
const RECOVERY = seconds(10, 2);
// Beyond it users would wait longer than they do.
const IN_TIME = 100;

const toldToWait = new Counter('flood_told_to_wait');

const stepName = (rate) => `step_${rate}`;
const arrivals = (rate, duration, startTime, vus) => ({
  executor: 'constant-arrival-rate', rate, duration: `${duration}s`, startTime: `${startTime}s`, preAllocatedVUs: vus, maxVUs: vus, gracefulStop: '5s',
});

const steps = Object.fromEntries(STEPS.map((rate, at) => [
  stepName(rate), { ...arrivals(rate, STEP, at * STEP, isSmoke ? 5 : 200), exec: 'visit' },
]));
// k6 keeps figures of a part only if there is a limit for it.
const kept = Object.fromEntries(STEPS.flatMap((rate) => [
  [`http_req_duration{scenario:${stepName(rate)}}`, ['p(95)>=0']],
  [`http_reqs{scenario:${stepName(rate)}}`, ['count>=0']],
]));

const base = optionsOf(
  {
    ...steps,
    flood: { executor: 'per-vu-iterations', vus: FLOOD.vus, exec: 'flood', startTime: `${FLOOD_STARTS}s` },
    recovery: { ...arrivals(isSmoke ? 10 : 100, RECOVERY, RECOVERY_STARTS, 20), exec: 'recover' },
  },
  {
    right: { 'http_req_failed{scenario:recovery}': ['rate==0'], 'checks{scenario:recovery}': ['rate==1'], ...kept },
    inTime: { 'http_req_duration{scenario:recovery}': ['p(95)<500'] },
  },
);
export const options = { ...base, batch: FLOOD.each, batchPerHost: FLOOD.each };

export const visit = wholly(anyLook);

export const recover = wholly(() => {
  isAlive();
  anyLook();
});

/** Everything at once. Each answer is right, or says that it is too much and when to come again. */
export const flood = wholly(() => {
  const path = '/api/products?limit=100';
  const params = { tags: { name: 'GET /api/products', part: 'flood' }, responseCallback: http.expectedStatuses(200, 503), timeout: '30s' };
  const answers = http.batch(Array.from({ length: FLOOD.each }, () => ['GET', url + path, null, params]));
  toldToWait.add(answers.filter(({ status }) => status === 503).length);
  for (const answer of answers) {
    verify({ 'what is too much is refused politely': () => answer.status === 200 || (answer.status === 503 && Number(answer.headers['Retry-After']) > 0 && isProblem(answer, path)) });
  }
});

export function handleSummary(data) {
  const files = leave(data);
  return { ...files, stdout: files.stdout + knee(data.metrics) };
}

function knee(metrics) {
  const of = (rate) => {
    const scenario = `{scenario:${stepName(rate)}}`;
    const [time, count] = [metrics[`http_req_duration${scenario}`], metrics[`http_reqs${scenario}`]];
    return { rate, answered: count.values.count / STEP, p95: time.values['p(95)'] };
  };
  const all = STEPS.map(of);
  const lines = all.map(({ rate, answered, p95 }) => `  ${String(rate).padStart(6)}/s wanted ${answered.toFixed(0).padStart(6)}/s answered   p95 ${p95.toFixed(1).padStart(8)} ms\n`);
  const broke = all.findIndex(({ rate, answered, p95 }) => p95 > IN_TIME || answered < 0.95 * rate);
  const held = broke < 0 ? all : all.slice(0, broke);
  const best = held.length ? `${held.at(-1).answered.toFixed(0)}/s` : 'below the first step';
  const late = metrics.flood_told_to_wait.values.count;
  const flood = `  of ${FLOOD.vus * FLOOD.each} at once ${late} were told to come again\n`;
  return `${lines.join('')}  the knee: ${best} with a p95 within ${IN_TIME} ms\n${flood}`;
}
