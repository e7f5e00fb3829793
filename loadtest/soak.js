// A long day: a steady load, while run-load-tests.sh watches what the processes take.

import { fleetLimits, watchFleet as watch } from './lib/fleet.js';
import { paced } from './lib/pace.js';
import { faultless, options as optionsOf, promised, wholly } from './lib/run.js';
import { ceiling, isSmoke, unlessSmoke } from './lib/settings.js';
import { anything } from './lib/visit.js';

export { handleSummary } from './lib/run.js';

const USERS = unlessSmoke(50, 3);
const RATE = ceiling || unlessSmoke(300, 30);
const DURATION = isSmoke ? '5s' : `${__ENV.SOAK_MINUTES || 15}m`;

const constant = (vus, exec) => ({ executor: 'constant-vus', vus, exec, duration: DURATION, gracefulStop: '40s' });

export const options = optionsOf(
  { users: constant(USERS, 'visit'), fleet: constant(1, 'watchFleet') },
  { inTime: { ...promised, ...fleetLimits }, held: { ...faultless } },
);

export const watchFleet = wholly(watch);
export const visit = wholly(() => paced(USERS, RATE, anything));
