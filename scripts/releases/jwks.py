"""The issuer's keys, as a function gets them. Issuers add certificates (`x5c`) that nobody here
reads, and there is room for little: 4,096 bytes a parameter (CloudFormation quotas), and 4 KB for
all variables of a function together (Lambda quotas)."""

import json

from releases import Refused

# Of RFC 7517 and 7518, what a signature is checked with.
PUBLIC = ("kty", "kid", "alg", "use", "n", "e", "crv", "x", "y")
PRIVATE = {"d", "k"}
# Beside it, variables of ours come to less than half of the 4 KB.
MOST = 2048


def reduced(text):
    """The document with what is needed of each key, on one line."""
    try:
        keys = json.loads(text)["keys"]
        kept = [{name: key[name] for name in PUBLIC if name in key} for key in keys]
    except (ValueError, KeyError, TypeError) as error:
        raise Refused("AuthJwks is no JWKS document: what the issuer's jwks_uri answers belongs there") from error
    if any(PRIVATE & key.keys() for key in keys):
        raise Refused("AuthJwks holds a private key: make another, it is in Git's history")
    document = json.dumps({"keys": kept}, separators=(",", ":"))
    if len(document.encode()) > MOST:
        raise Refused(f"AuthJwks has {len(kept)} keys, more than the {MOST} bytes there is room for: leave old ones out")
    return document
