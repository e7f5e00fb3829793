"""What is not in this repository: AWS's quotas and prices, and what is assumed.

Prices are list prices of us-east-1, the first tier first. AWS's pricing pages fill their tables in
by script, so that few could be read there; `second hand` is a page that repeats them. Looked up on
26 November 2026.
"""

from typing import NamedTuple

LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg"
DYNAMODB = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide"
ELASTICACHE = "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg"


class Fact(NamedTuple):
    """A number, and where it comes from."""

    value: float
    unit: str
    what: str
    source: str


QUOTAS = {
    "gateway": Fact(10_000, "requests/s", "API Gateway, all APIs of an account in a Region; raised on request", "[API Gateway quotas](https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html)"),
    "concurrency": Fact(1_000, "at once", "Lambda, all functions of an account; new accounts have less; raised on request", f"[Lambda quotas]({LAMBDA}/gettingstarted-limits.html)"),
    "per_concurrency": Fact(10, "requests/s", "Lambda, for each unit of that concurrency, however short a request is", f"[Understanding Lambda function scaling]({LAMBDA}/lambda-concurrency.html)"),
    "burst": Fact(1_000, "in 10 s", "new execution environments of one function; fixed", f"[Lambda scaling behavior]({LAMBDA}/scaling-behavior.html)"),
    "connections": Fact(65_000, "connections", "a serverless cache; fixed", f"[Valkey and Redis OSS configuration and limits]({ELASTICACHE}/RedisConfiguration.html)"),
    "ecpu_start": Fact(30_000, "ECPU/s", "an empty serverless cache; with Valkey 8 this doubles every 2 to 3 minutes", f"[Scaling ElastiCache]({ELASTICACHE}/Scaling.html)"),
    "ecpu_slot": Fact(30_000, "ECPU/s", "one hash slot of it, read from its primary; fixed", f"[Scaling ElastiCache]({ELASTICACHE}/Scaling.html)"),
    "new_wru": Fact(4_000, "units/s", "writes of a new on-demand table; it follows to twice its peak of the last 30 minutes", f"[DynamoDB on-demand capacity mode]({DYNAMODB}/on-demand-capacity-mode.html)"),
    "new_rru": Fact(12_000, "units/s", "reads of a new on-demand table; likewise", f"[DynamoDB on-demand capacity mode]({DYNAMODB}/on-demand-capacity-mode.html)"),
    "table": Fact(40_000, "units/s", "reads, and as many writes, of one on-demand table; raised on request", f"[DynamoDB quotas]({DYNAMODB}/ServiceQuotas.html)"),
    "partition_wcu": Fact(1_000, "units/s", "writes of a partition, so of one item; fixed", f"[Designing partition keys]({DYNAMODB}/bp-partition-key-design.html)"),
    "partition_rcu": Fact(3_000, "units/s", "reads of a partition, so of one item; fixed", f"[Designing partition keys]({DYNAMODB}/bp-partition-key-design.html)"),
    "readers": Fact(2, "readers", "of one shard of a stream; both are taken", f"[DynamoDB Streams and Lambda triggers]({DYNAMODB}/Streams.Lambda.html)"),
    "polls": Fact(4, "polls/s", "Lambda of a shard that has nothing", f"[Using Lambda with DynamoDB]({LAMBDA}/with-ddb.html)"),
    "secrets": Fact(10_000, "calls/s", "GetSecretValue, of an account in a Region; second hand", "[Secrets Manager quotas](https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html)"),
}

# Of each tier: how much of it a month has at most, and the price of one.
TIERS = {
    "gateway": ([(300e6, 1.00e-6), (None, 0.90e-6)], "HTTP API, a request of up to 512 KB", "[API Gateway pricing](https://aws.amazon.com/api-gateway/pricing/), its worked example"),
    "invocation": ([(None, 0.20e-6)], "Lambda, an invocation", "second hand: [Cloudchipr](https://cloudchipr.com/blog/aws-lambda-pricing)"),
    "duration": ([(7.5e9, 13.3334e-6), (11.25e9, 12.0001e-6), (None, 10.6667e-6)], "Lambda, a GB-second on arm64, the init too", "second hand: [Cloudchipr](https://cloudchipr.com/blog/aws-lambda-pricing); its last tier not seen"),
    "write": ([(None, 0.625e-6)], "DynamoDB on demand, a write unit of the table or the index", "second hand: [Airbyte](https://airbyte.com/data-engineering-resources/dynamodb-pricing)"),
    "read": ([(None, 0.125e-6)], "DynamoDB on demand, a read unit", "second hand: [Airbyte](https://airbyte.com/data-engineering-resources/dynamodb-pricing)"),
    "ecpu": ([(None, 0.0023e-6)], "ElastiCache Serverless for Valkey, an ECPU", "second hand: [Usage.ai](https://www.usage.ai/blogs/aws/database-savings-plans/elasticache/serverless-pricing/); AWS: a third below Redis OSS"),
    "cached": ([(None, 0.084)], "the same, a GB for an hour; a tenth of one at least", "second hand: [Usage.ai](https://www.usage.ai/blogs/aws/database-savings-plans/elasticache/serverless-pricing/)"),
    "logs": ([(10e3, 0.50), (20e3, 0.25), (20e3, 0.10), (None, 0.05)], "CloudWatch Logs, a GB of Lambda's or API Gateway's", "second hand: [Duckbill](https://www.duckbillgroup.com/?p=9080), which gives the first tier and $12,500 for 60 TB"),
    "metric": ([(10e3, 0.30), (None, 0.10)], "CloudWatch, a metric for a month", "second hand: [SigNoz](https://signoz.io/guides/cloudwatch-pricing)"),
    "secret": ([(None, 0.40)], "Secrets Manager, a secret for a month", "second hand: [Hivebook](https://hivebook.wiki/wiki/aws-secrets-manager-rotated-secrets-dynamic-db-credentials-kms)"),
    "secret_call": ([(None, 5e-6)], "Secrets Manager, a call", "second hand: the same"),
    "transfer": ([(10e3, 0.09), (40e3, 0.085), (100e3, 0.07), (None, 0.05)], "a GB to the internet", "first tier second hand: [Appropri8](https://appropri8-astro.pages.dev/tutorials/2025/12/02/deploying-simple-api-aws/page/7); the others not looked up"),
}

