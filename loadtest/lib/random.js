// Chance, as users have it.

/** One of a list. */
export const oneOf = (list) => list[Math.floor(Math.random() * list.length)];

/** True so often. */
export const chance = (share) => Math.random() < share;

/** From 1 to `most`. */
export const upTo = (most) => 1 + Math.floor(Math.random() * most);

/** A name for what must not be confused with anything else. */
export const uuidv4 = () => crypto.randomUUID();

/** A choice among pairs of a thing and its weight. */
export function weighted(pairs) {
  let left = Math.random() * pairs.reduce((sum, [, weight]) => sum + weight, 0);
  return pairs.find(([, weight]) => (left -= weight) < 0)[0];
}
