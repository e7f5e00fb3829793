"""A stage, created on moto: what is created is described as the template has it.

moto's CloudFormation makes the resources whose types it knows. Schedules and the table's time to
live, which it does not make, are asked for by their own APIs with the same properties. What
nobody creates here: the HTTP API, a serverless cache with its users and its network (moto knows no
Fn::Cidr), alarms, the settings of asynchronous invocations, and secrets; their properties are
cfn-lint's to check.
"""

import json
import logging
import os
import re

import boto3
from moto import mock_aws
from moto.cloudformation.parsing import get_model_map

from . import conditions
from .functions import function_of, names_in, of_type
from .transform import BUCKET, REGION

STACK = "storefront"
# The SDK wants some, and moto looks at none.
os.environ |= {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}


def stand_in(name):
    """For what refers to a resource that is not created; policies want an ARN."""
    return f"arn:aws:elasticache:{REGION}:123456789012:{name}"


def without(document, names):
    """The template without these resources, and stand-ins where it refers to them; for an alias
    of a function, which is none of moto's types, the function."""

    def replaced(reference):
        return stand_in(reference[1]) if reference[1] in names else reference[0]

    def reduced(value):
        match value:
            case {"Ref": name} | {"Fn::GetAtt": [name, *_]} if name in names:
                function = function_of(document["Resources"], value)
                return {"Ref": function} if function else stand_in(name)
            case {"Fn::Sub": str(text)}:
                return {"Fn::Sub": re.sub(r"\$\{(\w+)[\w.]*\}", replaced, text)}
            case dict():
                return {key: reduced(it) for key, it in value.items()}
            case list():
                return [reduced(it) for it in value]
        return value

    kept = {name: it for name, it in document["Resources"].items() if name not in names}
    for resource in kept.values():
        resource.pop("DependsOn", None)
    return {"Resources": reduced(kept)}


def create(document):
    """Creates the stack, and gives the physical id of each resource that it is made of."""
    boto3.client("s3", REGION).create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    for function in of_type(document["Resources"], "AWS::Lambda::Function").values():
        boto3.client("s3", REGION).put_object(Bucket=BUCKET, Key=function["Code"]["S3Key"], Body=b"")
    known = set(get_model_map())
    unknown = {name for name, it in document["Resources"].items() if it["Type"] not in known}
    stack = boto3.client("cloudformation", REGION)
    stack.create_stack(StackName=STACK, TemplateBody=json.dumps(without(document, unknown)))
    found = stack.describe_stack_resources(StackName=STACK)["StackResources"]
    return {it["LogicalResourceId"]: it.get("PhysicalResourceId") for it in found}


def differences(what, wanted, found):
    """Where something that was asked for is not what was found."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key, value in wanted.items():
            yield from differences(f"{what}.{key}", value, found.get(key))
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for number, value in enumerate(wanted):
            yield from differences(f"{what}.{number}", value, found[number])
    elif wanted != found:
        yield f"{what} is created as {found}, not {wanted}"


def check_table(table, name):
    client = boto3.client("dynamodb", REGION)
    described = client.describe_table(TableName=name)["Table"]
    same = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "DeletionProtectionEnabled")
    wanted = {key: table[key] for key in same} | {
        "BillingModeSummary": {"BillingMode": table["BillingMode"]},
        "StreamSpecification": {"StreamEnabled": True, **table["StreamSpecification"]},
    }
    yield from differences("Table", wanted, described)
    lives = table["TimeToLiveSpecification"]
    client.update_time_to_live(TableName=name, TimeToLiveSpecification=lives)
    wanted = {"AttributeName": lives["AttributeName"], "TimeToLiveStatus": "ENABLED"}
    found = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    yield from differences("Table", wanted, found)


def check_queue(name, queue, url):
    asked = boto3.client("sqs", REGION).get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    wanted = {key: str(value).lower() for key, value in queue.items()}
    yield from differences(name, wanted, asked["Attributes"])


def check_mapping(name, mapping, id, stream, arns):
    found = boto3.client("lambda", REGION).get_event_source_mapping(UUID=id)
    references = ("FunctionName", "DestinationConfig", "EventSourceArn")
    wanted = {key: value for key, value in mapping.items() if key not in references}
    yield from differences(name, wanted, found)
    if found["EventSourceArn"] != stream:
        yield f"{name}: it reads {found['EventSourceArn']}, not the table's stream"
    if found["FunctionArn"].split(":")[6] not in arns:
        yield f"{name}: it invokes {found['FunctionArn']}, which is no function here"


def check_schedule(name, schedule, resources, ids):
    """By the Scheduler's own API, from the properties that CloudFormation would give it."""
    client = boto3.client("scheduler", REGION)
    target = schedule["Target"]
    function, (role,) = function_of(resources, target["Arn"]), names_in(target["RoleArn"])
    target = target | {
        "Arn": f"arn:aws:lambda:{REGION}:123456789012:function:{ids[function]}",
        "RoleArn": f"arn:aws:iam::123456789012:role/{ids[role]}",
    }
    asked = schedule | {"Name": name, "Target": target}
    client.create_schedule(**asked)
    yield from differences(name, asked, client.get_schedule(Name=name))


def check(template, given):
    """Creates a stage and looks at what matters most of it."""
    logging.getLogger("botocore").setLevel(logging.ERROR)
    document = conditions.filled(template, given)
    resources = document["Resources"]
    with mock_aws():
        ids = create(document)
        table = ids["Table"]
        described = boto3.client("dynamodb", REGION).describe_table(TableName=table)
        stream = described["Table"]["LatestStreamArn"]
        yield from check_table(resources["Table"]["Properties"], table)
        for name, queue in of_type(resources, "AWS::SQS::Queue").items():
            yield from check_queue(name, queue, ids[name])
        functions = {ids[name] for name in of_type(resources, "AWS::Lambda::Function")}
        for name, mapping in of_type(resources, "AWS::Lambda::EventSourceMapping").items():
            yield from check_mapping(name, mapping, ids[name], stream, functions)
        for name, schedule in of_type(resources, "AWS::Scheduler::Schedule").items():
            yield from check_schedule(name, schedule, resources, ids)
