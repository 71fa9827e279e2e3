"""How the results of an overview are written, as JSON: amounts as text, so that they stay exact; and the keys that sort them."""

from datetime import date
from decimal import Decimal
from typing import Final

from ...domain.finding import folded, words_of
from ...domain.overview import AnnouncedPrice, Ending, MonthlyValue, OverviewCustomer, OverviewSums
from ...domain.prices import Prices
from ..forecasts_of_all.rows import json_of_shortage, shortage_of
from ..work.sums import Json, exact, json_of_totals, totals_of

_NAME_MAX: Final = 100
"""Characters of a name that sort it; names that are alike so far come by id."""


def json_of_monthly(one: MonthlyValue) -> Json:
    """What a month brings."""
    return [one.assignments, exact(one.retail), exact(one.cost)]


def monthly_of(value: Json) -> MonthlyValue:
    """What was written."""
    assignments, retail, cost = value
    return MonthlyValue(assignments, Decimal(retail), Decimal(cost))


def json_of_row(one: OverviewCustomer) -> Json:
    """A customer's row."""
    return [
        one.customer_id, one.name, one.currency, exact(one.balance), json_of_monthly(one.monthly), json_of_shortage(one.shortage),
        one.parked, one.held, " ".join(one.words),
    ]  # fmt: skip


def customer_of(value: Json) -> OverviewCustomer:
    """What was written; what the release before wrote says less."""
    customer_id, name, currency, balance, monthly, short, parked, *more = value
    held, words = (more[0], tuple(more[1].split())) if more else (None, words_of(name))
    return OverviewCustomer(customer_id, name, currency, Decimal(balance), monthly_of(monthly), shortage_of(short), parked, held, words)


def json_of_ending(one: Ending) -> Json:
    """What ends."""
    return [one.last_day.isoformat(), *one[1:]]


def ending_of(value: Json) -> Ending:
    """What was written."""
    last_day, customer_id, name, assignment_id, package_id, package_name, did, ends, fields = value
    return Ending(date.fromisoformat(last_day), customer_id, name, assignment_id, package_id, package_name, did, ends, tuple(fields))


def json_of_announced(one: AnnouncedPrice) -> Json:
    """A price list to come."""
    return [one.begins.isoformat(), *one[1:5], [exact(price) for price in one.before], [exact(price) for price in one.after]]


def announced_of(value: Json) -> AnnouncedPrice:
    """What was written."""
    begins, package_id, package_name, currency, existing, before, after = value
    prices = (Prices(*map(Decimal, before)), Prices(*map(Decimal, after)))
    return AnnouncedPrice(date.fromisoformat(begins), package_id, package_name, currency, existing, *prices)


def json_of_overview_sums(one: OverviewSums) -> Json:
    """Sums of one currency."""
    return [*one[:4], exact(one.balance), json_of_monthly(one.monthly), json_of_totals(one.planned)]


def sums_from(value: Json) -> OverviewSums:
    """What was written."""
    customers, parked, short, ending, balance, monthly, planned = value
    return OverviewSums(customers, parked, short, ending, Decimal(balance), monthly_of(monthly), totals_of(planned))


def by_name(name: str) -> str:
    """A part of a key that sorts by name as people do: whatever the case and the accents, other alphabets behind the Latin one."""
    return "".join(letter if " " <= letter < "~" else f"~{ord(letter):06x}" for letter in folded(name))[:_NAME_MAX]
