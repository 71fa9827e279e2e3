"""A replacement or transfer comes to what an end and a new beginning come to, charge by charge, whatever happens meanwhile.

Two worlds live through the same days. In one an assignment is replaced or its DID is transferred. In the other it is given an end
date on the eve, and somebody assigns another one by hand with everything that the first one has.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final, NamedTuple

import pytest

from chalicelib import ids
from chalicelib.domain.assignment import TermsEntry
from chalicelib.domain.ledger import Entry
from chalicelib.domain.minutes import Call
from chalicelib.domain.package import PriceList
from chalicelib.storage import ledger
from chalicelib.usecases import assignments, customers, prices, replacements, usage
from chalicelib.usecases.replacements import Successor
from tests.harness import RETAINED
from tests.world.stage import TODAY, Stage

BLOCKS: Final = 4
SEEDS: Final = 18
"""A block's."""
LAST: Final = 70
"""Days are counted from the start of the first assignment."""
DID: Final = "4420"
CUSTOMERS: Final = ("ann", "bob")
NEW_IDS: Final = ids.following(ids.derived(datetime(2024, 3, 1, tzinfo=UTC), "new"), 5)
OWN_PRICES: Final = {"retail", "cost"}
RULES: Final[Sequence[dict[str, Any]]] = (
    {"frequency": "monthly", "frequency_match": (1, 15)},
    {"frequency": "monthly", "frequency_match": (31,)},
    {"frequency": "monthly"},
    {"frequency": "weekly", "every": 2},
    {"frequency": "daily", "every": 10},
)
KINDS: Final[Sequence[dict[str, Any]]] = ({}, {"proration": "daily"}, {"proration": "daily"}, {"minimum_spend": True})


class Story(NamedTuple):
    """What happens in both worlds. `step` is "same" or "other" for a replacement by a package of that name, or "transfer"."""

    step: str
    entered: int
    begins: int
    packages: Mapping[str, Mapping[str, Any]]
    limit: str | None
    first: Mapping[str, Any]
    terms: tuple[TermsEntry, ...]
    end_date: date | None
    charge_from: date | None
    lists: Mapping[int, tuple[str, PriceList]]
    payments: frozenset[int]
    calls: frozenset[int]
    missed: frozenset[int]


class Told(NamedTuple):
    """What is the same of a charge, whoever wrote it. `waited`: it was held when it was first tried."""

    customer_id: str
    key: str
    status: str
    retail: Decimal
    cost: Decimal
    credit_change: Decimal
    left: Decimal
    waited: bool


def on(day: int) -> date:
    return TODAY + timedelta(days=day)


def amount(chance: Random) -> Decimal:
    return Decimal(chance.choice(("0", "9.99", "31", "249.95")))


def drawn(seed: int) -> Story:
    chance = Random(seed)
    step = chance.choice(("same", "other", "transfer"))
    begins = chance.randint(10, 50)
    packages = {
        name: {"retail": amount(chance), "cost": amount(chance), "setup_retail": Decimal(5), **chance.choice(RULES), **chance.choice(KINDS)}
        for name in ("same", "other")
    }
    lists = {chance.randint(1, LAST): (name, a_list(chance)) for name in packages for _ in range(2)}
    return Story(
        step=step,
        entered=chance.randint(1, begins - 1),
        begins=begins,
        packages=packages,
        limit=chance.choice((None, "0", "60")),
        first={
            "quantity": chance.randint(1, 3),
            "auto_decrement_credit": chance.random() < 0.7,
            "retail": chance.choice((None, Decimal(8))),
        },
        terms=tuple({one.begins: one for one in (an_entry(chance, on(begins)) for _ in range(chance.randint(0, 4)))}.values()),
        end_date=on(begins + chance.randint(0, 40)) if chance.random() < 0.4 else None,
        charge_from=on(begins + chance.randint(-10, 15)) if chance.random() < 0.4 else None,
        lists=lists,
        payments=frozenset(chance.sample(range(LAST), 3)),
        calls=frozenset(chance.sample(range(LAST), 20)),
        missed=frozenset(chance.sample(range(LAST), 12)),
    )


def a_list(chance: Random) -> PriceList:
    """A price of some day to come, perhaps for new assignments only."""
    named: dict[str, Any] = {name: amount(chance) for name in chance.sample(("retail", "cost", "setup_retail"), chance.randint(1, 3))}
    return PriceList(on(LAST), chance.random() < 0.6, **named)


def an_entry(chance: Random, begins: date) -> TermsEntry:
    """Other terms from some day on. No pause covers the day on which the new assignment begins: nobody can begin one in a pause."""
    day = on(chance.randint(1, LAST))
    until = chance.choice((None, day + timedelta(days=chance.randint(0, 30)), max(day, begins), max(day, begins - timedelta(days=1))))
    over = day <= begins and (until is None or until >= begins)
    drawn_values = {
        "quantity": chance.randint(1, 4), "discount": Decimal(chance.choice((0, 20, 100))), "auto_decrement_credit": chance.random() < 0.5,
        "paused": chance.random() < 0.7 and not over, "retail": chance.choice((None, amount(chance))), "cost": amount(chance),
    }  # fmt: skip
    return TermsEntry(day, until, {name: drawn_values[name] for name in chance.sample(sorted(drawn_values), chance.randint(1, 3))})


