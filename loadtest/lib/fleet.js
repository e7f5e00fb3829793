// What the system says of itself meanwhile: what health judges by, as metrics.

import { sleep } from 'k6';
import exec from 'k6/execution';
import { Counter, Trend } from 'k6/metrics';
import { call } from './call.js';
import { isFleetCounted } from './settings.js';
import { verify } from './verify.js';

// Its counts are of whole minutes, the first of which has what a cold start costs.
const WARM_UP = 15_000;
const PAUSE = 2;

// Where a value stands in the answer, and what it must be.
const LIMITS = {
  'database.probe': 'max<100',
  'database.p95': 'max<100',
  'database.slot_use': 'max<80',
  'database.slow_queries': 'max<5',
  'database.connection_failures': 'max<0.1',
  'cache.probe': 'max<50',
  'cache.p95': 'max<50',
  'cache.hit_rate': 'min>80',
  'cache.miss_penalty': 'max<200',
  'cache.errors': 'max<1',
  'api.p95': 'max<500',
  'api.error_rate': 'max<0.1',
  'system.memory': 'max<512',
  'system.memory_use': 'max<80',
  'system.cpu': 'max<80',
};

const metricOf = (place) => `fleet_${place.replace('.', '_')}`;
const measured = Object.fromEntries(Object.keys(LIMITS).map((place) => [place, new Trend(metricOf(place))]));
const reports = new Counter('fleet_reports');
const unknown = new Counter('fleet_unknown');

/** The limits as k6 has them. Where nothing counts the fleet, its health is that of one process. */
export const fleetLimits = isFleetCounted ? {
  ...Object.fromEntries(Object.entries(LIMITS).map(([place, limit]) => [metricOf(place), [limit]])),
  fleet_reports: ['count>0'],
  fleet_unknown: ['count==0'],
} : {};

/** Asks for the health now and then, as whoever watches over a system does. */
export function watchFleet() {
  isAlive();
  const report = detailed();
  if (report && exec.instance.currentTestRunDuration > WARM_UP) note(report);
  sleep(PAUSE);
}

/** Asks whether it lives. */
export function isAlive() {
  const answer = call('GET', '/api/health', { part: 'health' });
  verify({ 'it lives': () => answer.json('status') === 'healthy' && answer.json('uptime') >= 0 });
}

/** Asks how the whole fleet does. */
export function detailed() {
  const answer = call('GET', '/api/health/detailed', { part: 'detailed', token: __ENV.HEALTH_TOKEN });
  return answer.status === 200 ? answer.json() : null;
}

function note({ services, system }) {
  reports.add(1);
  for (const [place, metric] of Object.entries(measured)) {
    const [part, name] = place.split('.');
    const { value } = (part === 'system' ? system : services[part]).checks[name];
    if (value === null) unknown.add(1, { place });
    else metric.add(value);
  }
}
