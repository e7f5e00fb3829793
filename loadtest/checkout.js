// Users fill their carts, order, pay, and see their orders paid; and they want the same things.

import { buy, showOrders } from './lib/buying.js';
import { faultless, options as optionsOf, promised, wholly } from './lib/run.js';
import { seconds, unlessSmoke } from './lib/settings.js';

export { handleSummary } from './lib/run.js';

export const options = optionsOf(
  { buyers: { executor: 'constant-vus', vus: unlessSmoke(20, 3), duration: `${seconds(40, 4)}s`, gracefulStop: '40s' } },
  {
    right: { orders_paid: ['count>0'] },
    inTime: { ...promised, 'http_req_duration{part:webhook}': ['p(95)<1000'], until_paid: ['p(95)<5000'] },
    held: { ...faultless },
  },
);

export default wholly(async () => {
  await buy();
  await showOrders();
});
