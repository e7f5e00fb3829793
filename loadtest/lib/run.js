// What every scenario has in common: how k6 is set, which limits hold, what is left behind.

import { sleep } from 'k6';
import exec from 'k6/execution';
import { Counter } from 'k6/metrics';
import { ceiling, isOurs, isSmoke, killsCache } from './settings.js';
import { done } from './verify.js';

// To k6 an iteration that throws is over, and no failure.
const broken = new Counter('broken_off');
const always = { checks: ['rate==1'], http_reqs: ['count>0'], broken_off: ['count==0'] };
// A broken system fails in one way a thousand times: a few users tell of it, once.
const TELLING = 3;
let hasTold = false;

/** What a user does, where not to get to its end is a failure. */
export const wholly = (act) => async () => {
  try {
    await act();
    done();
  } catch (error) {
    broken.add(1);
    if (!hasTold && exec.vu.idInTest <= TELLING) console.error(error.stack ?? error);
    hasTold = true;
    // What is broken is not to be tried ten thousand times.
    sleep(1);
  }
};

/** The promise of any load: hardly an error, and an API that answers in time. */
export const promised = {
  http_req_failed: ['rate<0.001'],
  told_to_wait: ['rate<0.001'],
  'http_req_duration{part:api}': ['p(95)<500'],
};

/** What a system of our own does not do under the loads that it is to bear. */
export const faultless = { http_req_failed: ['rate==0'], told_to_wait: ['rate==0'] };

/**
 * The options of a run. `right` is what must hold of any run, `inTime` of any but a smoke
 * run, and `held` is what we hold ourselves to, on a system of our own.
 */
export function options(scenarios, { right = {}, inTime = {}, held = {} }) {
  const isHeld = isOurs && !isSmoke && !ceiling;
  const limits = merged([always, right, isSmoke ? {} : inTime, isHeld ? held : {}, ofThisRun()]);
  return {
    scenarios,
    thresholds: limits,
    rps: ceiling || undefined,
    // One that is followed is not counted by the ceiling, and takes tokens along.
    maxRedirects: 0,
    // Without the group there are no names of checks to tell.
    systemTags: ['scenario', 'name', 'status', 'expected_response', 'check', 'group'],
    summaryTrendStats: ['min', 'med', 'p(95)', 'p(99)', 'max'],
  };
}

/** Limits beside those that are committed: `metric:limit`, several with semicolons. */
function ofThisRun() {
  const given = (__ENV.THRESHOLDS || '').split(';').filter(Boolean);
  return merged(given.map((text) => {
    const at = text.lastIndexOf(':');
    return { [text.slice(0, at)]: [text.slice(at + 1)] };
  }));
}

function merged(groups) {
  const all = {};
  for (const [metric, limits] of groups.flatMap(Object.entries)) {
    all[metric] = [...new Set([...(all[metric] ?? []), ...limits])];
  }
  return all;
}

/** Leaves the figures in summary.json, and says which checks failed. */
export function handleSummary({ metrics, root_group: { checks }, state }) {
  const failed = checks.filter(({ fails }) => fails > 0).map(({ name, passes, fails }) => ({ name, passes, fails }));
  const about = { scenario: __ENV.SCENARIO, target: __ENV.TARGET_NAME, kind: isSmoke ? 'smoke' : killsCache ? 'cache killed' : 'whole' };
  const said = failed.map(({ name, passes, fails }) => `  not so, ${fails} of ${passes + fails} times: ${name}\n`);
  return {
    [`${__ENV.OUT}/summary.json`]: JSON.stringify({ ...about, seconds: state.testRunDurationMs / 1000, failed, metrics }, null, 1),
    stdout: said.join(''),
  };
}
