"""What anyone is allowed: actions one by one, on what they are for."""

import re

from .source import ROOT

# Every statement that names no resource, by its holder and Sid, and why it cannot.
# (Beside each, in the template, a comment says the same.)
ANY_RESOURCE = {
    ("UseCache", "Network"): "Lambda makes interfaces for the function, which have no name before.",
    ("UseCache", "NetworkIsNotForCode"): "It denies.",
    ("WriteTraces", "Trace"): "X-Ray's actions know no resource.",
    ("PaymentEventsRole", "ListStreams"): "The action knows no resource.",
    ("CacheInvalidatorRole", "ListStreams"): "Likewise.",
    ("ReleaseCheckRole", "Verdict"): "The action knows no resource.",
    ("Releases", "HearAlarms"): "CodeDeploy asks for several alarms at once; AWS's own policy is as wide.",
}
# What goes through the gateway endpoint, and so what its policy has to let through. Lambda
# reads streams for its functions from elsewhere.
THROUGH_ENDPOINTS = {
    "DynamoDbEndpoint": re.compile(r"dynamodb:(?!.*Stream)(?!GetRecords|GetShardIterator).*"),
    "SecretsEndpoint": re.compile(r"secretsmanager:.*"),
    "ElastiCacheEndpoint": re.compile(r"elasticache:(?!Connect$).*"),
}


def listed(value):
    return value if isinstance(value, list) else [value]


def documents(resource):
    properties = resource.get("Properties", {})
    if "PolicyDocument" in properties:
        yield properties["PolicyDocument"]
    for policy in properties.get("Policies", []):
        yield policy["PolicyDocument"]


def statements(resources):
    """Each statement of each policy, with whose it is."""
    for name, resource in resources.items():
        for document in documents(resource):
            for statement in listed(document["Statement"]):
                yield name, statement


def check_statements(resources):
    """No action and no resource stands for all."""
    for name, statement in statements(resources):
        where = f"{name}: its statement {statement.get('Sid')}"
        if "NotAction" in statement or "NotResource" in statement:
            yield f"{where} says what it does not mean"
            continue
        for action in listed(statement["Action"]):
            if "*" in action or action == "dynamodb:Scan":
                yield f"{where} allows {action}"
        if "*" in listed(statement["Resource"]) and (name, statement.get("Sid")) not in ANY_RESOURCE:
            yield f"{where} is about any resource, and policies.py knows no reason"


def check_principals(resources):
    """Roles are for one service each; only an endpoint's policy is about everyone who comes."""
    for name, resource in resources.items():
        trust = resource.get("Properties", {}).get("AssumeRolePolicyDocument", {"Statement": []})
        for statement in listed(trust["Statement"]):
            if set(statement["Principal"]) != {"Service"}:
                yield f"{name} may be assumed by {statement['Principal']}"
    for name, statement in statements(resources):
        if "Principal" in statement and resources[name]["Type"] != "AWS::EC2::VPCEndpoint":
            yield f"{name}: its statement {statement.get('Sid')} is for {statement['Principal']}"


def check_managed(resources):
    """A role has no policy whose text is not in the template."""
    for name, resource in resources.items():
        for policy in resource.get("Properties", {}).get("ManagedPolicyArns", []):
            known = isinstance(policy, dict) and policy.get("Ref") in resources
            if not known:
                yield f"{name}: what {policy} allows is not in the template"


def check_key_prefixes(resources):
    """Who may touch the table may touch the items of some prefixes."""
    table = [{"Fn::GetAtt": ["Table", "Arn"]}, {"Fn::Sub": "${Table.Arn}/index/sparse"}]
    for name, statement in statements(resources):
        is_of_table = any(it in table for it in listed(statement["Resource"]))
        tests = statement.get("Condition", {}).values()
        is_limited = any("dynamodb:LeadingKeys" in test for test in tests)
        if is_of_table and not is_limited and "Principal" not in statement:
            yield f"{name}: its statement {statement.get('Sid')} is about any item of the table"


def check_endpoints(resources):
    """What roles allow gets through the endpoint that it goes by, and nothing else does."""
    held = [it for name, it in statements(resources) if it["Effect"] == "Allow" and "Principal" not in it]
    allowed = {action for statement in held for action in listed(statement["Action"])}
    for name, pattern in THROUGH_ENDPOINTS.items():
        if name in resources:
            needed = {action for action in allowed if pattern.fullmatch(action)}
            let = {it for _, found in statements({name: resources[name]}) for it in listed(found["Action"])}
            for action in sorted(needed ^ let):
                how = "gets through and is allowed nobody" if action in let else "does not get through"
                yield f"{name}: {action} {how}"


def check_reasons(template):
    """The reason stands beside each `*` for whoever reads the template."""
    for number, line in enumerate((ROOT / "template.yaml").read_text().splitlines(), start=1):
        if re.search(r'Resource: "\*"(?!.*#)', line):
            yield f"template.yaml:{number}: no comment says why this is about any resource"


CHECKS = [check_statements, check_principals, check_managed, check_key_prefixes, check_endpoints]
