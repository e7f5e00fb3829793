// One request, and whether its answer is one that the API may give.

import http from 'k6/http';
import { sleep } from 'k6';
import exec from 'k6/execution';
import { Rate } from 'k6/metrics';
import { url } from './settings.js';
import { verify } from './verify.js';

// How many answers are a 503 that says when to come again. A client does, so they are no
// failure; but they have a limit of their own.
const toldToWait = new Rate('told_to_wait');
const PATIENCE = 5;
// A broken system fails in one way a thousand times: a few users tell of it, once.
const TELLING = 5;

let sent = 0;
let attempt = 1;
let hasTold = false;

/** How many requests this user has sent. */
export const requestsSent = () => sent;

/** Whether the last of them was one again, since the answer to it was "later". */
export const wasAgain = () => attempt > 1;

/**
 * Sends a request until its answer is not "later", and checks that it is one of
 * `expect`, and a problem if it is an error.
 *
 * `name` is the route, under which it is measured, `part` what its thresholds are of.
 */
export function call(method, path, { name = path, part = 'api', expect = [200], token, body, headers = {}, patience = PATIENCE } = {}) {
  const all = { ...headers };
  if (token) all.Authorization = `Bearer ${token}`;
  if (body && !all['Content-Type']) all['Content-Type'] = 'application/json';
  const params = { headers: all, tags: { name: `${method} ${name}`, part }, responseCallback: expecting(expect, patience) };
  const text = body && typeof body !== 'string' ? JSON.stringify(body) : body;
  const answer = patiently(() => http.request(method, url + path, text ?? null, params), patience);
  judge(answer, method, name, path, expect, part === 'detailed');
  return answer;
}

// Made once each: a call from here into k6 costs a tenth of a request.
const callbacks = new Map();

function expecting(statuses, patience) {
  const key = `${statuses} ${patience}`;
  if (!callbacks.has(key)) callbacks.set(key, http.expectedStatuses(...statuses, ...(patience ? [503] : [])));
  return callbacks.get(key);
}

function patiently(send, patience) {
  for (attempt = 1; ; attempt += 1) {
    sent += 1;
    const answer = send();
    const wait = answer.status === 503 && Number(answer.headers['Retry-After']);
    toldToWait.add(Boolean(wait));
    if (!wait || attempt >= patience) return answer;
    sleep(wait);
  }
}

function judge(answer, method, name, path, expect, isReport) {
  const isExpected = expect.includes(answer.status);
  if (isExpected && answer.status < 400) return;
  verify({
    [`${method} ${name} answers ${expect.join(' or ')}`]: () => isExpected,
    'an error is a problem': () => answer.status < 400 || isReport || isProblem(answer, path),
  });
  if (!isExpected && !hasTold && exec.vu.idInTest <= TELLING) {
    hasTold = true;
    console.warn(`${method} ${name}: ${answer.status} ${answer.error} ${String(answer.body).slice(0, 300)}`);
  }
}

/** Whether an answer is a problem (RFC 9457) of this status and about this path. */
export function isProblem(answer, path) {
  if (answer.headers['Content-Type'] !== 'application/problem+json') return false;
  const problem = answer.json();
  const hasTexts = ['type', 'title', 'detail', 'request_id'].every((field) => typeof problem[field] === 'string');
  return hasTexts && problem.status === answer.status && problem.instance === path.split('?')[0];
}
