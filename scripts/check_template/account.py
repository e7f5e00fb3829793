"""Whether the role that deploys (deploy/account.yaml) may do what CloudFormation then does as
it: for each resource type what its provider says that it needs (`handlers` of its schema), on
resources as IAM has them (the Service Authorization Reference). cfn-lint ships both."""

import json
import re
from importlib import resources

import cfnlint.data.AdditionalSpecs
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from samcli.yamlhelper import yaml_parse

from .functions import of_type
from .policies import listed, statements
from .source import ROOT
from .transform import REGION

ACTIONS = json.loads(resources.files(cfnlint.data.AdditionalSpecs).joinpath("Policies.json").read_text())
# What providers ask for only when a resource has what ours have not, and what nobody can grant.
UNUSED = {
    "apigateway:*agResource": "IAM knows both as PUT and DELETE on /tags.",
    "ec2:AcceptAddressTransfer": "No address comes from another account.",
    "ec2:*NatGatewayAddress": "A NAT gateway has the address that it began with.",
    "ec2:*SubnetCidrBlock": "Subnets have no IPv6.",
    "ec2:CreateVpcEncryptionControl": "None is set.",
    "ec2:*tachVpnGateway": "There is none.",
    "ec2:ModifyVpcTenancy": "It is the default.",
    "elasticfilesystem:*": "No function has a file system.",
    "firehose:*": "No log goes there.",
    "iam:*GroupPolicy": "Policies are for roles.",
    "iam:*UserPolicy": "Likewise.",
    "iam:*RolePermissionsBoundary": "No role has one.",
    "kinesis:*": "The table streams by its own stream.",
    "kms:*": "All keys are AWS's.",
    "lambda:AssociateRuntimeAlias": "IAM knows no such action.",
    "logs:*IndexPolicy": "No log group has one.",
    "logs:DeleteResourcePolicy": "Log delivery's is the account's, and stays.",
    "s3:GetObjectMetadata": "IAM knows no such action.",
    "s3:GetObjectVersion": "Programs are named by their hash, not by a version.",
    "s3:REST.PUT.OBJECT": "IAM knows no such action.",
    "s3files:*": "No function has a file system.",
    "vpc-lattice:*": "No endpoint leads there.",
    "vpce:AllowMultiRegion": "Endpoints are of the stage's region.",
}


def holder():
    return {"Deploy": yaml_parse((ROOT / "deploy/account.yaml").read_text())["Resources"]["Deploy"]}


def granted():
    """Each action that is allowed, with a resource that it is allowed on; both may have stars."""
    for _, statement in statements(holder()):
        for action in listed(statement["Action"]):
            for resource in listed(statement["Resource"]):
                yield action.lower(), resource.get("Fn::Sub", "") if isinstance(resource, dict) else resource


def needed(kind):
    """What its provider does to make, read, change and delete one."""
    handlers = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema.get("handlers", {})
    return {it for name, how in handlers.items() if name != "list" for it in how.get("permissions", [])}


def formats(action):
    """The ARNs that it may be allowed on; none if it is about no resource."""
    service, name = action.lower().split(":")
    known = ACTIONS.get(service, {"Actions": {}, "Resources": {}})
    kinds = {kind.lower(): it["ARNFormats"] for kind, it in known["Resources"].items()}
    return [
        arn
        for kind in known["Actions"].get(name, {}).get("Resources", [])
        for arn in kinds.get(kind.lower(), [])
    ]


def head(text):
    return re.split(r"\*|\$|\.\*", text)[0]


def meets(resource, arn):
    """Whether some ARN of this format can be one of these resources."""
    ours, theirs = (re.sub(r"AWS::", "", it).split(":", 5) for it in (resource, arn))
    if len(ours) < 6 or ours[2] not in ("*", theirs[2]):
        return False
    if any(bool(ours[it]) != bool(theirs[it]) for it in (3, 4)):  # region, account
        return False
    ours, theirs = head(ours[5]), head(theirs[5])
    return ours.startswith(theirs) or theirs.startswith(ours)


def matches(pattern, action):
    return re.fullmatch(pattern.replace("*", ".*"), action.lower()) is not None


def is_granted(action, grants):
    on = [resource for pattern, resource in grants if matches(pattern, action)]
    return "*" in on or any(meets(resource, arn) for resource in on for arn in formats(action))


def check(deployed):
    grants = list(granted())
    kinds = {it["Type"] for it in deployed.values()}
    for action in sorted({action for kind in kinds for action in needed(kind)}):
        if not any(matches(pattern.lower(), action) for pattern in UNUSED) and not is_granted(action, grants):
            users = ", ".join(sorted(kind for kind in kinds if action in needed(kind)))
            yield f"deploy/account.yaml: {action}, for {users}, is not allowed as IAM would have it"
