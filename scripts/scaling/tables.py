"""The tables of docs/scaling.md, each a list of rows of text, the header first."""

import math

import cost
import events
import repository
import resources
from facts import ASSUMED, QUOTAS, TIERS, assumed
from resources import RATES, first, reached
from shop import BROWSE, CART, LOOKS, PLACE, PUT, STORE
from system import HOLD_MS, System, at, the_shop, units

# `make contention` (one product) on 26 November 2026, three runs on two cores that others used too.
MEASURED = {"transactions": "668 to 754", "conflicts": "564 to 652", "told 503": "419 to 514"}
SERVED = 199  # answers a second in the first of them: 1,000 and 419 in 7.129 s
LONGER_MS = 5
SEARCH_READS = repository.constant(f"{STORE}/catalogue/search.rs", "READS_AT_MOST")
# `mixed` on 26 November 2026, a debug build, 2,800 products made up: 192 requests a second for a minute, by route and
# by keys that `products` and `carts` asked their caches for and found in the process.
RUN = {LOOKS["look"]: 5925, BROWSE: 1599, LOOKS["search"]: 907, PUT: 774, LOOKS["lookAtStock"]: 613, CART: 540}
RUN_ALL, RUN_RATE = 11_672, 192
RUN_FOUND = {"Products": (113_061, 169_598), "Carts": (6_132, 13_085)}
ORDERS = (1, 10, 20, 30, 40, 50, 60, 80, 120, 200)


def number(value, digits=2):
    """With so many digits that count, and commas."""
    if float(value).is_integer() and value < 1_000:
        return f"{value:.0f}"
    places = digits - 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, places)
    return f"{rounded:,.{max(0, places)}f}"


def percent(part):
    return f"{number(100 * part)} %" if part >= 0.0005 else "0 %"


def dollars(value):
    return f"{value:,.2f}" if value >= 0.005 else "0.00"


def header(*names):
    return [*names, *(f"{rate:,}" for rate in RATES)]


def use():
    """What each resource has to bear at so many requests a second, and which part that is of what it does by default."""

    def cell(resource, rate):
        value = resource.use(at(rate))
        text = f"{number(value)} · {percent(value / resource.limit)}" if resource.unit != "%" else percent(value / 100)
        return f"**{text}**" if value >= resource.limit else text

    rows = [
        [f"{it.name}{', ' + it.unit if it.unit not in ('', '%') else ''}", *(cell(it, rate) for rate in RATES)]
        for it in resources.RESOURCES
    ]
    return [header("requests a second"), *rows, ["used most", *(first(rate)[1].name for rate in RATES)]]


def limits():
    found = sorted(((reached(it) or math.inf, it) for it in resources.RESOURCES), key=lambda pair: pair[0])
    rows = [
        [
            "beyond 1,000,000" if rate == math.inf else number(rate),
            it.name,
            f"{number(it.limit, 3)} {it.unit}".strip(),
            it.turn,
        ]
        for rate, it in found
    ]
    return [["reached at", "what", "by default", "what to turn"], *rows]


def mix():
    shop, system = the_shop(), at(1_000)
    rows = [
        [f"`{route}`", percent(share), number(system.times[route])]
        for route, share in sorted(shop.share.items(), key=lambda pair: -pair[1])
    ]
    return [["route", "of all requests", "ms at 1,000 a second"], *rows]


def tiers():
    rows = []
    for name, at_tier in (("its process", 0), ("L2", 1), ("the table", 2)):
        rows.append(
            [
                f"a look at a product is answered by {name}",
                *(percent(resources.rests(at(rate))[at_tier]) for rate in RATES),
            ]
        )
    for name in at(1).ecpu():
        rows.append([f"ECPU a request: {name}", *(number(at(rate).ecpu()[name] / rate) for rate in RATES)])
    return [header("requests a second"), *rows]


def rush():
    rows = []
    for rate in RATES:
        free, held = events.rush(rate, limited=False), events.rush(rate, limited=True)
        before = sum(at(rate / events.RUSH).environments.values())
        rows.append(
            [
                f"{rate:,}",
                number(before),
                number(free.environments),
                number(free.created),
                number(assumed("per_environment") * free.created),
                percent(held.throttled),
            ]
        )
    return [
        [
            "to so many requests/s",
            "environments before",
            "at work at most",
            "new",
            "connections they open",
            "throttled, with 1,000 at once",
        ],
        *rows,
    ]


def product():
    share, rows = the_shop().share[PLACE], []
    for rate in ORDERS:
        sale = events.buyers(rate)
        rows.append(
            [
                f"{rate}",
                number(rate / share),
                number(len(sale.took) / 60),
                percent(sale.told_to_come_again()),
                number(sale.p95()),
                number(sale.conflicts / len(sale.took)),
                number(sale.processes),
            ]
        )
    return [
        [
            "orders/s of one product",
            "requests/s of the mix, if all orders have it",
            "placed/s",
            "told 503",
            "p95 of those placed, ms",
            "conflicts for each",
            "processes",
        ],
        *rows,
    ]


