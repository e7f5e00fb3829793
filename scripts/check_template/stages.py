"""The stages that the template is checked as, and those that its rules must refuse."""

from . import conditions

NEEDED = {
    "CorsOrigins": "https://shop.example",
    "AuthIssuer": "https://issuer.example",
    "AuthAudience": "shop",
    "AuthJwks": '{"keys":[]}',
}
SENTRY = {"SentryDsn": "https://key@sentry.example/42"}
PRODUCTION = {"Stage": "production", "HealthToken": "a-token-of-health", "ReserveConcurrency": "true"}
SERVERLESS = {"Cache": "serverless"}
ADDRESS = {"Cache": "address", "CacheUrl": "rediss://cache.example:6379"}

# Each value of each condition comes up in some of them.
STAGES = {
    name: NEEDED | given
    for name, given in {
        "the smallest": {},
        "a cache by its address": ADDRESS | {"CacheCluster": "true"} | SENTRY,
        "a cache, and no way out": SERVERLESS | {"AlarmEmail": "oncall@shop.example"},
        "a cache, and a way out": SERVERLESS | SENTRY | {"OutboundInternet": "true"},
        "production": PRODUCTION
        | SERVERLESS
        | {"FirstZone": "eu-west-1b", "SecondZone": "eu-west-1c", "Tracing": "Active"}
        | {"AlarmTopicArn": "arn:aws:sns:eu-west-1:123456789012:oncall"},
        "production without a shared cache": PRODUCTION
        | {"AlarmEmail": "oncall@shop.example", "Tracing": "Active", "Rollout": "at-once"},
    }.items()
}

# Created on moto: between them they have all functions, and production's table.
CREATED = ["a cache by its address", "production without a shared cache"]

REFUSED = {
    "AnAddressIsGivenWhereItIsUsed": [{"Cache": "address"}],
    "AnAddressIsUsedWhereItIsGiven": [
        {"CacheUrl": "redis://a:6379"},
        SERVERLESS | {"CacheUrl": "redis://a:6379"},
        {"CacheCluster": "true"},
    ],
    "OnlyAVpcNeedsAWayOut": [{"OutboundInternet": "true"}, ADDRESS | {"OutboundInternet": "true"}],
    "SentryIsReachable": [SERVERLESS | SENTRY],
    "ZonesComeInTwos": [
        {"FirstZone": "eu-west-1a"},
        {"SecondZone": "eu-west-1a"},
        {"FirstZone": "eu-west-1a", "SecondZone": "eu-west-1a"},
    ],
    "AnEmailIsForATopicOfOurs": [
        {"AlarmEmail": "a@b.example", "AlarmTopicArn": "arn:aws:sns:eu-west-1:123456789012:oncall"}
    ],
    "ProductionHealthIsNotForAnyone": [{"Stage": "production"}],
    "ProductionWakesSomebody": [{"Stage": "production"}],
}


def check_rules(template):
    """Rules refuse what contradicts itself, and nothing else."""
    for name, given in STAGES.items():
        for rule in conditions.refusals(template, given):
            yield f"{rule} refuses {name}"
    for rule in template["Rules"].keys() ^ REFUSED.keys():
        yield f"{rule}: no rule of the template, or none that stages.py knows a case for"
    for rule, cases in REFUSED.items():
        for case in cases:
            if rule not in conditions.refusals(template, NEEDED | case):
                yield f"{rule} lets {case} pass"


def check_conditions(template):
    """Each condition is seen to hold and not to hold."""
    for name in template["Conditions"]:
        seen = {
            conditions.Meaning(template, given).holds({"Condition": name}) for given in STAGES.values()
        }
        if seen != {True, False}:
            yield f"{name} is {seen.pop()} in every stage that stages.py knows"
