"""Each resource: what it has to bear, what it bears by default, and what to turn."""

import itertools
import math
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import events
import repository
from facts import assumed, quota
from shop import LOOKS, PAID, PLACE
from system import (
    AT_ONCE,
    DUE,
    SEARCH_READ,
    SECRETS_KEPT,
    STORE,
    TERM_BYTES,
    at,
    batch_ms,
    milliseconds,
    units,
)

SHARDS = repository.constant(f"{STORE}/keys.rs", "INDEX_SHARDS")
RATES = (1, 10, 100, 1_000, 10_000, 100_000)
# Where limits are looked for: between these, use is a power of the rate.
GRID = [10 ** (half / 2) for half in range(13)]


class Resource(NamedTuple):
    name: str
    unit: str
    limit: float
    use: Callable
    turn: str


def at_work(system):
    return sum(system.busy().values())


def in_a_rush(system):
    return max(at_work(system), events.rush(system.rate, limited=False).environments)


def connections(system):
    return assumed("per_environment") * max(sum(system.environments.values()), in_a_rush(system))


def busiest_route(system):
    """Requests a second of the gateway's route that has most, webhooks' aside, which has its own limit."""
    asked = Counter()
    for route, rate in system.requests.items():
        if route != PAID:
            asked[repository.gateway_route(route)] += rate
    return max(asked.values())


def of_function(name):
    def asked(system):
        return sum(rate for route, rate in system.requests.items() if repository.function_of(route) == name)

    return asked


def given(name):
    """A limit that is a parameter's default."""
    return int(repository.parameter(name))


def setting(name):
    """What to turn, where it is a parameter."""
    default, production = given(name), int(repository.in_production(name))
    return f"`{name}`" + (f", which production has at {production:,}" if production != default else "")


def best_seller(system):
    """Orders a second that have it among their lines."""
    return system.requests[PLACE] * system.shop.lines * system.shop.weight[0]


def best_partition(system):
    """How much of a partition the best-seller's three items take, reads and writes together."""
    loads = sum(system.entries[kind, 0].loaded for kind in ("product", "price", "stock"))
    orders = best_seller(system)
    return 100 * (2 * orders / quota("partition_wcu") + (3 * orders + loads) / quota("partition_rcu"))


def terms(system):
    """Read units of the partition of search terms that is read most: by their first two letters."""
    read = Counter()
    for (kind, word), entry in system.entries.items():
        if kind == "search":
            read[word[:2].lower()] += entry.loaded * units(SEARCH_READ * TERM_BYTES, 4_096)
    return max(read.values())


def expiring():
    """Orders a second that the expirer can call off, in the part of a minute that it has."""
    at_once, reserve = repository.constant(DUE, "AT_ONCE"), repository.span(DUE, "RESERVE")
    works = repository.functions()["OrderExpirer"]["Timeout"] - reserve
    each = milliseconds("OrderExpirer", Counter(GetItem=1, TransactWriteItems=1, L2=1))
    return 1_000 * at_once / each * works / 60


def settling():
    """Events a second that one shard's batches can settle."""
    return (
        1_000
        * AT_ONCE
        / batch_ms("PaymentEvents", AT_ONCE)
        * repository.mapping("PaymentEvents", "ParallelizationFactor", 1)
    )