def contention():
    rows = []
    for name, longer in (
        ("model, a hold of {:.0f} to {:.0f} ms".format(*HOLD_MS), 0),
        (f"model, {LONGER_MS} ms longer", LONGER_MS),
    ):
        sale = events.last_pieces(SERVED, longer)
        rows.append(
            [name, number(sale.sent, 3), number(sale.conflicts, 3), number(sale.gave_up, 3), str(len(sale.took))]
        )
    return [
        ["100 pieces, 1,000 buyers", "transactions", "conflicts", "told 503", "sold"],
        *rows,
        ["`make contention`, three runs", *MEASURED.values(), "100"],
    ]


def run():
    """The model of one process each beside what was measured of it."""
    system = System(the_shop(), RUN_RATE, alone=True)
    rows = [
        [f"`{route}`, of all requests", percent(system.shop.share[route]), percent(times / RUN_ALL)]
        for route, times in RUN.items()
    ]
    for function, (near, asked) in RUN_FOUND.items():
        rows.append(
            [
                f"keys that a process of {function} had, of all it read",
                percent(system.found_near(function)),
                percent(near / asked),
            ]
        )
    return [["", "model", "measured"], *rows]


def stream():
    rows = []
    for rate in RATES:
        system = at(rate)
        shards, changes = system.stream_shards(), system.changes()
        ages = [number(events.age(name, records, shards)) for name, records in changes.items()]
        each = changes["PaymentEvents"] / shards
        drained = 600 * each / (resources.settling() - each)
        rows.append([f"{rate:,}", number(shards), number(each), *ages, number(drained)])
    return [
        [
            "requests/s",
            "shards",
            "events/s of one",
            "p95 age, payment-events, s",
            "cache-invalidator, s",
            "s to catch up with 10 minutes",
        ],
        *rows,
    ]


def costs():
    columns = [cost.per_million(at(rate)) for rate in RATES]
    names = sorted(columns[0], key=lambda name: -columns[3][name])
    rows = [[name, *(dollars(column[name]) for column in columns)] for name in names]
    rows.append(["**a million requests, $**", *(f"**{dollars(sum(column.values()))}**" for column in columns)])
    rows.append(["a month, $", *(number(sum(cost.month(at(rate)).values()), 3) for rate in RATES)])
    return [header("$ for a million requests, at"), *rows]


def logs():
    columns = [{name: size / rate for name, size in cost.log_bytes(at(rate)).items()} for rate in RATES]
    rows = [[name, *(number(column[name], 3) for column in columns)] for name in columns[0]]
    return [
        header("bytes a request, at"),
        *rows,
        ["together", *(number(sum(column.values()), 3) for column in columns)],
    ]


def quotas():
    return [
        ["", "by default", "", "source"],
        *([f"{it.what}", f"{it.value:,}", it.unit, it.source] for it in QUOTAS.values()),
    ]


def prices():
    def tier(size, each):
        return f"{each:.7g}" if each >= 0.001 else f"{each * 1e6:.7g} a million"

    rows = [[what, "; then ".join(tier(*one) for one in steps), source] for steps, what, source in TIERS.values()]
    return [["", "$", "source"], *rows]


def assumptions():
    return [["", "", "", "source"], *([it.what, f"{it.value:,}", it.unit, it.source] for it in ASSUMED.values())]


def figures():
    """Single figures that the text speaks of."""
    shop, system = the_shop(), at(1_000)
    return [
        ["figure", ""],
        ["requests for one order", number(1 / shop.share[PLACE], 3)],
        ["lines of an order", number(shop.lines)],
        [
            "write units of an order, placed and paid, the index too",
            number(sum(at(1).order_units()) + units(assumed("event_bytes")) + 4, 3),
        ],
        ["the best-seller's part of what is sold", percent(shop.weight[0])],
        ["orders of one product a second, with one in a hundred told 503 at most", number(events.most_orders())],
        [
            "searches a second, not in the cache, that one `TERM#` partition can answer",
            number(resources.search_misses()),
        ],
        ["the same, of words that need all reads that one may take", number(resources.search_misses() / SEARCH_READS)],
        ["events a second that one shard's batches can settle", number(resources.settling())],
        ["unpaid orders a second that `order-expirer` can call off", number(resources.expiring())],
        ["a whole processor's time for a request at 1,000 a second, ms", number(system.processor_ms())],
        ["metrics in CloudWatch, at most", number(repository.metrics(), 3)],
    ]


def phrases():
    """What the text says in so many words of the tables' figures."""
    of = {it.name: it for it in resources.RESOURCES}
    at_once = round(resources.at_work(at(10_000)), -1)
    yield f"at some {number(reached(of['cache, ECPU, its ceiling']))} by `CacheMaxEcpu`"
    yield f"at some {number(reached(of['a route of the API']))} by `ApiRateLimit`"
    for name in ("CacheMaxEcpu", "ApiRateLimit", "ApiBurstLimit"):
        yield f"`{name}` to {int(repository.in_production(name)):,}"
    yield f"At some {number(reached(of['cache, ECPU']))} a cache"
    yield f"some {at_once:.0f} run at once"
    yield f"gone at some {number(reached(of['Lambda, in a rush of ten times']))}"
    yield f"ends at some {events.most_orders()} orders a second"
    yield f"cost {sum(cost.per_million(at(10_000)).values()):.0f} dollars at 10,000 a second"


TABLES = (use, limits, rush, product, contention, run, tiers, stream, costs, logs, mix, figures, quotas, prices)
ALL = {it.__name__: it for it in (*TABLES, assumptions)}


def markdown(rows):
    head, *rest = ([str(cell) for cell in row] for row in rows)
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rest))