def carried_out(story: Story, *, by_hand: bool) -> list[Told]:
    """What the ledgers have once the last day is evaluated."""
    stage = Stage(segments=1)
    for customer in CUSTOMERS:
        stage.customer(customer, limit=story.limit)
    for name, fields in story.packages.items():
        stage.package(name, **fields)
    stage.assign("a", "ann", "same", did=DID, end_date=story.end_date, charge_from=story.charge_from, terms=story.terms, **story.first)
    for day in range(LAST + 1):
        stage.today = on(day)
        if day == story.entered:
            (go_on_by_hand if by_hand else go_on)(stage, story)
        live_through(stage, story, day)
    entries = (ledger.entry_from_item(item) for name in CUSTOMERS for item in stage.db.query_all("ledger", "#pk = :pk", {"pk": name}))
    return [told(one) for one in entries]


def live_through(stage: Stage, story: Story, day: int) -> None:
    """Prices, payments, calls and the evaluation of a day, if nobody misses it."""
    if day in story.lists:
        name, new = story.lists[day]
        prices.write_price_list(stage.db, stage.context(f"list {day}"), name, None, new._replace(begins=on(day)), correct=False)
    if day in story.payments:
        for customer in CUSTOMERS:
            customers.book_payment(stage.db, stage.context(f"pay {day}"), customer, Decimal(90), "cash")
    if day in story.calls:
        caller = "bob" if story.step == "transfer" and day >= story.begins else "ann"
        call = Call(f"call {day}", f"{on(day)}T09:00:00+00:00", on(day), "441234", 60, Decimal(2), DID)
        usage.record_calls(stage.db, stage.context(f"call {day}"), caller, [call], RETAINED)
    if day == LAST or day not in story.missed:
        stage.evaluate(f"day {day}")


def go_on(stage: Stage, story: Story) -> None:
    begins, context = on(story.begins), stage.context(NEW_IDS[0])
    if story.step == "transfer":
        replacements.transfer(stage.db, context, DID, ("bob", begins), NEW_IDS, dry_run=False)
    else:
        replacements.replace(stage.db, context, ("ann", "a"), None, Successor(story.step, begins, {}), dry_run=False)


def go_on_by_hand(stage: Stage, story: Story) -> None:
    """The same package goes on counting from the start of the old assignment; another one counts anew and has no prices of its own."""
    begins, first, terms = on(story.begins), story.first, story.terms
    more: dict[str, Any] = {}
    if story.step == "other":
        first = {name: value for name, value in first.items() if name not in OWN_PRICES}
        without = (one._replace(values={name: one.values[name] for name in one.values if name not in OWN_PRICES}) for one in terms)
        terms = tuple(one for one in without if one.values)
    else:
        more["counted_from"] = TODAY
    if story.charge_from and (story.step != "other" or story.charge_from > begins):
        more["charge_from"] = story.charge_from
    if story.step == "transfer":
        more |= {"setup_cost": Decimal(0), "setup_retail": Decimal(0)}
    assignments.change_assignment(
        stage.db, stage.context("end"), ("ann", "a"), None, lambda old: old._replace(end_date=begins - timedelta(days=1)), True
    )
    customer, package = ("bob", "same") if story.step == "transfer" else ("ann", story.step)
    starts = story.begins - story.entered
    stage.assign(NEW_IDS[0], customer, package, starts, did=DID, end_date=story.end_date, terms=terms, **first, **more)


def told(one: Entry) -> Told:
    waited = one.status == "held" or (one.posted_at or one.recorded_at)[:10] > one.recorded_at[:10]
    return Told(one.customer_id, one.key, one.status, one.retail, one.cost, one.credit_change, one.left_retail, waited)


@pytest.mark.parametrize("block", range(BLOCKS))
def test_it_comes_to_what_an_end_and_a_beginning_come_to(block: int) -> None:
    seen: set[str] = set()
    for seed in range(block * SEEDS, (block + 1) * SEEDS):
        story = drawn(seed)
        entries = carried_out(story, by_hand=False)
        assert entries == carried_out(story, by_hand=True), f"seed {seed}: {story.step}"
        kinds = {one.key.split("~")[1].partition("-")[2] for one in entries if "~" in one.key}
        seen |= {story.step, *kinds} | {"held" for one in entries if one.waited} | {"taken back" for one in entries if one.retail < 0}
    assert seen >= {"same", "other", "transfer", "setup", "recurring", "proration", "minimum_spend", "held", "taken back", "payment"}, seen
