"""Visits to an online shop, always the same ones for a seed, with the dirt that real ones have.

A shop of `PRODUCTS` products and `USERS` users. People look, put into the cart, and buy, the more
likely the more often they came before and the closer they look; bots look at hundreds of products a
minute; phones send events late, minutes where they were in a tunnel, hours where they were in a
pocket, and some have a wrong clock. `arrived_at` says when the shop got to know of an event.
"""

from __future__ import annotations

import math
import random
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from tidemill.records import dataclass

PRODUCTS, USERS = 400, 3_000
BEGIN = datetime(2026, 6, 1)  # noqa: DTZ001 - the shop's wall clock, as TIMESTAMP(3)
BOT_SHARE, MOBILE_SHARE, DIRT_SHARE = 0.01, 0.4, 0.01
TUNNEL_SHARE, POCKET_SHARE = 0.06, 0.01
"""Of the events of phones: those up to 20 minutes late, and those 2½ to 5 hours late."""

_CATEGORIES = (
    "electronics.smartphone", "electronics.audio.headphone", "computers.notebook", "apparel.shoes",
    "appliances.kitchen.kettle", "furniture.living_room.sofa", "kids.toys", "sport.bicycle",
)  # fmt: skip
_BRANDS = ("nordwind", "acme", "lumen", "kite", "tallo", "borea", "vesta", "oriole")
_BROWSERS = ("Mozilla/5.0 (Windows NT 10.0)", "Mozilla/5.0 (Macintosh)", "Mozilla/5.0 (X11; Linux)")
_PHONES = ("ShopApp/5.2 (Android 16)", "ShopApp/5.2 (iOS 26)")
_BOTS = ("Mozilla/5.0 (compatible; pricebot/2.1)", "crawlerbot/1.0")


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that a visitor did. Fields that the shop got wrong are None or out of range."""

    event_id: int
    arrived_at: datetime
    event_time: datetime
    event_type: str
    product_id: int
    category_code: str
    brand: str
    price: Decimal
    user_id: int
    user_session: str | None
    channel: str
    user_agent: str


@dataclass(frozen=True, slots=True)
class Product:
    """One product of the shop."""

    product_id: int
    category_code: str
    brand: str
    price: Decimal


def generate_events(
    seed: int, begin: datetime, hours: int, per_hour: float, first_id: int = 1
) -> list[Event]:
    """The events of all visits that begin within some hours, in the order in which they arrive.

    Args:
        seed: another seed gives other visits; the products are the same for all.
        begin: the first hour.
        hours: how many.
        per_hour: about how many events an hour has, over the day.
        first_id: the first `event_id`; the others follow in the order of arrival.
    """
    drawn = random.Random(f"{seed} {begin:%Y-%m-%d %H}")  # noqa: S311 - made-up data
    products = _products()
    visits: list[Event] = []
    for hour in range(hours):
        start = begin + timedelta(hours=hour)
        wanted = per_hour * _busyness(start.hour)
        until = len(visits) + wanted
        while len(visits) < until:
            at = start + timedelta(milliseconds=drawn.randrange(3_600_000))
            visits += _visit(drawn, products, at)
    visits.sort(key=lambda event: event.arrived_at)
    return [_numbered(event, first_id + i) for i, event in enumerate(visits)]


def _products() -> Sequence[Product]:
    drawn = random.Random(7)  # noqa: S311
    return [
        Product(
            1000 + i,
            drawn.choice(_CATEGORIES),
            drawn.choice(_BRANDS),
            Decimal(f"{math.exp(drawn.gauss(3.8, 0.9)):.2f}"),
        )
        for i in range(PRODUCTS)
    ]


def _busyness(hour: int) -> float:
    """How busy an hour is beside the mean: quiet at four in the morning, busy at eight at night."""
    return 1 + 0.6 * math.sin((hour - 14) / 24 * 2 * math.pi) + 0.25 * math.sin(hour / 12 * math.pi)


def _visit(drawn: random.Random, products: Sequence[Product], at: datetime) -> list[Event]:
    if drawn.random() < BOT_SHARE:
        return list(_bot(drawn, products, at))
    mobile = drawn.random() < MOBILE_SHARE
    user = min(USERS, int(drawn.paretovariate(0.6)))  # a few come again and again
    returning = 1.0 if user < 200 else 0.0
    intent = drawn.gauss(-0.4 + 0.9 * returning - 0.6 * mobile, 0.8)
    visitor = _Visitor(drawn, user, mobile, _session(drawn))
    return list(_person(drawn, products, visitor, at, intent))


@dataclass(frozen=True, slots=True)
class _Visitor:
    drawn: random.Random
    user: int
    mobile: bool
    session: str

    def event(self, at: datetime, kind: str, product: Product) -> Event:
        """One event, with what may go wrong on the way."""
        drawn = self.drawn
        arrived = at + timedelta(milliseconds=drawn.randrange(50, 2000))
        if self.mobile:
            chance = drawn.random()
            if chance < POCKET_SHARE:
                arrived += timedelta(minutes=drawn.uniform(150, 300))
            elif chance < POCKET_SHARE + TUNNEL_SHARE:
                arrived += timedelta(minutes=drawn.uniform(1, 20))
        event = Event(
            0, arrived, at, kind, product.product_id, product.category_code, product.brand,
            product.price, self.user, self.session, "mobile" if self.mobile else "web",
            (_PHONES if self.mobile else _BROWSERS)[self.user % 2],
        )  # fmt: skip
        return _dirty(drawn, event) if drawn.random() < DIRT_SHARE else event


def _person(
    drawn: random.Random,
    products: Sequence[Product],
    visitor: _Visitor,
    at: datetime,
    intent: float,
) -> Iterator[Event]:
    shelf = drawn.sample(products, k=1 + min(12, int(drawn.expovariate(0.35))))
    looks: dict[int, int] = {}
    cart: list[tuple[Product, float]] = []
    patience = 5 * math.exp(0.5 * intent)
    for _ in range(1 + min(25, int(drawn.expovariate(1 / patience)))):
        product = drawn.choice(shelf)
        yield visitor.event(at, "view", product)
        looks[product.product_id] = looks.get(product.product_id, 0) + 1
        at += timedelta(milliseconds=drawn.randrange(3_000, 120_000))
        dear = math.log(float(product.price)) - 3.8
        pull = intent + 1.0 * (looks[product.product_id] - 1) - 0.6 * dear
        if all(p is not product for p, _ in cart) and drawn.random() < _sigmoid(pull - 1.6):
            yield visitor.event(at, "cart", product)
            cart.append((product, pull))
            at += timedelta(milliseconds=drawn.randrange(2_000, 40_000))
            if drawn.random() < 0.1:
                yield visitor.event(at, "remove_from_cart", product)
                cart.pop()
                at += timedelta(milliseconds=drawn.randrange(2_000, 20_000))
    at += timedelta(milliseconds=drawn.randrange(20_000, 300_000))
    for product, pull in cart:
        if drawn.random() < _sigmoid(1.5 * pull - 1.9 - 0.25 * (len(cart) - 1)):
            yield visitor.event(at, "purchase", product)
            at += timedelta(milliseconds=drawn.randrange(100, 900))


def _bot(drawn: random.Random, products: Sequence[Product], at: datetime) -> Iterator[Event]:
    session, agent = _session(drawn), drawn.choice(_BOTS)
    for _ in range(drawn.randrange(40, 200)):
        product = drawn.choice(products)
        yield Event(
            0, at + timedelta(milliseconds=80), at, "view", product.product_id,
            product.category_code, product.brand, product.price, 0, session, "web", agent,
        )  # fmt: skip
        at += timedelta(milliseconds=drawn.randrange(200, 1500))


def _dirty(drawn: random.Random, event: Event) -> Event:
    changed = {name: getattr(event, name) for name in Event.__dataclass_fields__}
    match drawn.randrange(4):
        case 0:
            changed["user_session"] = None
        case 1:
            changed["price"] = -event.price
        case 2:
            changed["event_type"] = "click"
        case _:  # a clock that is years ahead
            changed["event_time"] = event.event_time + timedelta(days=365 * 12)
    return Event(**changed)


def _numbered(event: Event, number: int) -> Event:
    changed = {name: getattr(event, name) for name in Event.__dataclass_fields__}
    return Event(**{**changed, "event_id": number})


def _session(drawn: random.Random) -> str:
    return str(uuid.UUID(int=drawn.getrandbits(128), version=4))


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))
