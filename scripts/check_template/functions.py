"""What each function has around it: who calls it, its log, its alarms, and a queue for what is
given up."""

import re

from .source import crates, pascal_case

# Without a shared cache there is nothing for them to do.
OF_SHARED_CACHE = {"CacheInvalidator", "CacheWarmer"}
# What the clock starts and nobody keeps when it fails, and why nothing is lost.
NEXT_RUN_IS_THE_RETRY = {
    "OrderExpirer": "The next minute's run finds what is due in the table.",
    "PaymentEvents": "The next minute's sweep finds what is undecided in the table.",
    "CacheWarmer": "The next run loads what is read most by then.",
}
# Whose standing still hurts nobody for an hour.
MAY_STAND_STILL = {"CacheWarmer": "Readers load what it does not."}
# Whom CodeDeploy calls alone, so that its failure is the deployment's.
HOOK = "ReleaseCheck"
# Alarms that wake nobody by themselves, by how their names end, and why.
FOR_CODEDEPLOY = {"ReleaseErrors": "It reads their state, and takes the release back at one error."}
# Alarms whose end is no news, and why.
STILL_WAIT = {
    "PaymentsFlagged": "Money that does not fit waits for a person, also when no more of it comes.",
    "WebhooksFailed": "Events wait to be mended, also when no more of them fail.",
}
# Of its time-out, in thousandths, from which on an invocation is too long.
TOO_LONG = 800
# Properties that name something in an account and region.
NAMES = {
    "AlarmName",
    "DashboardName",
    "FunctionName",
    "LogGroupName",
    "ManagedPolicyName",
    "Name",
    "QueueName",
    "RoleName",
    "ServerlessCacheName",
    "TableName",
    "TopicName",
    "UserGroupId",
    "UserId",
}


def of_type(resources, kind):
    return {name: it["Properties"] for name, it in resources.items() if it["Type"] == kind}


def functions(resources):
    return of_type(resources, "AWS::Lambda::Function")


def names_in(value):
    """The resources, parameters and pseudo-parameters that a value refers to."""
    match value:
        case {"Ref": name} | {"Fn::GetAtt": [name, *_]}:
            yield name
        case {"Fn::Sub": str(text)} | {"Fn::Sub": [text, *_]}:
            yield from re.findall(r"\$\{([\w:]+)", text)
        case dict():
            for it in value.values():
                yield from names_in(it)
        case list():
            for it in value:
                yield from names_in(it)


def function_of(resources, value):
    """The function that a value leads to, also by an alias or a version of it."""
    for name in names_in(value):
        kind = resources.get(name, {}).get("Type")
        if kind == "AWS::Lambda::Function":
            return name
        if kind in ("AWS::Lambda::Alias", "AWS::Lambda::Version"):
            return function_of(resources, resources[name]["Properties"]["FunctionName"])
    return None


def paths(resources):
    """Function by path of the API."""
    (api,) = of_type(resources, "AWS::ApiGatewayV2::Api").values()
    for path, methods in api["Body"]["paths"].items():
        for method in methods.values():
            uri = method["x-amazon-apigateway-integration"]["uri"]
            yield path, function_of(resources, uri)


def mappings(resources):
    """Mapping by name, with its function."""
    for name, mapping in of_type(resources, "AWS::Lambda::EventSourceMapping").items():
        yield name, function_of(resources, mapping["FunctionName"]), mapping


def scheduled(resources):
    targets = of_type(resources, "AWS::Scheduler::Schedule").values()
    return {function_of(resources, schedule["Target"]["Arn"]) for schedule in targets}


def check_crates(resources, given):
    """Each crate is a function, which something calls."""
    wanted = {pascal_case(crate) for crate in crates()}
    if given.get("Cache", "none") == "none":
        wanted -= OF_SHARED_CACHE
    for name in sorted(wanted ^ functions(resources).keys()):
        yield f"{name}: {'no function' if name in wanted else 'a function that nobody wants'}"
    called = {name for _, name in paths(resources)} | scheduled(resources)
    called |= {function for _, function, _ in mappings(resources)}
    for name in functions(resources).keys() - called - {HOOK}:
        yield f"{name}: no route, schedule or stream leads to it"
    if None in called:
        yield "a route, a schedule or a stream leads to no function"


def check_logs(resources, given):
    """Each function writes to a log group of its own, which forgets."""
    groups = of_type(resources, "AWS::Logs::LogGroup")
    for name, function in functions(resources).items():
        group = groups.get(function["LoggingConfig"].get("LogGroup", {}).get("Ref"), {})
        wanted = f"/aws/lambda/{function['FunctionName']['Fn::Sub']}"
        if group.get("LogGroupName") != {"Fn::Sub": wanted}:
            yield f"{name}: its log group is not {wanted}"
        if "RetentionInDays" not in group:
            yield f"{name}: its log is kept for ever"


def is_on(alarm, dimension, resource):
    dimensions = alarm.get("Dimensions", [])
    return any(it["Name"] == dimension and resource in names_in(it["Value"]) for it in dimensions)


