// What must be so.

import { check } from 'k6';

/**
 * Checks each of these, and returns whether all of them are so. Only what is not is told, by
 * its name: each that k6 counts costs as much as a request.
 */
export function verify(conditions) {
  let areSo = true;
  for (const name in conditions) {
    if (conditions[name]()) continue;
    areSo = false;
    check(null, { [name]: () => false });
  }
  return areSo;
}

/** Counts what a user did to its end, beside what was not so in it. */
export const done = () => check(null, { 'an act came to its end': () => true });