ASSUMED = {
    "cache_ms": Fact(0.5, "ms", "a round trip to the cache", "docs/round-trips.md"),
    "read_ms": Fact(4, "ms", "a read of DynamoDB; 2 to 10 in docs/round-trips.md", "ours"),
    "put_ms": Fact(5, "ms", "a PutItem", "ours"),
    "cpu_ms": Fact(0.13, "ms", "a request on a whole processor, without what it waits for", "README: a warm read without the emulator"),
    "cpu_trip_ms": Fact(0.1, "ms", "the same, for each round trip", "ours; not measured"),
    "vcpu_mb": Fact(1_769, "MB", "of memory to a whole processor", f"[Configure Lambda function memory]({LAMBDA}/configuration-memory.html)"),
    "init_ms": Fact(30, "ms", "our init: 2.6 in a log of `make run`, 18 to 22 of a bare Rust function on AWS, and TLS to table and cache", "ours; [Fulgurion](https://fulgurion.com/blog/posts/rust-on-aws-lambda-cold-start/)"),
    "place_ms": Fact(125, "ms", "before the init, until there is an environment", "ours; [Markaicode](https://markaicode.com/rust-aws-lambda-2-cold-start-optimization) gives 120 to 250"),
    "per_environment": Fact(2, "connections", "to a serverless cache: it is one node with two ports, and the Redis client connects to both", "AWS's limits page; `refresh_slots` of the redis crate"),
    "think_s": Fact(10, "s", "between two acts of a user", "ours"),
    "acts": Fact(30, "acts", "a visit", "ours"),
    "unpaid": Fact(0.2, "of orders", "never paid; the load test pays all", "ours"),
    "event_bytes": Fact(3_000, "bytes", "a provider's event; ours of the load test have a tenth", "ours"),
    "answer_bytes": Fact(1_694, "bytes", "an answer with its headers: 211,779 bytes of 125 answers", "a smoke run of `mixed`, 300 products"),
    "visitor_bytes": Fact(1_000, "bytes", "that a visit leaves in the cache for a quarter of an hour", "ours"),
    "ecpu_script": Fact(2, "ECPU", "a script that stores or counts a request: 23 to 28 µs of Redis's processor, a GET 12 to 15", "measured here, whole calls; AWS does not publish the formula"),
    "ecpu_add": Fact(5, "ECPU", "the script that adds to the fleet's bucket, 60 fields: 50 to 80 µs", "measured here, likewise"),
    "ecpu_name": Fact(0.25, "ECPU", "a name told as read: 336 µs for 100", "measured here, likewise"),
    "line_request": Fact(332, "bytes", "a request's line: the mean of 11,724", "[the run](#beside-a-run)"),
    "line_metrics": Fact(3_650, "bytes", "the metrics' line of 100 answers", "a log of `make run`"),
    "line_metrics_few": Fact(1_000, "bytes", "the same of a few", "a log of `make run`"),
    "lines_platform": Fact(400, "bytes", "Lambda's own two lines, platform.start and platform.report", "AWS's telemetry schema, filled in"),
    "access_bytes": Fact(117, "bytes", "what fills in the access log's format in template.yaml", "an example, counted"),
}


def quota(name):
    return QUOTAS[name].value


def assumed(name):
    return ASSUMED[name].value


def price(name, much):
    """What so much costs in a month."""
    cost = 0
    for size, each in TIERS[name][0]:
        part = much if size is None else min(much, size)
        cost, much = cost + part * each, much - part
    return cost