def wanted_alarms(resources):
    """Name of each alarm that a function has to have, with its metric and what it is of."""
    for name in functions(resources).keys() - {HOOK}:
        for metric in ("Errors", "Throttles", "Duration"):
            yield f"{name}{metric}", metric, "FunctionName", name
    for _, name, mapping in mappings(resources):
        yield f"{name}IteratorAge", "IteratorAge", "FunctionName", name
        for queue in names_in(mapping.get("DestinationConfig", {})):
            yield f"{name}GivenUp", "ApproximateNumberOfMessagesVisible", "QueueName", queue
    for name in scheduled(resources) - MAY_STAND_STILL.keys():
        yield f"{name}Stopped", "Invocations", "FunctionName", name


def wanted_members(name):
    """What an alarm has to say: why it is, and whom it tells of its beginning and end."""
    yield from ("AlarmDescription", "TreatMissingData")
    if not name.endswith(tuple(FOR_CODEDEPLOY)):
        yield "AlarmActions"
        if name not in STILL_WAIT:
            yield "OKActions"


def check_server_errors(resources, given):
    """A function may answer 5xx to all its callers: Lambda sees no error, and few routes are 1 % of all."""
    alarms = of_type(resources, "AWS::CloudWatch::Alarm")
    for name in {name for _, name in paths(resources)}:
        parts = alarms.get(f"{name}ServerErrors", {}).get("Metrics", [])
        metrics = [it["MetricStat"]["Metric"] for it in parts if "MetricStat" in it]
        for metric in ("ServerErrors", "Requests"):
            if not any(it.get("MetricName") == metric and is_on(it, "Function", name) for it in metrics):
                yield f"{name}: no alarm {name}ServerErrors on its {metric}"


def check_alarms(resources, given):
    """Each function has its alarms, and each alarm reaches somebody."""
    alarms = of_type(resources, "AWS::CloudWatch::Alarm")
    for alarm, metric, dimension, of in wanted_alarms(resources):
        found = alarms.get(alarm, {})
        if found.get("MetricName") != metric or not is_on(found, dimension, of):
            yield f"{of}: no alarm {alarm} on its {metric}"
    for name, function in functions(resources).items():
        found = alarms.get(f"{name}Duration", {}).get("Threshold")
        if name != HOOK and found != TOO_LONG * function["Timeout"]:
            yield f"{name}Duration: {found} ms is not four fifths of {function['Timeout']} s"
    for name, alarm in alarms.items():
        if alarm.get("AlarmName") != {"Fn::Sub": f"${{AWS::StackName}}-{name}"}:
            yield f"{name}: whoever is woken by it cannot find it by its name"
        wanted = set(wanted_members(name))
        for member in sorted(wanted - alarm.keys()):
            yield f"{name}: no {member}"
        for member in sorted({"AlarmActions", "OKActions"} & alarm.keys() - wanted):
            yield f"{name}: {member}, for which functions.py knows a reason not to be"


def check_queues(resources, given):
    """What a stream gives up goes to a queue; what a schedule loses, its next run makes up for."""
    queues = of_type(resources, "AWS::SQS::Queue")
    for name, _, mapping in mappings(resources):
        destination = list(names_in(mapping.get("DestinationConfig", {})))
        if not destination or destination[0] not in queues:
            yield f"{name}: no queue for what it gives up"
        if "MaximumRetryAttempts" not in mapping and "MaximumRecordAgeInSeconds" not in mapping:
            yield f"{name}: it tries for ever"
    configs = of_type(resources, "AWS::Lambda::EventInvokeConfig").values()
    invoked = {function_of(resources, config["FunctionName"]): config for config in configs}
    for name in scheduled(resources):
        config = invoked.get(name, {})
        if name not in NEXT_RUN_IS_THE_RETRY and not config.get("DestinationConfig"):
            yield f"{name}: what its schedule loses goes to no queue, and functions.py knows no reason"
        if "MaximumEventAgeInSeconds" not in config:
            yield f"{name}: what waits for it may come hours late"
    for name, queue in queues.items():
        if queue.get("SqsManagedSseEnabled") is not True:
            yield f"{name}: it is not encrypted"


def check_data(resources, given):
    """What must not be lost is kept, and protected in production."""
    table = resources["Table"]
    properties = table["Properties"]
    policies = table.get("DeletionPolicy"), table.get("UpdateReplacePolicy")
    kept = policies == ("RetainExceptOnCreate", "Retain")
    restorable = properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
    if not (kept and restorable and properties["SSESpecification"]["SSEEnabled"]):
        yield "Table: not kept, not restorable or not encrypted"
    if properties["DeletionProtectionEnabled"] is not (given.get("Stage") == "production"):
        yield "Table: protected from deletion in production, and only there"


def check_two_stages(resources, given):
    """Two stages in one account and region have no name in common."""
    for name, resource in resources.items():
        if resource["Type"] == "AWS::Lambda::Alias":
            continue  # whose name is its function's own affair
        own = NAMES if resource["Type"] == "AWS::Lambda::Function" else NAMES - {"FunctionName"}
        for member in own & resource.get("Properties", {}).keys():
            said = set(names_in(resource["Properties"][member]))
            if "AWS::StackName" not in said and not said & resources.keys():
                yield f"{name}: another stage would have the same {member}"


CHECKS = [
    check_crates,
    check_logs,
    check_alarms,
    check_server_errors,
    check_queues,
    check_data,
    check_two_stages,
]
