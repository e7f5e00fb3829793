// Chance, as users have it.

/** One of a list. */
export const oneOf = (list) => list[Math.floor(Math.random() * list.length)];

/** True so often. */
export const chance = (share) => Math.random() < share;

/** From 1 to `most`. */
export const upTo = (most) => 1 + Math.floor(Math.random() * most);

/** A name for what must not be confused with anything else. */
export const uuidv4 = () => crypto.randomUUID();

/** Chooses among pairs of a thing and its weight, again and again. */
export function weighted(pairs) {
  const lots = pairs.flatMap(([thing, weight]) => Array(weight).fill(thing));
  return () => oneOf(lots);
}
