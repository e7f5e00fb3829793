"""The system under a steady load: what each part of it has to bear at so many requests a second.

Environments, the hits of their own caches, and the time of a request depend on each other, so they
are found by going round a few times.
"""

import math
from collections import Counter
from functools import cache

import repository
from facts import assumed, quota
from shop import (
    AGAIN,
    BROWSE,
    CART,
    EMPTY,
    LOOKS,
    ORDER,
    ORDERS,
    PAID,
    PLACE,
    PROFILE,
    PUT,
    STORE,
    Shop,
)

ROUNDS = 3
COUNTED = (LOOKS["search"], PUT, EMPTY, PLACE, AGAIN)  # by a rate limit that asks L2
PARTS_FILE, PACE, DUE = f"{STORE}/catalogue/parts.rs", "shared/monitoring/src/pace.rs", f"{STORE}/due.rs"
KINDS = {
    "product": repository.kind(PARTS_FILE, "PRODUCT"),
    "price": repository.kind(PARTS_FILE, "PRICE"),
    "stock": repository.kind(PARTS_FILE, "STOCK"),
    "page": repository.kind(f"{STORE}/catalogue/pages.rs", "PAGE"),
    "search": repository.kind(f"{STORE}/catalogue/search.rs", "SEARCH"),
}
TAGS = {"page": 1, "search": 1}  # of one word
TOLD_AS_READ = repository.constant("shared/monitoring/src/fleet.rs", "READS")
TOLD_EVERY = repository.constant(PACE, "ANSWERS"), repository.span(PACE, "PERIOD")
AT_ONCE = repository.constant("functions/payment-events/src/stream.rs", "AT_ONCE")
SECRETS_KEPT = repository.span("functions/webhooks/src/secrets/vault.rs", "KEPT")
# How long a transaction holds its items, at least and at most.
HOLD_MS = [
    float(repository.found("local/src/contention.rs", rf"TRANSACTION: {bound}from_millis\((\d+)\)"))
    for bound in (r"[^=]*= Duration::", r".*?\.\.=Duration::")
]
MS = {
    "L2": assumed("cache_ms"),
    "PutItem": assumed("put_ms"),
    "TransactWriteItems": sum(HOLD_MS) / 2,
    **dict.fromkeys(("GetItem", "BatchGetItem", "Query"), assumed("read_ms")),
}
# Bytes as the table of `make run` has them: with one line, and for each more.
ORDER_BYTES, RECORD_BYTES, TERM_BYTES, ENTRY_BYTES = (490, 130), (713, 185), 104, 75
SEARCH_READ = repository.constant(f"{STORE}/catalogue/search.rs", "READ")
# Commands that look a key up again before its load and leave a fence and a lease.
PREPARE = 3


def units(size, of=1_024):
    return max(1, math.ceil(size / of))


def read_units(kind):
    """Of one load: an item's, or those of all that a query reads."""
    return {"search": units(SEARCH_READ * TERM_BYTES, 4_096), "page": units(21 * ENTRY_BYTES, 4_096)}.get(kind, 1)


def processor_ms(calls):
    return assumed("cpu_ms") + assumed("cpu_trip_ms") * calls.total()


def milliseconds(function, calls):
    """On the part of a processor that the function has."""
    cpu = processor_ms(calls) * assumed("vcpu_mb") / repository.memory(function)
    return cpu + sum(MS[name] * times for name, times in calls.items())


def peak(busy):
    """Environments that so many at work on average lead to: at random, arrivals vary by the root."""
    return max(1, math.ceil(busy + 3 * math.sqrt(busy)))


class Entry:
    """How often an entry of the cache is asked for in L2, and loaded, each second.

    `reads` are pairs of a function's reads and its environments; `moves` invalidate it.
    """

    def __init__(self, kind, reads, moves):
        fresh, kept = KINDS[kind]
        self.hit = [1 - 1 / (1 + rate / count * kept) for rate, count in reads]
        self.asked = sum(rate * (1 - hit) for (rate, _), hit in zip(reads, self.hit))
        stands = fresh if moves == 0 else -math.expm1(-moves * fresh) / moves
        self.loaded = self.asked / (1 + self.asked * stands)
        self.missed = self.loaded / self.asked if self.asked else 0

    def ecpu(self, kind):
        names, script = 1 + TAGS.get(kind, 0), assumed("ecpu_script")
        return self.asked * names + self.loaded * (PREPARE * names + script)


