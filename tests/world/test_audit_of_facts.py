"""Whatever is changed in the facts behind charges is found by an audit, field by field, or moves no money (rules: Audit).

The fields are those of the formats, so that a new one has to be found, or to be listed with why it is none.
"""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any, Final

import pytest

from chalicelib.domain.account import Account
from chalicelib.domain.assignment import Assignment, TermsEntry
from chalicelib.domain.package import Package, PriceList
from chalicelib.domain.schedule import DAY
from chalicelib.storage import accounts, assignments, packages
from chalicelib.storage.db import Action
from tests.world.stage import TODAY, Stage, made_once
from tests.world.test_audit import findings, unclean

WRITTEN: Final = dict.fromkeys(("version", "created_at", "created_by", "updated_at", "updated_by"), "when, and by whom")
WORDS: Final = dict.fromkeys(("name", "description", "email", "external_id", "tags", "notes"), "words")
NO_MONEY: Final[dict[type, dict[str, str]]] = {
    Package: {
        **WRITTEN, **WORDS, "package_id": "which one it is", "connexcs_package": "what is enabled", "minimum_days": "for edits",
        "notice_days": "when customers are told",
        "type": "free minutes", "destination": "free minutes", "assignments": "a count", "deleted": "whether it can be assigned",
        "assigned": "whether it can be changed", "account_code": "how it is booked", "tax_code": "how it is booked",
        "imported": "from which file", "superseded_lists": "what charges before were made of",
    },
    Assignment: {
        **WRITTEN, "customer_id": "whose it is", "assignment_id": "which one it is", "did": "which calls count: see minimum spends",
        "free_minutes": "free minutes", "minimum_days": "for edits", "marks": "a count", "charged": "whether it can be changed",
        "evaluate_from": "where the next run begins", "package_version": "what has to be read again", "replaces": "which one was before",
        "replaced_by": "which one comes next", "replaced_end": "what ended it before", "transferred_from": "who had it",
        "transferred_to": "who has it", "drawn_from": "free minutes", "imported": "from which file",
        "superseded_terms": "what charges before were made of",
    },
    Account: {
        **WRITTEN, **WORDS, "customer_id": "who it is", "debit_limit": "what may be debited from now on", "assignments": "a count",
        "entries": "whether the currency can change", "calls": "whether it can be deleted", "parked": "whether it is charged from now on",
        "oversize": "whether much is charged from now on", "held_ever": "a count", "with_minutes": "a count", "without_minutes": "a count",
        "evaluate_from": "where the next run begins", "marks": "a count", "imported": "from which file",
        "balance_notices": "when others are told", "low": "what others were told", "crossings": "a count",
    },
}  # fmt: skip
"""Fields whose change moves no money that was charged, and why."""
OTHERS: Final[dict[str, Any]] = {
    "currency": "EUR", "frequency": "monthly", "proration": "none", "package_id": "other", "frequency_match": (1, 2),
    "end_date": TODAY - DAY, "charge_from": TODAY - DAY, "counted_from": TODAY - 3 * DAY,
    "setup_cost": Decimal(9), "setup_retail": Decimal(9), "terms": (),
    "price_lists": (), "retail": Decimal(9), "cost": Decimal(9), "held": 1,
}  # fmt: skip
"""What a field becomes that has no value of its kind next to it."""


@made_once
def charged() -> Stage:
    """Packages and assignments of every kind, each with all that moves money, evaluated for eight days."""
    stage = Stage()
    stage.today = TODAY - 9 * DAY
    begins = stage.today
    stage.customer("acme")
    dearer = PriceList(begins + 3 * DAY, retail=Decimal(12))
    prices = {"cost": Decimal(2), "retail": Decimal(10), "setup_cost": Decimal(1), "setup_retail": Decimal(5)}
    stage.package("every", frequency="daily", every=2, price_lists=(dearer,), **prices)
    stage.package("days", frequency="weekly", frequency_match=(0, 3), proration="daily", **prices)
    stage.package("spent", frequency="daily", minimum_spend=True, **prices)
    stage.package("other", frequency="daily", **prices)
    more = TermsEntry(begins + 6 * DAY, None, {"quantity": 5})
    own: dict[str, Any] = {"retail": Decimal(8), "cost": Decimal(3), "discount": Decimal(10)}
    own |= {"setup_retail": Decimal(4), "setup_cost": Decimal(2)}
    stage.assign("own", "acme", "every", quantity=2, auto_decrement_credit=True, **own)
    stage.assign("plain", "acme", "every")
    stage.assign("ended", "acme", "every", end_date=begins + 5 * DAY)
    stage.assign("prorated", "acme", "days", quantity=2, terms=(more,))
    stage.assign("minimum", "acme", "spent", did="4420")
    for _ in range(9):
        stage.evaluate(f"{stage.today}")
        stage.next_day()
    return stage


def other(name: str, value: Any) -> Any:
    """Another value of a field."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | Decimal):
        return value + 1
    if isinstance(value, date):
        return value + DAY
    if name in OTHERS:
        return OTHERS[name]
    return f"{value}x" if isinstance(value, str) else value


def stored(stage: Stage) -> Iterator[tuple[Any, Callable[[Any], Action]]]:
    """Every package, assignment and account, and how it is written."""
    account, given = assignments.of_customer(stage.db, "acme")
    yield account, accounts.create_account
    yield from ((one, assignments.create_assignment) for one in given)
    known = packages.find_packages(stage.db, ["every", "days", "spent"])
    yield from ((one, packages.create_package) for one in known.values())


def write(stage: Stage, action: Action) -> None:
    stage.store.put_item(**{name: value for name, value in action["Put"].items() if name in ("TableName", "Item")})


@pytest.mark.parametrize("kind", [Package, Assignment, Account], ids=lambda kind: kind.__name__)
def test_whatever_is_changed_in_the_facts_is_found(kind: type) -> None:
    stage = charged()
    before = findings(stage, "before")
    assert unclean(before) == []
    assert len(stage.store.items("ledger")) > 25
    found: set[str] = set()
    tried: set[str] = set()
    for one, action in [some for some in stored(stage) if isinstance(some[0], kind)]:
        for name in set(kind._fields) - NO_MONEY[kind].keys():  # type: ignore[attr-defined]
            changed = one._replace(**{name: other(name, getattr(one, name))})
            if changed == one:
                continue
            tried.add(name)
            write(stage, action(changed))
            if findings(stage, f"{name} of {one[:3]}") != before:
                found.add(name)
            write(stage, action(one))
    assert set(kind._fields) - NO_MONEY[kind].keys() == tried == found  # type: ignore[attr-defined]
