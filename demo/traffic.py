"""Who calls where, how often, and what a minute costs: what the provider file says about calls."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from demo.fields import BadProviderError, Fields


@dataclass(frozen=True, kw_only=True)
class Destination:
    """Where calls go: patterns of whole numbers, `X` being any digit, and the price of a minute in each currency."""

    key: str
    name: str
    numbers: tuple[str, ...]
    per_minute: tuple[tuple[str, Decimal], ...]

    def price(self, currency: str) -> Decimal:
        """What a minute costs a customer of that currency."""
        return dict(self.per_minute)[currency]


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """A customer's calls: about `a_day` on a working day, shared out by weight."""

    a_day: int
    to: tuple[tuple[Destination, int], ...]


@dataclass(frozen=True, kw_only=True)
class CallPlan:
    """The days with calls, what their generator is seeded with, and the customer's day that comes by queue."""

    first_day: date
    last_day: date
    seed: str
    queue_customer: str
    queue_day: date


def read_destination(key: str, raw: object) -> Destination:
    """One destination of the file."""
    fields = Fields(raw, f"destination {key}")
    prices = fields.fields("per_minute")
    found = Destination(
        key=key,
        name=fields.text("name"),
        numbers=tuple(str(number) for number in fields.sequence("numbers")),
        per_minute=tuple((currency, prices.amount(currency)) for currency in prices.names()),
    )
    if not found.numbers or not all(number.replace("X", "0").isdigit() for number in found.numbers):
        raise BadProviderError(f"destination {key}: numbers are digits and X for any digit")
    fields.finish()
    return found


def read_traffic(fields: Fields, where: str, currency: str, destinations: Mapping[str, Destination]) -> Traffic:
    """A customer's `calls`, to destinations that have a price in its currency."""
    weights = fields.fields("to")
    to = []
    for key in weights.names():
        if key not in destinations:
            raise BadProviderError(f"{where}: there is no destination {key}")
        if currency not in dict(destinations[key].per_minute):
            raise BadProviderError(f"{where}: destination {key} has no price in {currency}")
        to.append((destinations[key], weights.whole(key, "0")))
    found = Traffic(a_day=fields.whole("a_day", "0"), to=tuple(to))
    fields.finish()
    return found


def read_call_plan(fields: Fields) -> CallPlan:
    """The story's `calls`."""
    queue = fields.fields("queue")
    plan = CallPlan(
        first_day=fields.day("first_day"),
        last_day=fields.day("last_day"),
        seed=fields.text("seed"),
        queue_customer=queue.text("customer"),
        queue_day=queue.day("date"),
    )
    queue.finish()
    fields.finish()
    if not plan.first_day <= plan.queue_day <= plan.last_day:
        raise BadProviderError("story calls: queue date lies outside first_day .. last_day")
    return plan