class System:
    """All that happens in a second. With `alone` each function is one process, as in `make run`."""

    def __init__(self, shop, rate, alone=False):
        self.shop, self.rate = shop, rate
        self.requests = {route: share * rate for route, share in shop.share.items()}
        self.environments = Counter(dict.fromkeys(repository.functions(), 1))
        for _ in range(1 if alone else ROUNDS):
            self.entries = self.read_catalogue()
            self.times = {route: self.time(route) for route in self.requests}
            if not alone:
                self.environments = Counter({name: peak(busy) for name, busy in self.busy().items()})

    def read_catalogue(self):
        reads = self.shop.reads
        sold = (self.requests[PLACE] + self.requests[AGAIN]) * self.shop.lines

        def entry(kind, name):
            by = [(rates[kind, name] * self.rate, self.environments[function]) for function, rates in reads.items()]
            return Entry(kind, by, sold * self.shop.weight[name] if kind == "stock" else 0)

        return {key: entry(*key) for key in reads["Products"]}

    def found_near(self, function):
        """Which part of the catalogue's entries that a function reads its processes have."""
        at, reads = list(self.shop.reads).index(function), self.shop.reads[function]
        return sum(rate * self.entries[key].hit[at] for key, rate in reads.items()) / reads.total()

    def states(self, route):
        """How likely a request finds all in its process, all in L2 at least, or has to load."""
        if route in self.shop.own_hits:
            return 0, self.shop.own_hits[route], 1 - self.shop.own_hits[route]
        if route not in self.shop.wanted or route == PUT:
            return 1, 0, 0
        wanted = [(popular, [self.entries[key] for key in keys]) for popular, keys in self.shop.wanted[route]]
        near = sum(popular * math.prod(it.hit[0] for it in all_of_it) for popular, all_of_it in wanted)
        found = sum(
            popular * math.prod(1 - (1 - it.hit[0]) * it.missed for it in all_of_it) for popular, all_of_it in wanted
        )
        return near, found - near, 1 - found

    def on_average(self, route, of_calls):
        """Of what a request asks, by how likely it asks it."""
        return sum(
            chance * of_calls(calls) for chance, calls in zip(self.states(route), repository.round_trips()[route])
        )

    def time(self, route):
        function = repository.function_of(route)
        return self.on_average(route, lambda calls: milliseconds(function, calls))

    def processor_ms(self):
        return sum(share * self.on_average(route, processor_ms) for route, share in self.shop.share.items())

    def busy(self):
        """Environments at work on average, by function."""
        busy = Counter(dict.fromkeys(repository.functions(), 0))
        for route, rate in self.requests.items():
            busy[repository.function_of(route)] += rate * self.times[route] / 1_000
        for name, (batches, each) in self.batches().items():
            busy[name] += batches * each / 1_000
        return busy

    def changes(self):
        """Records of the stream that each of its two functions is told of."""
        of_order = 3 + self.shop.lines + 2  # order, payment, cart and stocks; order and payment again
        told = self.requests[PLACE] * of_order + self.requests[PUT] + self.requests[EMPTY]
        return {"PaymentEvents": self.requests[PAID], "CacheInvalidator": told}

    def batches(self):
        """Invocations by the stream, and milliseconds of each: what has come since the poll before."""
        shards, polls, batches = self.stream_shards(), quota("polls"), {}
        for name, records in self.changes().items():
            each = records / shards / polls
            size = repository.mapping(name, "BatchSize", 100)
            often = shards * polls * max(-math.expm1(-each), each / size)
            batches[name] = often, batch_ms(name, min(size, max(1, each)))
        return batches

    def stream_shards(self):
        """One for each partition of the table, of which a new one has four (4,000 writes, 1,000 each)."""
        written, read = self.table_units()
        least = quota("new_wru") / quota("partition_wcu")
        return max(least, math.ceil(written / quota("partition_wcu") + read / quota("partition_rcu")))

    def order_units(self):
        """Write units of the transaction that places an order, and of the one that settles it."""
        more = self.shop.lines - 1
        order, record = (units(first + more * each) for first, each in (ORDER_BYTES, RECORD_BYTES))
        place = 2 * (record + order + 1 + 1 + 1 + self.shop.lines)  # entry, payment and cart are small
        return place, 2 * (units(assumed("event_bytes")) + order + 1)

    def table_units(self):
        """Write and read units of the table itself."""
        changed = self.requests[PUT] + self.requests[EMPTY]
        written = self.requests[PLACE] * (sum(self.order_units()) + units(assumed("event_bytes"))) + 2 * changed
        of_order = 1 + 1 + 3 * self.shop.lines  # record, cart, products
        read = self.requests[PLACE] * (of_order + 2) + self.requests[AGAIN] * of_order + changed
        read += sum(
            self.requests[route] * (1 - hit) * (1 if route in (CART, PROFILE) else 2)
            for route, hit in self.shop.own_hits.items()
        )
        read += sum(entry.loaded * read_units(kind) for (kind, _), entry in self.entries.items())
        return written, read

    def fleet_writes(self):
        """By function: how often its processes tell what they counted, and how many names as read."""
        asked, told = Counter(), {}
        for route, rate in self.requests.items():
            asked[repository.function_of(route)] += rate
        names = {
            "Products": self.rate_of(LOOKS["look"], LOOKS["lookAtStock"], LOOKS["lookAtPrice"])
            + 20 * self.rate_of(BROWSE, LOOKS["search"]),
            "Carts": sum(self.requests[route] * lines for route, lines in self.shop.lines_shown.items()),
        }
        answers, period = TOLD_EVERY
        for name, rate in asked.items():
            each = rate / self.environments[name]
            often = self.environments[name] * max(each / answers, min(each, 1 / period))
            told[name] = often, min(TOLD_AS_READ, names.get(name, 0) / often)
        return told

    def rate_of(self, *routes):
        return sum(self.requests[route] for route in routes)

    def slots(self):
        """ECPU a second of slots that may be hot: the best-seller's entries, and what the fleet shares."""
        told = self.fleet_writes()
        slots = {
            f"{kind} of the best-seller": self.entries[kind, 0].ecpu(kind) for kind in ("product", "price", "stock")
        }
        sold = self.rate_of(PLACE, AGAIN) * self.shop.lines * self.shop.weight[0]
        slots["stock of the best-seller"] += 2 * 2 * sold
        slots["`fleet:{reads}`"] = sum(often * assumed("ecpu_name") * names for often, names in told.values())
        slots["`fleet:{…-products}`"] = told["Products"][0] * assumed("ecpu_add")
        slots["`fleet:functions`"] = 3 * sum(often for often, _ in told.values())
        return slots

    def ecpu(self):
        """ECPU a second by what they are for. In a cluster each name is a command of its own."""
        own = sum(
            self.requests[route] * (1 + (route in (ORDERS, ORDER)) + (1 - hit) * (PREPARE + assumed("ecpu_script")))
            for route, hit in self.shop.own_hits.items()
        )
        forget = (
            2 * self.rate_of(PUT, EMPTY) + self.rate_of(PLACE, AGAIN) * (2 * self.shop.lines + 3) + self.rate_of(PAID)
        )
        told = self.fleet_writes().values()
        return {
            "catalogue": sum(entry.ecpu(kind) for (kind, _), entry in self.entries.items()),
            "users' own": own,
            "invalidations": 2 * forget,  # by the writer, and by the stream
            "rate limits": assumed("ecpu_script") * self.rate_of(*COUNTED),
            "fleet's counts": sum(
                often * (assumed("ecpu_add") + 3 + assumed("ecpu_name") * names) for often, names in told
            ),
        }

    def invocations(self):
        return self.rate + sum(times for times, _ in self.batches().values())


def batch_ms(function, records):
    """How long a batch of the stream takes: events some at once, invalidations in one round trip."""
    if function == "CacheInvalidator":
        return milliseconds(function, Counter(L2=1))
    calls = Counter(BatchGetItem=1, TransactWriteItems=1, L2=1)
    return math.ceil(records / AT_ONCE) * milliseconds(function, calls)


@cache
def the_shop():
    return Shop()


@cache
def at(rate):
    return System(the_shop(), rate)
