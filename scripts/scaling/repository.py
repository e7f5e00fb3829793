"""What this repository says of itself, read where it stands, so that it cannot be said twice.

What is not found any more is an error: then the model has to be looked at too.
"""

import functools
import importlib.machinery
import importlib.util
import re
from collections import Counter
from pathlib import Path

from samcli.yamlhelper import yaml_parse

ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS = {"millis": 0.001, "secs": 1, "mins": 60, "hours": 3_600}
WARM, FIRST_IN_PROCESS, FIRST_OF_ALL = range(3)


def found(path, pattern):
    """What the pattern's groups match in a file."""
    match = re.search(pattern, (ROOT / path).read_text(), re.DOTALL)
    if not match:
        raise SystemExit(f"scaling: {path} has no {pattern!r} any more: look at the model")
    return match.group(1)


def constant(path, name):
    """A number, in Rust or JavaScript."""
    return float(found(path, rf"const {name}(?:: \w+)? = ([\d_.]+)").replace("_", ""))


def seconds(text):
    unit, number = re.search(r"from_(\w+)\(([\d_]+)\)", text).groups()
    return SECONDS[unit] * int(number.replace("_", ""))


def span(path, name):
    """A `Duration` in Rust, in seconds."""
    return seconds(found(path, rf"\b{name}(?:: Duration)?(?: =|:) (Duration::from_\w+\([\d_]+\))"))


def kind(path, name):
    """How long a kind of cache entry is fresh, and kept by a process, in seconds."""
    policy = found(path, rf"const {name}: Kind<.*?Policy \{{(.*?)\}}")
    fresh = re.search(r"fresh: (Duration::from_\w+\(\d+\))", policy)
    kept = re.search(r"l1: Some\((Duration::from_\w+\(\d+\))\)", policy)
    return seconds(fresh.group(1)), seconds(kept.group(1)) if kept else 0


@functools.cache
def template():
    return yaml_parse((ROOT / "template.yaml").read_text())


def parameter(name):
    return template()["Parameters"][name]["Default"]


def in_production(name):
    """What production has in place of a parameter's default."""
    return yaml_parse((ROOT / "deploy/production.yaml").read_text()).get(name, parameter(name))


def resolved(value):
    """A value of the template, or the default of the parameter that it names."""
    return parameter(value["Ref"]) if isinstance(value, dict) else value


@functools.cache
def functions():
    """Each function's properties, with what all have."""
    shared, resources = template()["Globals"]["Function"], template()["Resources"]
    ours = {name: it["Properties"] for name, it in resources.items() if it["Type"] == "AWS::Serverless::Function"}
    return {name: {**shared, **properties} for name, properties in ours.items()}


@functools.cache
def function_of(route):
    """Which function answers a route: the one with the longest path that leads there."""
    path = route.split()[1].split("?")[0]
    events = [
        (event["Properties"].get("Path", "/").split("{")[0].rstrip("/"), name)
        for name, properties in functions().items()
        for event in properties.get("Events", {}).values()
        if event["Type"] == "HttpApi"
    ]
    return max((prefix, name) for prefix, name in events if path.startswith(prefix))[1]


@functools.cache
def gateway_route(route):
    """The path by which the gateway knows a route: itself, or the longest that it begins with."""
    path = route.split()[1].split("?")[0]
    events = [event["Properties"] for it in functions().values() for event in it.get("Events", {}).values()]
    paths = {event["Path"] for event in events if "Path" in event}
    proxies = [it for it in paths if it.endswith("{proxy+}") and path.startswith(it.removesuffix("{proxy+}"))]
    return path if path in paths else max(proxies, key=len)


def memory(function):
    return int(resolved(functions()[function]["MemorySize"]))


def mapping(function, name, default):
    """What a function's mapping of the table's stream sets."""
    events = functions()[function]["Events"].values()
    properties = next(event["Properties"] for event in events if event["Type"] == "DynamoDB")
    return int(resolved(properties.get(name, default)))


@functools.cache
def round_trips():
    """What each route asks, as docs/round-trips.md says: reads by how much is cached, writes always."""
    trips = {}
    for line in (ROOT / "docs/round-trips.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        name = re.match(r"`([A-Z]+ /api[^`]*)`(.*)", cells[0])
        if name:
            asked = [calls(cell) for cell in cells[1:]]
            trips[(name[1] + name[2]).strip()] = asked * 3 if len(asked) == 1 else asked
    return trips


def calls(cell):
    counted = Counter()
    for part in cell.split(","):
        name, _, times = part.strip().partition(" × ")
        counted[name] += int(times or 1)
    del counted["nothing"]
    return counted


@functools.cache
def sales():
    """`loadtest/prepare`, for the products that it makes up and how often each is sold."""
    loader = importlib.machinery.SourceFileLoader("prepare", str(ROOT / "loadtest/prepare"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("prepare", loader))
    loader.exec_module(module)
    return module


def acts():
    """What a user does, and how often: loadtest/lib/visit.js."""
    text = (ROOT / "loadtest/lib/visit.js").read_text()
    return {name.strip("() =>"): int(weight) for name, weight in re.findall(r"\[(\w+|\(\) => \w+\(\)), (\d+)\]", text)}


@functools.cache
def metrics():
    """Metrics that CloudWatch makes: by stage, and some by each function too."""
    of = {
        name: found("shared/monitoring/src/totals.rs", rf"named!\({name}: (.*?)\)").split()
        for name in ("Count", "Measure")
    }
    both = re.findall(
        r"((?:\s*\|?\s*Self::\w+)+) => Scope::Function", (ROOT / "shared/monitoring/src/metrics.rs").read_text()
    )
    by_function = sum(arm.count("Self::") for arm in both)
    return sum(map(len, of.values())) + by_function * len(functions())