RESOURCES = [
    Resource("API Gateway", "requests/s", quota("gateway"), lambda it: it.rate, "quota: ask for more"),
    Resource("a route of the API", "requests/s", given("ApiRateLimit"), busiest_route, setting("ApiRateLimit")),
    Resource(
        "the route of webhooks",
        "requests/s",
        given("WebhooksRateLimit"),
        lambda it: it.requests[PAID],
        setting("WebhooksRateLimit"),
    ),
    Resource(
        "orders, reserved",
        "a second",
        quota("per_concurrency") * given("OrdersConcurrency"),
        of_function("Orders"),
        setting("OrdersConcurrency"),
    ),
    Resource(
        "webhooks, reserved",
        "a second",
        quota("per_concurrency") * given("WebhooksConcurrency"),
        of_function("Webhooks"),
        setting("WebhooksConcurrency"),
    ),
    Resource(
        "Lambda, invocations",
        "a second",
        quota("per_concurrency") * quota("concurrency"),
        lambda it: it.invocations(),
        "quota: concurrency; ten invocations a second come with each",
    ),
    Resource("Lambda, steady", "at work", quota("concurrency"), at_work, "quota: concurrency; `MemorySize` of `Carts`"),
    Resource(
        "Lambda, in a rush of ten times",
        "at work",
        quota("concurrency"),
        in_a_rush,
        "quota: concurrency; provisioned concurrency for a rush that is known",
    ),
    Resource(
        "cache, connections in a rush",
        "",
        quota("connections"),
        connections,
        "reserved concurrency, so that a rush ends before it; a second cache",
    ),
    Resource(
        "cache, ECPU, its ceiling",
        "a second",
        given("CacheMaxEcpu"),
        lambda it: sum(it.ecpu().values()),
        setting("CacheMaxEcpu"),
    ),
    Resource(
        "cache, ECPU",
        "a second",
        quota("ecpu_start"),
        lambda it: sum(it.ecpu().values()),
        "`ECPUPerSecond` `Minimum` an hour before; else it doubles in minutes",
    ),
    Resource(
        "cache, hottest slot",
        "ECPU/s",
        quota("ecpu_slot"),
        lambda it: max(it.slots().values()),
        "`READS` and `ANSWERS` in shared/monitoring",
    ),
    Resource(
        "new table, writes",
        "units/s",
        quota("new_wru"),
        lambda it: it.table_units()[0],
        "warm throughput of the table; or grow to twice in 30 minutes",
    ),
    Resource("new table, reads", "units/s", quota("new_rru"), lambda it: it.table_units()[1], "as with its writes"),
    Resource(
        "table, writes",
        "units/s",
        quota("table"),
        lambda it: it.table_units()[0],
        "quota: table-level write throughput",
    ),
    Resource(
        "table, reads", "units/s", quota("table"), lambda it: it.table_units()[1], "quota: table-level read throughput"
    ),
    Resource(
        "best-seller's stock",
        "orders/s",
        events.most_orders(),
        best_seller,
        "code: none yet; see [One product](#one-product)",
    ),
    Resource("best-seller's partition", "%", 100, best_partition, "likewise"),
    Resource(
        "index, a shard of `UNPAID#`",
        "units/s",
        quota("partition_wcu"),
        lambda it: 2 * it.requests[PLACE] / SHARDS,
        "`INDEX_SHARDS` in shared/store/src/keys.rs",
    ),
    Resource(
        "index, a shard of `INBOX#`",
        "units/s",
        quota("partition_wcu"),
        lambda it: 2 * it.requests[PAID] / SHARDS,
        "likewise",
    ),
    Resource(
        "search, hottest `TERM#`",
        "units/s",
        quota("partition_rcu"),
        terms,
        "`fresh` of `SEARCH`; more letters in `term_partition`",
    ),
    Resource(
        "payment-events, a shard",
        "events/s",
        settling(),
        lambda it: it.requests[PAID] / it.stream_shards(),
        "`ParallelizationFactor` of its mapping; `AT_ONCE`",
    ),
    Resource(
        "order-expirer",
        "orders/s",
        expiring(),
        lambda it: assumed("unpaid") * it.requests[PLACE],
        "`AT_ONCE` in shared/store/src/due.rs; `MemorySize`",
    ),
    Resource(
        "Secrets Manager",
        "calls/s",
        quota("secrets"),
        lambda it: it.environments["Webhooks"] / SECRETS_KEPT,
        "`KEPT` in functions/webhooks/src/secrets/vault.rs",
    ),
]


def reached(resource):
    """The rate at which a resource is used up; none within the grid."""
    parts = [(rate, resource.use(at(rate)) / resource.limit) for rate in GRID]
    for (low, before), (high, after) in itertools.pairwise(parts):
        if before < 1 <= after:
            power = math.log(after / before) / math.log(high / low)
            return low * before ** (-1 / power)
    return None


def first(rate):
    """The resource that is used most, and which part of it."""
    return max(((it.use(at(rate)) / it.limit, it) for it in RESOURCES), key=lambda pair: pair[0])


def search_misses():
    """Searches a second for words of one partition, none of them in the cache, that it can answer."""
    return quota("partition_rcu") / units(SEARCH_READ * TERM_BYTES, 4_096)


def rests(system):
    """Which part of the looks at a product each tier answers."""
    return system.states(LOOKS["look"])
