// What users do, in the shares in which shops see it: mostly they look.

import { browse, look, lookAtPrice, lookAtStock, search } from './browsing.js';
import { buy, fillCart, showCart, showOrders, showProfile } from './buying.js';
import { weighted } from './random.js';
import { mayWrite } from './settings.js';
import { hasTokens } from './tokens.js';

const LOOKING = [[look, 55], [browse, 12], [search, 8], [lookAtStock, 6], [lookAtPrice, 4]];
const ONES_OWN = [[showCart, 4], [showOrders, 2], [showProfile, 2]];
const WRITING = [[fillCart, 6], [() => buy(), 1]];

const acts = [...LOOKING, ...(hasTokens ? ONES_OWN : []), ...(hasTokens && mayWrite ? WRITING : [])];

const nextAct = weighted(acts);
const nextLook = weighted(LOOKING);

/** Something that a user does. */
export const anything = () => nextAct()();

/** Something that takes one request and changes nothing. */
export const anyLook = () => nextLook()();
