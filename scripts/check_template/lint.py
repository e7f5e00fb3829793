"""CloudFormation's own rules, by cfn-lint, on what the SAM transform makes of the template."""

import json

from cfnlint.api import ManualArgs, lint

from . import conditions
from .transform import REGION

# Whatever cfn-lint says is an error here, also what it calls a warning, but for what begins so.
IGNORED = {
    "W2001 Parameters/CorsOrigins": "SAM has put its value, not its name, into the API's definition.",
    # Of a stage, in which parameters' values stand in the place of their names:
    "W1020 Resources/CacheStorage/": "That leaves its Fn::Sub nothing to substitute.",
    "W1020 Resources/CacheEcpu/": "Likewise.",
    "W3010 Resources/FirstSubnet/": "The zone is a parameter's value.",
    "W3010 Resources/SecondSubnet/": "Likewise.",
}


def check(template):
    """As it is deployed, with all its conditions."""
    for found in lint(json.dumps(template), config=ManualArgs(regions=[REGION])):
        sentence = f"{found.rule.id} {'/'.join(map(str, found.path or []))}: {found.message}"
        if not sentence.startswith(tuple(IGNORED)):
            yield sentence


def check_stage(template, given):
    """With a stage's values, and what its conditions leave out gone: nothing refers to it."""
    yield from check(conditions.filled(template, given))
