"""Signs and verifies as the providers' own libraries do.

Reads a list of JSON cases on standard input and answers each: a case with a time is
to be signed, giving headers; one with headers is to be verified, giving whether.
"""

import json
import sys
from datetime import datetime, timezone

import stripe
from standardwebhooks import Webhook, WebhookVerificationError

TOLERANCE = 300


def sign(case):
    if case["provider"] == "stripe":
        header = stripe.WebhookSignature.generate_signature_header
        return {"stripe-signature": header(case["body"], case["secret"], case["time"])}
    time = datetime.fromtimestamp(case["time"], tz=timezone.utc)
    return {
        "webhook-id": case["id"],
        "webhook-timestamp": str(case["time"]),
        "webhook-signature": Webhook(case["secret"]).sign(case["id"], time, case["body"]),
    }


def verify(case):
    try:
        if case["provider"] == "stripe":
            header = case["headers"].get("stripe-signature")
            stripe.WebhookSignature.verify_header(case["body"], header, case["secret"], TOLERANCE)
        else:
            Webhook(case["secret"]).verify(case["body"], case["headers"], json_parse=False)
    except (stripe.SignatureVerificationError, WebhookVerificationError):
        return False
    return True


print(json.dumps([sign(case) if "time" in case else verify(case) for case in json.load(sys.stdin)]))
