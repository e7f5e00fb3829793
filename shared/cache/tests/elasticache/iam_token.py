"""Prints the token that botocore makes: iam_token.py KIND CACHE USER SECONDS [SESSION_TOKEN]"""

import datetime
import sys
from urllib.parse import urlencode

import botocore.compat

kind, cache, user, seconds, *session_token = sys.argv[1:]

# botocore reads the clock itself; its signers take this function when imported.
now = datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc)
botocore.compat.get_current_datetime = lambda *args, **kwargs: now

import botocore.session  # noqa: E402
from botocore.credentials import Credentials  # noqa: E402
from botocore.model import ServiceId  # noqa: E402
from botocore.signers import RequestSigner  # noqa: E402

credentials = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", *session_token)
events = botocore.session.get_session().get_component("event_emitter")
signer = RequestSigner(ServiceId("elasticache"), "eu-central-1", "elasticache", "v4", credentials, events)

query = {"Action": "connect", "User": user}
if kind == "serverless":
    query["ResourceType"] = "ServerlessCache"
url = signer.generate_presigned_url(
    {"method": "GET", "url": f"http://{cache}/?{urlencode(query)}", "body": {}, "headers": {}, "context": {}},
    operation_name="connect",
    expires_in=900,
    region_name="eu-central-1",
)
print(url.removeprefix("http://"))
