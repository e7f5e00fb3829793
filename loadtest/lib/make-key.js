// Makes the key that a run signs its users' tokens with, and the set of its public half.
// k6 signs with none of the kind that `local` has.

const KEY_ID = 'development-load';

export const options = { iterations: 1 };

export async function setup() {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  return crypto.subtle.exportKey('jwk', pair.privateKey);
}

export default function () {}

export function handleSummary({ setup_data: { kty, crv, x, y, d } }) {
  const known = { kty, crv, x, y, kid: KEY_ID };
  return {
    [`${__ENV.KEYS}/private.json`]: JSON.stringify({ ...known, d }),
    [`${__ENV.KEYS}/public.json`]: JSON.stringify({ keys: [{ ...known, alg: 'ES256', use: 'sig' }] }),
  };
}
