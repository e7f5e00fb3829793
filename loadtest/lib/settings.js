// What run-load-tests.sh says of this run.

const on = (name) => __ENV[name] === '1';

/** Where the API answers. */
export const url = __ENV.BASE_URL;
/** Whether this is a system of our own, made for the run. */
export const isOurs = on('IS_OURS');
/** Whether only what is right counts, and not how fast it is. */
export const isSmoke = on('SMOKE');
/** Whether anything may be written there. */
export const mayWrite = on('MAY_WRITE');
/** Whether its detailed health is that of all its functions: they count in the shared cache. */
export const isFleetCounted = on('FLEET_IS_COUNTED');
/** Requests in a second at most; 0 for as many as can be. */
export const ceiling = Number(__ENV.RATE || 0);
/** Whether the cache is killed half-way. */
export const killsCache = on('KILL_CACHE');
/** Where functions and cache can be killed; nowhere but in a system of our own. */
export const faults = __ENV.FAULTS_URL;

/** Seconds: many, or a few in a smoke run. */
export const seconds = (many, few) => (isSmoke ? few : Number(__ENV.DURATION || many));
/** A number of something: as wanted, or less in a smoke run. */
export const unlessSmoke = (wanted, less) => (isSmoke ? less : wanted);
