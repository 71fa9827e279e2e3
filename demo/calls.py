"""A month of calls, made up from a seed: the same file makes the same calls, to the second, on every machine.

Destinations, prices and how much each customer calls stand in `provider.yaml`. Only durations and times are drawn with
floating point; what a call costs is exact.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from demo.independent import days
from demo.provider import Body, Customer
from demo.traffic import CallPlan, Destination

OPENS_AT = {"USD": 14, "GBP": 8, "EUR": 7, "INR": 4}
"""When offices open, as hours of UTC: about nine in the morning where the currency is used."""
OPEN_SECONDS = 9 * 3600
SATURDAY = 5
WEEKEND_SHARE = 0.3
MEDIAN_SECONDS_LN, SPREAD = 4.7, 1.1
"""Half of the calls last less than e^4.7 = 110 seconds, one in fifty more than 17 minutes."""
CALL_SECONDS_MAX = 5400
CENTS_OF_CENTS = Decimal("0.0001")


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call as the switch tells it; `charge` is what it costs before free minutes."""

    call_id: str
    started_at: datetime
    destination: Destination
    number: str
    seconds: int
    charge: Decimal
    did: str | None

    @property
    def day(self) -> date:
        """The day that it counts for; the demo bills in UTC."""
        return self.started_at.date()

    @property
    def ended_at(self) -> datetime:
        """When the switch can tell it."""
        return self.started_at + timedelta(seconds=self.seconds)

    def request(self) -> Body:
        """The call in the body of `POST /customers/{id}/usage`."""
        body: Body = {
            "call_id": self.call_id,
            "started_at": self.started_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "destination": self.number,
            "seconds": self.seconds,
            "charge": str(self.charge),
        }
        return body | ({"did": self.did} if self.did else {})


def make_calls(customer: Customer, plan: CallPlan) -> list[Call]:
    """The customer's calls day by day, each day's in the order in which they end, which is how a switch tells them."""
    random = Random(f"{plan.seed} {customer.id}")  # noqa: S311 - made up, not secret
    return [call for day in days(plan.first_day, plan.last_day) for call in _calls_of(customer, day, random)]


def _calls_of(customer: Customer, day: date, random: Random) -> list[Call]:
    if customer.traffic is None:
        return []
    about = customer.traffic.a_day * (WEEKEND_SHARE if day.weekday() >= SATURDAY else 1)
    made = _make(customer, day, round(about * random.uniform(0.6, 1.4)), random)
    return sorted(made, key=lambda call: (call.ended_at, call.call_id))


def _make(customer: Customer, day: date, count: int, random: Random) -> Iterator[Call]:
    to = customer.traffic.to if customer.traffic else ()
    places, weights = [place for place, _ in to], [weight for _, weight in to]
    opens = datetime.combine(day, time(OPENS_AT.get(customer.currency, 8)), tzinfo=UTC)
    for number in range(1, count + 1):
        place = random.choices(places, weights)[0]
        seconds = min(CALL_SECONDS_MAX, 1 + int(random.lognormvariate(MEDIAN_SECONDS_LN, SPREAD)))
        yield Call(
            call_id=f"sw1-{day:%y%m%d}-{number:03}",
            started_at=opens + timedelta(seconds=random.randrange(OPEN_SECONDS)),
            destination=place,
            number=_dialled(random.choice(place.numbers), random),
            seconds=seconds,
            charge=price_of(place.price(customer.currency), seconds),
            did=random.choice(_numbers(customer, day)),
        )


def price_of(per_minute: Decimal, seconds: int) -> Decimal:
    """What a call costs, billed by the second, to a hundredth of a cent."""
    return (per_minute * seconds / 60).quantize(CENTS_OF_CENTS, ROUND_HALF_UP)


def _dialled(pattern: str, random: Random) -> str:
    return "".join(str(random.randrange(10)) if digit == "X" else digit for digit in pattern)


def _numbers(customer: Customer, day: date) -> list[str | None]:
    """The numbers that the customer has on that day; one without any calls from none."""
    rented = {a.did: None for a in customer.assignments if a.did and a.start_date <= day and (a.end_date is None or day <= a.end_date)}
    return list(rented) or [None]
