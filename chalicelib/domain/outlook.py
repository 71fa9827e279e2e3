"""What is to be known of a customer at a glance: the next charge, a month's value, how long the credit lasts (rules: Forecast)."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from . import money
from .forecast import Forecast, ForecastLine, Shortage
from .ledger import Entry
from .overview import MonthlyValue, monthly_value
from .terms import features_on


class NextCharge(NamedTuple):
    """The first day on which something falls due that is not charged yet, the first of its lines, and what all of them come to."""

    day: date
    lines: Sequence[ForecastLine]
    cost: Decimal
    retail: Decimal

    @property
    def margin(self) -> Decimal:
        """What the provider earns."""
        return money.minus(self.retail, self.cost)


class Outlook(NamedTuple):
    """A customer at a glance, as `planned` says. `features` are the packages of ConnexCS that are enabled today; `last_payment` is of the
    newest entries, as many as are looked at."""

    planned: Forecast
    features: Sequence[str]
    monthly: MonthlyValue
    next_charge: NextCharge | None
    last_payment: Entry | None

    @property
    def shortage(self) -> Shortage | None:
        """From when on charges would be held."""
        return self.planned.shortage


def outlook(planned: Forecast, today: date, last_payment: Entry | None) -> Outlook:
    """What a forecast of a customer's coming days says at a glance."""
    facts = planned.facts
    monthly = monthly_value(facts.assignments, facts.packages, today)
    features = tuple(features_on(facts.assignments, facts.packages, today))
    return Outlook(planned, features, monthly, _next_charge(planned), last_payment)


def _next_charge(planned: Forecast) -> NextCharge | None:
    """Charges that were held before are tried every day, so they are none that comes next."""
    held = {entry.line.identity for entry in planned.facts.held if entry.line}
    coming = [one for one in planned.lines if one.line.identity not in held]
    if not coming:
        return None
    day = min(one.evaluated_on for one in coming)
    due = [one for one in coming if one.evaluated_on == day]
    return NextCharge(day, due, money.total(one.line.cost for one in due), money.total(one.line.retail for one in due))
