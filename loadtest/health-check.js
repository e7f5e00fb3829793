// Health, asked by one alone and by a crowd.

import { call } from './lib/call.js';
import { detailed, isAlive } from './lib/fleet.js';
import { faultless, options as optionsOf, wholly } from './lib/run.js';
import { ceiling, seconds, unlessSmoke } from './lib/settings.js';
import { verify } from './lib/verify.js';

export { handleSummary } from './lib/run.js';

const ALONE = seconds(10, 2);
const CROWD = seconds(20, 2);
const USERS = ceiling ? 2 : unlessSmoke(50, 5);

const constant = (vus, exec, startTime, duration) => ({
  executor: 'constant-vus', vus, exec, startTime: `${startTime}s`, duration: `${duration}s`,
});

export const options = optionsOf(
  {
    alone: constant(1, 'askAll', 0, ALONE),
    crowd: constant(USERS, 'live', ALONE, CROWD),
    inTheCrowd: constant(1, 'askAll', ALONE, CROWD),
  },
  {
    right: { http_req_failed: ['rate==0'] },
    inTime: {
      'http_req_duration{part:health}': ['p(95)<100'],
      'http_req_duration{part:detailed}': ['p(95)<500'],
    },
    held: {
      ...faultless,
      'http_req_duration{scenario:alone,part:health}': ['p(95)<10'],
      'http_req_duration{scenario:alone,part:detailed}': ['p(95)<50'],
    },
  },
);

export const live = wholly(isAlive);

export const askAll = wholly(() => {
  isAlive();
  const report = detailed();
  verify({ 'every value has its verdict': () => report && verdicts(report).every((status) => STATUSES.includes(status)) });
  const token = __ENV.HEALTH_TOKEN;
  const page = call('GET', '/api/health/dashboard', { part: 'dashboard', token });
  verify({ 'the dashboard is a page': () => page.headers['Content-Type'].startsWith('text/html') });
  call('GET', '/api/no-such-thing', { part: 'health', expect: [404] });
});

const STATUSES = ['healthy', 'degraded', 'unknown'];
const verdicts = ({ services, system }) =>
  [...Object.values(services), system].flatMap(({ checks }) => Object.values(checks).map(({ status }) => status));
