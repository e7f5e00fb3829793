"""What is sold, and what users do with it: the catalogue that `loadtest/prepare` makes up, and visits
as loadtest/lib/visit.js, browsing.js and buying.js play them.

Visits are played, not computed: how often a user's own cart is still in the cache depends on what
she did before. All rates are for one request a second of all users.
"""

import random
from collections import Counter

import repository
from facts import assumed
from repository import sales

PRODUCTS = 2_800
VISITS = 20_000
PAGE = 20
STORE = "shared/store/src"

LOOKS = {
    "look": "GET /api/products/{id}",
    "lookAtStock": "GET /api/products/{id}/inventory",
    "lookAtPrice": "GET /api/products/{id}/pricing",
    "search": "GET /api/products/search?q=",
}
BROWSE, PUT, EMPTY = "GET /api/products?category=", "PUT /api/cart/items/{product_id}", "DELETE /api/cart"
CART, ORDERS, PROFILE, ORDER = "GET /api/cart", "GET /api/orders", "GET /api/users/me", "GET /api/orders/{id}"
PARTS = ("product", "price", "stock")
PLACE, AGAIN, PAID = "POST /api/orders of the cart", "POST /api/orders again", "POST /api/webhooks/stripe"

CHANCE = random.Random(7)
NAMES = [
    (CHANCE.choice(sales().LOOKS), CHANCE.choice(sales().USES), CHANCE.choice(sales().THINGS)) for _ in range(PRODUCTS)
]
CATEGORY = [CHANCE.choice(sales().CATEGORIES) for _ in NAMES]
BY_NAME = sorted(range(PRODUCTS), key=NAMES.__getitem__)


class Visits:
    """Counts what users ask, how often what is their own is in the cache, and what they buy."""

    def __init__(self):
        self.chance = random.Random(8)
        self.requests, self.cached = Counter(), Counter()
        self.lines_ordered, self.lines_shown = 0, Counter()
        self.most_lines = repository.constant("loadtest/lib/buying.js", "LINES")
        self.next_page = repository.constant("loadtest/lib/browsing.js", "AGAIN")
        self.fresh = {
            CART: repository.kind(f"{STORE}/carts.rs", "CART")[0],
            PROFILE: repository.kind(f"{STORE}/users.rs", "USER")[0],
            ORDERS: repository.span(f"{STORE}/orders.rs", "fresh"),
        }
        acts = repository.acts()
        for _ in range(VISITS):
            self.basket, self.now, self.read = 0, 0, {}
            for act in self.chance.choices(list(acts), acts.values(), k=int(assumed("acts"))):
                self.now += assumed("think_s")
                self.act(act)

    def act(self, act):
        if act in LOOKS:
            self.requests[LOOKS[act]] += 1
        elif act == "browse":
            self.requests[BROWSE] += 1 + (self.chance.random() < self.next_page)
        else:
            {
                "showCart": self.show_cart,
                "showOrders": lambda: self.own(ORDERS),
                "showProfile": lambda: self.own(PROFILE),
                "fillCart": self.fill_cart,
                "buy": self.buy,
            }[act]()

    def own(self, route):
        """A look at something of her own, which the cache has if she looked not long ago."""
        self.requests[route] += 1
        self.cached[route] += self.now - self.read.get(route, -1e9) < self.fresh[route]
        self.read[route] = self.now

    def show_cart(self):
        self.own(CART)
        self.lines_shown[CART] += self.basket

    def fill_cart(self):
        full = self.basket >= self.most_lines
        self.basket = 0 if full else self.basket + 1
        self.requests[EMPTY if full else PUT] += 1
        self.lines_shown[PUT] += self.basket
        self.read.pop(CART, None)

    def buy(self):
        while self.basket == 0 or self.chance.random() < 0.5:
            self.fill_cart()
        self.show_cart()
        self.lines_ordered += self.basket
        self.basket = 0
        self.requests.update([PLACE, PAID, ORDER])
        self.requests[AGAIN] += self.chance.random() < 0.3
        self.read.pop(CART, None)
        self.read.pop(ORDERS, None)


class Shop:
    """The traffic of one request a second, and which entries of the catalogue it reads."""

    def __init__(self):
        visits = Visits()
        total = visits.requests.total()
        self.share = {route: times / total for route, times in visits.requests.items()}
        self.own_hits = {route: visits.cached[route] / visits.requests[route] for route in visits.fresh} | {ORDER: 0}
        self.lines = visits.lines_ordered / visits.requests[PLACE]
        self.lines_shown = {route: visits.lines_shown[route] / visits.requests[route] for route in (CART, PUT)}
        weights = [sales().weight(rank) for rank in range(PRODUCTS)]
        self.weight = [weight / sum(weights) for weight in weights]
        self.wanted = self.looks() | {BROWSE: list(self.pages()), LOOKS["search"]: list(self.searches())}
        self.reads = self.reads_by_function()

    def looks(self):
        """What a look at a product reads, by how often it is that product."""
        parts = {
            LOOKS["look"]: PARTS,
            PUT: PARTS,
            CART: PARTS,
            LOOKS["lookAtStock"]: PARTS[::2],
            LOOKS["lookAtPrice"]: PARTS[:2],
        }
        return {
            route: [(weight, entries([rank], kinds)) for rank, weight in enumerate(self.weight)]
            for route, kinds in parts.items()
        }

    def pages(self):
        """The first two pages of each category, of which the first products by name are on the first."""
        second = 1 - 1 / (1 + repository.constant("loadtest/lib/browsing.js", "AGAIN"))
        for name in sales().CATEGORIES:
            members = [rank for rank in BY_NAME if CATEGORY[rank] == name]
            popular = sum(self.weight[rank] for rank in members)
            yield popular * (1 - second), [("page", (name, 1)), *entries(members[:PAGE])]
            yield popular * second, [("page", (name, 2)), *entries(members[PAGE : 2 * PAGE])]

    def searches(self):
        """A word of something sold, each of its three alike."""
        for at, words in enumerate((sales().LOOKS, sales().USES, sales().THINGS)):
            for word in words:
                members = [rank for rank in range(PRODUCTS) if NAMES[rank][at] == word]
                yield (
                    sum(self.weight[rank] for rank in members) / len(NAMES[0]),
                    [("search", word), *entries(members[:PAGE])],
                )

    def reads_by_function(self):
        """How often each entry is read, by function."""
        reads = {"Products": Counter(), "Carts": Counter()}
        for route, wanted in self.wanted.items():
            times = self.share[route] * (self.lines_shown.get(route, 1) + (route == PUT))
            for popular, keys in wanted:
                reads[repository.function_of(route)].update(dict.fromkeys(keys, times * popular))
        return reads


def entries(ranks, kinds=PARTS):
    return [(kind, rank) for rank in ranks for kind in kinds]
