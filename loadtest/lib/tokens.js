// Bearer tokens: signed here, by the key that the run was given, or ready ones.
//
// AUTH_KEY    file with a private JWK (EC P-256 or RSA) whose public half the target knows
// AUTH_ISSUER, AUTH_AUDIENCE   the claims that the target wants
// TOKENS      instead: file with access tokens, one a line

import encoding from 'k6/encoding';
import exec from 'k6/execution';

const jwk = __ENV.AUTH_KEY ? JSON.parse(open(__ENV.AUTH_KEY)) : null;
const ready = __ENV.TOKENS ? open(__ENV.TOKENS).split('\n').map((line) => line.trim()).filter(Boolean) : [];
const SECONDS = 3600;
// A token is made anew before it can run out on its way.
const MARGIN = 300;

const KINDS = {
  EC: { algorithm: 'ES256', import: { name: 'ECDSA', namedCurve: 'P-256' }, sign: { name: 'ECDSA', hash: 'SHA-256' } },
  RSA: { algorithm: 'RS256', import: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, sign: { name: 'RSASSA-PKCS1-v1_5' } },
};

const made = new Map();
let signingKey;

/** Whether users have tokens in this run. */
export const hasTokens = Boolean(jwk) || ready.length > 0;

/** The token of a user, such as `ann`; of this run's users if no name is given. Ready ones go by their place. */
export async function tokenOf(name = `user-${exec.vu.idInTest}`, place = exec.vu.idInTest - 1) {
  if (!hasTokens) return undefined;
  if (!jwk) return ready[place % ready.length];
  const now = Math.floor(Date.now() / 1000);
  const known = made.get(name);
  if (known && known.until > now) return known.token;
  const token = await sign({
    iss: __ENV.AUTH_ISSUER,
    aud: __ENV.AUTH_AUDIENCE,
    sub: `load-${__ENV.RUN}-${__ENV.SCENARIO}-${name}`,
    scope: '',
    iat: now,
    exp: now + SECONDS,
  });
  made.set(name, { token, until: now + SECONDS - MARGIN });
  return token;
}

async function sign(claims) {
  const kind = KINDS[jwk.kty];
  signingKey ??= await crypto.subtle.importKey('jwk', jwk, kind.import, false, ['sign']);
  const header = { alg: kind.algorithm, typ: 'JWT', kid: jwk.kid };
  const signed = `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(claims))}`;
  const bytes = Uint8Array.from([...signed], (character) => character.charCodeAt(0));
  return `${signed}.${base64url(await crypto.subtle.sign(kind.sign, signingKey, bytes))}`;
}

const base64url = (data) => encoding.b64encode(data, 'rawurl');
