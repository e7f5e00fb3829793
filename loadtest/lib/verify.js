// What must be so.

import { check } from 'k6';

/**
 * Checks each of these, and returns whether all of them are so. What is not is told by its
 * name; all that are count as one, because each that k6 counts costs as much as a request.
 */
export function verify(conditions) {
  const wrong = Object.entries(conditions).filter(([, isSo]) => !isSo());
  wrong.forEach(([name]) => check(null, { [name]: () => false }));
  return wrong.length === 0 && check(null, { 'all is as it must be': () => true });
}
