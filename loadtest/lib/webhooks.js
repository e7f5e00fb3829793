// Events of payment providers, signed as they sign.

import crypto from 'k6/crypto';
import encoding from 'k6/encoding';
import { uuidv4 } from './random.js';
import { call } from './call.js';

// The first of a list signs; the others are on their way out.
const secret = (name) => (__ENV[name] || '').split(',')[0].trim();
const stripeSecret = secret('STRIPE_WEBHOOK_SECRETS');
const standardKey = encoding.b64decode(secret('STANDARD_WEBHOOK_SECRETS').replace(/^whsec_/, ''));

/** An event in the shape of Stripe's. */
export function event(type, object) {
  return {
    id: `evt_${uuidv4().replaceAll('-', '')}`,
    object: 'event',
    type,
    created: Math.floor(Date.now() / 1000),
    livemode: false,
    data: { object },
  };
}

/** That an order was paid, to the penny. */
export function paid(order) {
  return event('payment_intent.succeeded', {
    id: `pi_${order.id.replaceAll('-', '')}`,
    object: 'payment_intent',
    amount: order.total.amount,
    amount_received: order.total.amount,
    currency: order.total.currency.toLowerCase(),
    metadata: { order_id: order.id },
  });
}

/** Sends an event; `age` is how many seconds ago it was signed, `spoil` breaks the signature. */
export function send(provider, told, { expect = [200], age = 0, spoil = false } = {}) {
  const body = JSON.stringify(told);
  const at = Math.floor(Date.now() / 1000) - age;
  const headers = SIGNED[provider](spoil ? `${body} ` : body, at, told.id);
  return call('POST', `/api/webhooks/${provider}`, { part: 'webhook', body, headers, expect });
}

const SIGNED = {
  stripe: (body, at) => ({
    'Stripe-Signature': `t=${at},v1=${crypto.hmac('sha256', stripeSecret, `${at}.${body}`, 'hex')}`,
  }),
  standard: (body, at, id) => ({
    'webhook-id': id,
    'webhook-timestamp': String(at),
    'webhook-signature': `v1,${crypto.hmac('sha256', standardKey, `${id}.${at}.${body}`, 'base64')}`,
  }),
};
