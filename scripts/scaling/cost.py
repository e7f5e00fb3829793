"""What a month at a steady rate costs, by service, and what a million requests of it do."""

import re

import repository
from facts import assumed, price
from shop import PAID
from system import SECRETS_KEPT, TOLD_EVERY

MONTH = 730 * 3_600
GB = 1e9


def access_line():
    """Bytes of a line of the access log."""
    form = repository.template()["Resources"]["Api"]["Properties"]["AccessLogSettings"]["Format"]
    return len(re.sub(r"\$context[\w.]+", "", form)) + assumed("access_bytes")


def log_bytes(system):
    """Bytes a second that CloudWatch takes in, by what they are."""
    few, many, answers = assumed("line_metrics_few"), assumed("line_metrics"), TOLD_EVERY[0]
    lines = sum(often * few for often, _ in system.fleet_writes().values()) + system.rate * (many - few) / answers
    return {
        "the gateway's access log": system.rate * access_line(),
        "our line a request": system.rate * assumed("line_request") + system.requests[PAID] * assumed("line_request"),
        "Lambda's own lines": system.invocations() * assumed("lines_platform"),
        "our metrics' lines": lines,
    }


def gb_seconds(system):
    """Billed to the next millisecond."""
    busy, rates = system.busy(), dict.fromkeys(repository.functions(), 0)
    for route, rate in system.requests.items():
        rates[repository.function_of(route)] += rate
    rates |= {name: often for name, (often, _) in system.batches().items()}
    return sum((busy[name] + rate * 0.0005) * repository.memory(name) / 1_024 for name, rate in rates.items())


def stored(system):
    """GB in the cache: what visitors leave there, a tenth of one at least."""
    visits = system.rate / assumed("acts")
    return max(0.1, visits * 900 * assumed("visitor_bytes") / GB)


def month(system):
    """Dollars a month, by service."""
    written, read = system.table_units()
    written += 4 * system.requests[PAID]  # the index: an order and an event come in, and go
    secrets = sum(it["Type"] == "AWS::SecretsManager::Secret" for it in repository.template()["Resources"].values())
    return {
        "API Gateway": price("gateway", system.rate * MONTH),
        "CloudWatch Logs": price("logs", sum(log_bytes(system).values()) * MONTH / GB),
        "data to the internet": price("transfer", system.rate * assumed("answer_bytes") * MONTH / GB),
        "Lambda, invocations": price("invocation", system.invocations() * MONTH),
        "Lambda, duration": price("duration", gb_seconds(system) * MONTH),
        "DynamoDB, writes": price("write", written * MONTH),
        "DynamoDB, reads": price("read", read * MONTH),
        "ElastiCache, ECPU": price("ecpu", sum(system.ecpu().values()) * MONTH),
        "ElastiCache, data": price("cached", stored(system) * 730),
        "CloudWatch, metrics": price("metric", repository.metrics()),
        "Secrets Manager": price("secret", secrets)
        + price("secret_call", system.environments["Webhooks"] / SECRETS_KEPT * MONTH),
    }


def per_million(system):
    millions = system.rate * MONTH / 1e6
    return {name: dollars / millions for name, dollars in month(system).items()}
