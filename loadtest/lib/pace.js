// Users pause between what they do, so that all of them together send so many requests in
// a second, as long as the system keeps up.

import { sleep } from 'k6';
import { requestsSent } from './call.js';

let isFirst = true;

/** Does something as one of so many users who are to send `rate` requests in a second together. */
export async function paced(users, rate, act) {
  const share = users / rate;
  if (isFirst) sleep(Math.random() * share);
  isFirst = false;
  const [began, before] = [Date.now(), requestsSent()];
  await act();
  sleep(Math.max(0, (requestsSent() - before) * share - (Date.now() - began) / 1000));
}
