"""Alarms and the dashboard look at metrics that there are: AWS's by a table (`aws_metrics`), ours
by docs/metrics.md, which tests compare with what the functions write."""

import json
import re

from . import aws_metrics
from .functions import of_type
from .source import ROOT

OURS = "Storefront"


def documented():
    """Sets of dimensions by name of each metric of ours."""
    rows = re.findall(r"^\| `(\w+)` \| \w+ \| ([\w, ]+) \|", (ROOT / "docs/metrics.md").read_text(), re.M)
    return {
        name: [("Stage",), ("Stage", "Function")] if of == "stage, function" else [("Stage",)]
        for name, of in rows
    }


def text(value):
    """A value as Fn::Sub would write it."""
    match value:
        case {"Ref": name}:
            return f"${{{name}}}"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"${{{name}.{attribute}}}"
        case {"Fn::Sub": str(written)}:
            return written
    return value


def of_alarm(alarm):
    """Each metric of an alarm: namespace, name, dimensions."""
    parts = [it["MetricStat"]["Metric"] for it in alarm.get("Metrics", []) if "MetricStat" in it]
    for metric in [alarm, *parts]:
        if "MetricName" in metric:
            dimensions = {it["Name"]: text(it["Value"]) for it in metric.get("Dimensions", [])}
            yield metric["Namespace"], metric["MetricName"], dimensions


def of_widget(widget):
    for metric in widget["properties"].get("metrics", []):
        words = [it for it in metric if isinstance(it, str)]
        if words:
            namespace, name, *dimensions = words
            yield namespace, name, dict(zip(dimensions[::2], dimensions[1::2], strict=True))


def widgets(dashboard):
    return json.loads(dashboard["DashboardBody"]["Fn::Sub"])["widgets"]


def used(resources):
    """Each metric that is used, with who uses it."""
    for name, alarm in of_type(resources, "AWS::CloudWatch::Alarm").items():
        for metric in of_alarm(alarm):
            yield name, *metric
    for dashboard in of_type(resources, "AWS::CloudWatch::Dashboard").values():
        for widget in widgets(dashboard):
            for metric in of_widget(widget):
                yield f"widget {widget['properties']['title']!r}", *metric


def check_metrics(resources):
    """Each is written by somebody, under these dimensions."""
    known = aws_metrics.METRICS | {OURS: documented()}
    for who, namespace, name, dimensions in used(resources):
        sets = known.get(namespace, {}).get(name)
        if sets is None:
            yield f"{who}: nothing that we know of writes {namespace} {name}"
        elif tuple(dimensions) not in sets:
            yield f"{who}: {namespace} {name} is not found under {', '.join(dimensions) or 'nothing'}"


def values(resources):
    """What a dimension of a namespace may be, by the resources that there are."""

    def named(kind, member):
        return {text(it[member]) for it in of_type(resources, kind).values()}

    def referred(kind, form="${{{}}}"):
        return {form.format(name) for name in of_type(resources, kind)}

    function, cache = "AWS::Lambda::Function", "AWS::ElastiCache::ServerlessCache"
    (table,) = of_type(resources, "AWS::DynamoDB::Table").values()
    return {
        ("AWS/Lambda", "FunctionName"): referred(function) | named(function, "FunctionName"),
        ("AWS/Lambda", "Resource"): referred(function, "${{{}}}:live"),
        ("AWS/Lambda", "ExecutedVersion"): referred("AWS::Lambda::Version", "${{{}.Version}}"),
        ("AWS/SQS", "QueueName"): referred("AWS::SQS::Queue", "${{{}.QueueName}}"),
        ("AWS/DynamoDB", "TableName"): referred("AWS::DynamoDB::Table"),
        ("AWS/DynamoDB", "GlobalSecondaryIndexName"): {
            it["IndexName"] for it in table["GlobalSecondaryIndexes"]
        },
        ("AWS/DynamoDB", "Operation"): {"BatchGetItem", "GetItem", "Query", "TransactWriteItems"},
        ("AWS/ApiGateway", "ApiId"): referred("AWS::ApiGatewayV2::Api"),
        ("AWS/ApiGateway", "Stage"): named("AWS::ApiGatewayV2::Stage", "StageName"),
        ("AWS/ElastiCache", "clusterId"): referred(cache) | named(cache, "ServerlessCacheName"),
        (OURS, "Stage"): {"${Stage}"},
    }


def check_values(resources):
    """Each is of something that the template makes."""
    known = values(resources)
    for who, namespace, _, dimensions in used(resources):
        for dimension, value in dimensions.items():
            if value not in known.get((namespace, dimension), ()):
                yield f"{who}: {dimension} {value} is nothing of the template's"


def expressions(resources):
    """Each formula with the names that it may use."""
    for name, alarm in of_type(resources, "AWS::CloudWatch::Alarm").items():
        ids = {it["Id"] for it in alarm.get("Metrics", []) if "MetricStat" in it}
        for it in alarm.get("Metrics", []):
            if "Expression" in it:
                yield name, text(it["Expression"]), ids
    for dashboard in of_type(resources, "AWS::CloudWatch::Dashboard").values():
        for widget in widgets(dashboard):
            lines = widget["properties"].get("metrics", [])
            options = [it[-1] for it in lines if isinstance(it[-1], dict)]
            ids = {it["id"] for it in options if "id" in it}
            for it in options:
                if "expression" in it:
                    yield f"widget {widget['properties']['title']!r}", it["expression"], ids


def check_expressions(resources):
    """Each formula calculates with the metrics beside it, and with all of them."""
    for who, expression, ids in expressions(resources):
        names = set(re.findall(r"\b[a-z]\w*", re.sub(r"\$\{\w+\}", "", expression)))
        for name in sorted(names ^ ids):
            yield f"{who}: {name} {'is not used' if name in ids else 'is no metric of it'}"


CHECKS = [check_metrics, check_values, check_expressions]
