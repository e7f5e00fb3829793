"""What a formula would get wrong, played event by event: what a rush does to the fleet, what buyers of
one product do to each other, and how old records of the stream become. All of it is seeded.
"""

import heapq
import itertools
import random
import re
from collections import Counter
from functools import cache
from typing import NamedTuple

import repository
from facts import assumed, quota
from shop import STORE
from system import HOLD_MS, MS, at, batch_ms, peak

TABLE = f"{STORE}/table.rs"
CONTENTION = repository.found(TABLE, r"const CONTENTION: retry::Policy = (.*?\};)")
# What a rush grows by, from one moment to the next.
RUSH = 10
# Of a rush, so many arrivals are played, at most so many seconds of them.
ARRIVALS, SECONDS = 60_000, 10


class Rush(NamedTuple):
    """What came of a rush."""

    environments: int
    created: int
    throttled: float


@cache
def rush(rate, limited):
    """Ten times as many requests from one moment to the next: a new environment is needed while all are busy.

    With `limited` the account has its default quotas.
    """
    chance, system = random.Random(rate), at(rate)
    routes, times = list(system.requests), {}
    for route in routes:
        times[route] = repository.function_of(route), system.times[route] / 1_000
    before = at(rate / RUSH).busy()
    idle = Counter({name: peak(before[name]) for name, _ in times.values()})
    seconds = min(SECONDS, ARRIVALS / rate)
    now, ends, created, throttled, count, most = 0, [], Counter(), 0, 0, 0
    cold = (assumed("place_ms") + assumed("init_ms")) / 1_000
    chosen = chance.choices(routes, list(system.requests.values()), k=int(seconds * rate))
    for route in chosen:
        now += chance.expovariate(rate)
        while ends and ends[0][0] <= now:
            idle[heapq.heappop(ends)[1]] += 1
        name, time = times[route]
        count += 1
        if idle[name]:
            idle[name] -= 1
        elif limited and (len(ends) >= quota("concurrency") or created[name] >= quota("burst") * (1 + now / 10)):
            throttled += 1
            continue
        else:
            created[name] += 1
            time += cold
        heapq.heappush(ends, (now + chance.gammavariate(4, time / 4), name))
        most = max(most, len(ends))
    return Rush(most, created.total(), throttled / max(1, count))


class Policy(NamedTuple):
    """How transactions are sent again: `CONTENTION` of shared/store/src/table.rs."""

    attempts: int
    base: float
    cap: float

    def wait(self, tried, chance):
        return chance.uniform(0, min(self.cap, self.base * 2 ** (tried - 1)))


POLICY = Policy(
    int(re.search(r"attempts: (\d+)", CONTENTION)[1]),
    *(1_000 * repository.seconds(re.search(rf"{name}: (.*?\))", CONTENTION)[1]) for name in ("base", "cap")),
)
RETRIES, RETRY, SUCCESS = (
    repository.constant(*where)
    for where in (
        (TABLE, "RETRIES"),
        ("shared/retry/src/budget.rs", "RETRY"),
        ("shared/retry/src/budget.rs", "SUCCESS"),
    )
)


class Process:
    """One with its retry budget, as shared/retry/src/budget.rs keeps it."""

    def __init__(self):
        self.savings = self.most = RETRIES * RETRY

    def may_retry(self):
        may = self.savings >= RETRY
        self.savings -= RETRY * may
        return may

    def went_well(self, retries):
        self.savings = min(self.most, self.savings + (RETRY * retries or SUCCESS))


class Sale:
    """Orders of one product. A transaction holds its stock for 5 to 20 ms, as `make contention` has it, and
    whoever comes meanwhile conflicts. Each order is one process's, which has one at a time, unless
    `together` one process has them all."""

    def __init__(self, stock=None, together=False, come_again=0, longer=0):
        self.stock, self.come_again, self.together, self.longer = stock, come_again, together, longer
        self.chance, self.free, self.events = random.Random(20), 0, []
        self.idle, self.processes = [], 0
        self.took, self.gave_up, self.sent, self.conflicts = [], 0, 0, 0

    def run(self, arrivals):
        self.events = [(moment + MS["BatchGetItem"], moment, 1, None) for moment in arrivals]
        heapq.heapify(self.events)
        while self.events and self.stock != 0:
            self.attempt(*heapq.heappop(self.events))
        self.took.sort()
        return self

    def attempt(self, now, since, tried, process):
        process = process or self.begin()
        self.sent += 1
        if now >= self.free:
            self.free = now + self.chance.uniform(*HOLD_MS) + self.longer
            self.took.append(self.free - since)
            self.stock = self.stock and self.stock - 1
            process.went_well(tried - 1)
            return self.end(process)
        self.conflicts += 1
        if tried < POLICY.attempts and process.may_retry():
            wait = MS["BatchGetItem"] + POLICY.wait(tried, self.chance)
            return heapq.heappush(self.events, (now + wait, since, tried + 1, process))
        self.gave_up += 1
        if self.come_again:
            heapq.heappush(self.events, (now + self.chance.uniform(1, 1.5) * self.come_again, since, 1, None))
        return self.end(process)

    def begin(self):
        if self.idle:
            return self.idle[0] if self.together else self.idle.pop()
        self.processes += 1
        process = Process()
        if self.together:
            self.idle.append(process)
        return process

    def end(self, process):
        if not self.together:
            self.idle.append(process)

    def p95(self):
        return self.took[int(0.95 * len(self.took))]

    def told_to_come_again(self):
        return self.gave_up / (self.gave_up + len(self.took))


@cache
def buyers(rate, seconds=60):
    """A minute of orders for one product, so many a second."""
    chance, now, arrivals = random.Random(rate), 0, []
    while now < 1_000 * seconds:
        now += chance.expovariate(rate / 1_000)
        arrivals.append(now)
    return Sale().run(arrivals)


@cache
def most_orders():
    """Orders of one product a second, in steps of five, up to which one in a hundred at most is told 503."""
    rates = itertools.takewhile(lambda rate: buyers(rate).told_to_come_again() <= 0.01, itertools.count(5, 5))
    return list(rates)[-1]


def last_pieces(rate, longer):
    """`make contention`: a thousand buyers of a hundred pieces, so many of whom the machine serves a second;
    a transaction holds its items so many milliseconds longer, for what the call itself takes there."""
    sale = Sale(stock=100, together=True, come_again=1_000, longer=longer)
    return sale.run([1_000 * number / rate for number in range(1_000)])


def age(function, records, shards, seconds=60):
    """How old a shard's records are when they have been handled: the 95th percentile, in seconds."""
    chance, now, ages, size = random.Random(9), 0, [], repository.mapping(function, "BatchSize", 100)
    side_by_side = repository.mapping(function, "ParallelizationFactor", 1)
    each = records / shards
    arrivals, clock = [], 0
    while each and clock < seconds and len(arrivals) < ARRIVALS:
        clock += chance.expovariate(each)
        arrivals.append(clock)
    while arrivals and now < 10 * seconds:
        come = [moment for moment in arrivals[: size * side_by_side] if moment <= now]
        if not come:
            now = max(now, arrivals[0]) + chance.uniform(0, 1 / quota("polls"))
            continue
        now += batch_ms(function, len(come) / side_by_side) / 1_000
        ages += [now - moment for moment in come]
        del arrivals[: len(come)]
    ages.sort()
    return ages[int(0.95 * len(ages))] if ages else 0
