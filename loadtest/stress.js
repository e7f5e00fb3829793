// Ever more, until it is too much: where the knee is, that what is too much is refused
// politely, and that all is well again afterwards.

import { fail } from 'k6';
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
const KNEE = 'knee_requests_per_second';

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
    held: { [KNEE]: ['value>=500'] },
  },
);
// The knee is made of all steps, when they are over: k6 has no such metric, and judges none of its limits.
const { [KNEE]: ofKnee = [], ...thresholds } = base.thresholds;
const KNEE_LIMITS = ofKnee.map(parsed);
export const options = { ...base, thresholds, batch: FLOOD.each, batchPerHost: FLOOD.each };

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
  const all = STEPS.map((rate) => measured(data.metrics, rate));
  const found = kneeOf(all);
  data.metrics[KNEE] = judged(found);
  const files = leave(data);
  return { ...files, stdout: files.stdout + told(all, found, data.metrics.flood_told_to_wait.values.count) };
}

function measured(metrics, rate) {
  const scenario = `{scenario:${stepName(rate)}}`;
  const [time, count] = [metrics[`http_req_duration${scenario}`], metrics[`http_reqs${scenario}`]];
  return { rate, answered: count.values.count / STEP, p95: time.values['p(95)'] };
}

/** What the last step answered in a second before the first that was too much; 0 if that was the first of all. */
function kneeOf(all) {
  const broke = all.findIndex(({ rate, answered, p95 }) => p95 > IN_TIME || answered < 0.95 * rate);
  const held = broke < 0 ? all : all.slice(0, broke);
  return held.at(-1)?.answered ?? 0;
}

/** As k6 has a metric. Whether its limits held, loadtest/table tells the run. */
function judged(value) {
  const thresholds = KNEE_LIMITS.map(({ limit, holds }) => [limit, { ok: holds(value) }]);
  return { type: 'gauge', contains: 'default', values: { value }, thresholds: Object.fromEntries(thresholds) };
}

function parsed(limit) {
  const [, sign, number] = limit.match(/^value(>=|<=|>|<)(\d+)$/) ?? fail(`${KNEE} cannot be held to ${limit}`);
  const holds = { '>=': (value) => value >= number, '<=': (value) => value <= number, '>': (value) => value > number, '<': (value) => value < number };
  return { limit, holds: holds[sign] };
}

function told(all, found, late) {
  const lines = all.map(({ rate, answered, p95 }) => `  ${String(rate).padStart(6)}/s wanted ${answered.toFixed(0).padStart(6)}/s answered   p95 ${p95.toFixed(1).padStart(8)} ms\n`);
  const best = found ? `${found.toFixed(0)}/s` : 'below the first step';
  const flood = `  of ${FLOOD.vus * FLOOD.each} at once ${late} were told to come again\n`;
  return `${lines.join('')}  the knee: ${best} with a p95 within ${IN_TIME} ms\n${flood}`;
}
