"""Forecasts of seeded worlds, made before days pass without new calls, against what the evaluations of these days then post and hold.

The days are evaluated with faults: crashes, throttling, messages that come twice, days that nobody evaluates. The third figure is the
oracle's: `invariants.judge_charges` counts every charge of the world again.
"""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import NamedTuple
from unittest.mock import patch

from chalicelib.domain import forecast as domain
from chalicelib.domain.forecast import Forecast
from chalicelib.domain.forecast_days import spend_without_calls
from chalicelib.domain.forecast_of_all import CustomerForecast
from chalicelib.domain.ledger import Entry, charge_key
from chalicelib.domain.schedule import DAY
from chalicelib.storage import ledger
from chalicelib.storage.db import decode
from chalicelib.usecases import customers
from chalicelib.usecases.forecasts import ForecastAsk, forecast_customer
from tests.usecases.forecasting import made, rows, rows_of_each

from . import invariants
from .simulation import SETTLING_ROUNDS, World

SEEDS = 60
DAYS_FORECAST = (5, 9, 40)
LISTED = 100_000
CURRENCIES = ("EUR", "JPY", "KWD", "USD")


class Posted(NamedTuple):
    """A charge as both tell it: `day` is that of its posting, None while it is held."""

    due: date
    kind: str
    assignment_id: str
    retail: object
    cost: object
    debit: object
    day: date | None


def forecast_of(world: World, customer: str, last: date) -> Forecast:
    """A forecast that counts on no further call."""
    asked = ForecastAsk(last)
    with patch.object(domain, "spend_with_calls", spend_without_calls):
        found = world.scheduler.alone(lambda: forecast_customer(world.services, world.context("f"), customer, asked, LISTED))
    assert isinstance(found, Forecast)
    return found


def forecast_of_all(world: World, last: date) -> list[CustomerForecast]:
    """Each customer's row in the forecast of all, by the same."""
    context = world.context("forecast")
    with patch.object(domain, "spend_with_calls", spend_without_calls):
        made(world, context, last)
        return [row for currency in CURRENCIES for row in rows(world, context, currency)]


def told(found: Forecast) -> Counter[Posted]:
    lines = [(one.line, one.posted_on) for one in found.lines]
    return Counter(
        Posted(line.due_date, line.kind, line.assignment_id, line.retail, line.cost, line.debit if day else 0, day) for line, day in lines
    )


def entries_of(world: World) -> dict[tuple[str, str], Entry]:
    entries = (ledger.entry_from_item(decode(item)) for item in world.store.items("ledger"))
    return {(entry.customer_id, entry.key): entry for entry in entries if entry.line}


def evaluated(world: World, customer: str, before: dict[tuple[str, str], Entry]) -> Counter[Posted]:
    """What stands in the ledger that did not, or was held."""
    found: Counter[Posted] = Counter()
    for place, entry in entries_of(world).items():
        standing = before.get(place)
        if place[0] == customer and (standing is None or standing.status != entry.status):
            assert entry.line
            day = date.fromisoformat(entry.posted_at[:10]) if entry.posted_at else None
            debit = -entry.credit_change if day else 0
            found[Posted(entry.date, entry.kind, entry.line.assignment_id, entry.retail, entry.cost, debit, day)] += 1
    return found


def rest(world: World) -> None:
    """Evaluate the day until nothing changes any more."""
    for _ in range(SETTLING_ROUNDS):
        world.scheduler.now += 1000
        before = world.watch.changes
        world.evaluate_last_day()
        if world.watch.changes == before:
            return


def pass_days(world: World, last: date) -> None:
    """Evaluate day after day, first with faults."""
    world.faults.posting_fails = 0.0  # what fails for good on a day lets others come first
    while world.day <= last:
        world.evaluate_amid_faults()
        rest(world)
        world.day += DAY
        world.scheduler.now += 86_400


def play(seed: int) -> Counter[str]:
    """A world's story, then a forecast of each customer, then the days that it is of. What was in it is counted."""
    world = World(seed)
    world.play()
    world.day = world.last_day + DAY * (1 + seed % 3)  # days that nobody has evaluated are caught up
    last = world.day + timedelta(days=DAYS_FORECAST[seed % len(DAYS_FORECAST)])
    if seed % 2:
        _raise_balances(world)
    before = entries_of(world)
    standing = {item["pk"]["S"] for item in world.store.items("accounts")}
    found = {customer: forecast_of(world, customer, last) for customer in world.customers if customer in standing}
    of_all = world.scheduler.alone(lambda: forecast_of_all(world, last))
    assert of_all == rows_of_each(one for one in found.values() if not one.facts.account.parked), f"seed {seed}"
    pass_days(world, last)
    seen: Counter[str] = Counter()
    for customer, one in found.items():
        now = evaluated(world, customer, before)
        if one.parks_on:
            seen["parked"] += 1
            continue
        assert told(one) == now, f"seed {seed}, {customer}: {told(one) - now} was forecast, {now - told(one)} came"
        seen += Counter(_counted(one))
    seen["recharges"] += sum("~recharged~" in key or "~revived~" in key for _, key in before)
    if seen["parked"]:
        return seen
    world.day -= DAY
    world.scheduler.alone(partial(invariants.judge_charges, world))
    world.demand_sound()
    return seen


def _raise_balances(world: World) -> None:
    """Let some of what is held fit."""
    for customer in sorted({entry.customer_id for entry in entries_of(world).values() if entry.status == "held"}):
        context = world.context(f"more for {customer}")
        world.scheduler.alone(partial(customers.book_adjustment, world.db, context, customer, Decimal(9), "a gift"))


def _counted(found: Forecast) -> dict[str, int]:
    lines, held = found.lines, {entry.key for entry in found.facts.held}
    return {
        "lines": len(lines), "held": sum(one.posted_on is None for one in lines),
        "released": sum(one.posted_on is not None and charge_key(one.line.identity) in held for one in lines),
        "negative lines": sum(one.line.takes_back for one in lines), "short": found.shortage is not None,
        "caught up": sum(one.line.due_date < one.evaluated_on for one in lines),
        "kinds": len({one.line.kind for one in lines}), "minimum spends": sum(one.line.kind == "minimum_spend" for one in lines),
        "ends": sum(one.end_date is not None and one.end_date >= found.facts.first for one in found.facts.assignments),
        "marks": sum(one.evaluate_from is not None for one in found.facts.assignments),
        "lists for new assignments": sum(not each.existing for one in found.facts.packages.values() for each in one.price_lists),
        "pauses": sum("paused" in entry.values for one in found.facts.assignments for entry in one.terms),
    }  # fmt: skip


def test_what_is_forecast_is_what_the_evaluations_post_and_hold() -> None:
    seen: Counter[str] = Counter()
    for seed in range(SEEDS):
        seen += play(seed)
    print(seen)
    wanted = (
        "lines", "held", "released", "negative lines", "short", "caught up", "minimum spends", "ends", "marks", "lists for new assignments",
        "pauses", "recharges",
    )  # fmt: skip
    assert all(seen[name] for name in wanted), seen
