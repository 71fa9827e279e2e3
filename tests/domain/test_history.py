"""What the history says of a change (rules 8). The property counts what holds on a day by the tests' own oracle."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.account import Account
from chalicelib.domain.assignment import Assignment, BucketKey, TermsEntry
from chalicelib.domain.history import (
    Change,
    FieldChange,
    HistoryItem,
    assignment_change,
    charge_change,
    customer_change,
    package_change,
    run_reversed,
    run_started,
)
from chalicelib.domain.ledger import charge
from chalicelib.domain.package import Package, PriceList
from chalicelib.domain.record import RunRecord
from tests.domain.build import STAMP, account, assignment, day, package, priced
from tests.oracles import dated
from tests.oracles.facts import assignment_facts, package_facts

WRITTEN: dict[str, Any] = {"version": 7, "created_at": "then", "created_by": "me", "updated_at": "now", "updated_by": "you"}


def told(change: Change) -> list[tuple[Any, ...]]:
    return [(one.field, one.before, one.after, *([str(one.begins)] if one.begins else [])) for one in change.fields]


PACKAGES = [
    ("a price", {"retail": "10"}, {"retail": "12.5"}, [("retail", "10.00", "12.50")]),
    ("weekdays", {"frequency": "weekly"}, {"frequency": "weekly", "frequency_match": (0, 3)}, [("frequency_match", [], ["mon", "thu"])]),
    ("days of the month", {"frequency": "monthly", "frequency_match": (1,)}, {"frequency": "monthly", "frequency_match": (1, 31)},
     [("frequency_match", [1], [1, 31])]),
    ("a flag and a number", {"minimum_days": 5}, {"minimum_spend": True}, [("minimum_days", 5, 0), ("minimum_spend", False, True)]),
    ("a text that goes", {"connexcs_package": "voicemail"}, {}, [("connexcs_package", "voicemail", None)]),
    ("deleted", {}, {"deleted": True}, [("deleted", False, True)]),
    ("a list", {"retail": "10"}, {"retail": "10", "price_lists": (PriceList(day("2031-03-01"), retail=Decimal(12)),)},
     [("retail", "10.00", "12.00", "2031-03-01")]),
    ("a list for new ones only, with a reason", {},
     {"price_lists": (PriceList(day("2031-03-01"), existing=False, cost=Decimal(2), reason="mistake"),)},
     [("cost", "0.00", "2.00", "2031-03-01"), ("existing", True, False, "2031-03-01"), ("reason", "", "mistake", "2031-03-01")]),
    ("a list in place of one", {"price_lists": (PriceList(day("2031-03-01"), retail=Decimal(12), entered_at="x"),)},
     {"price_lists": (PriceList(day("2031-03-01"), retail=Decimal(13), entered_at="y"),)}, [("retail", "12.00", "13.00", "2031-03-01")]),
    ("a list that goes",
     {"retail": "5", "price_lists": (PriceList(day("2031-02-01"), retail=Decimal(8)), PriceList(day("2031-03-01"), retail=Decimal(9)))},
     {"retail": "5", "price_lists": (PriceList(day("2031-02-01"), retail=Decimal(8)),)}, [("retail", "9.00", "8.00", "2031-03-01")]),
    ("entered anew with the same prices", {"price_lists": (PriceList(day("2031-03-01"), retail=Decimal(12), entered_at="x"),)},
     {"price_lists": (PriceList(day("2031-03-01"), retail=Decimal(12), entered_at="y"),)}, []),
    ("what the service counts", {"assignments": 1}, {"assignments": 2, "assigned": True}, []),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "wanted"), [case[1:] for case in PACKAGES], ids=[case[0] for case in PACKAGES])
def test_rules_8_history_of_a_package(before: Any, after: Any, wanted: Any) -> None:
    change = package_change("package.changed", package(**after, **WRITTEN), package(**before))
    assert told(change) == wanted
    assert (change.version, change.subject, change.package_id, change.customer_id) == (7, "p", "p", None)


MARCH, JUNE = day("2031-03-01"), day("2031-06-01")
ASSIGNMENTS = [
    ("an end", {}, {"end_date": "2031-12-31"}, [("end_date", None, "2031-12-31")]),
    ("own price", {}, {"retail": "9.99", "setup_cost": Decimal(0)}, [("retail", None, "9.99"), ("setup_cost", None, "0.00")]),
    ("terms", {"quantity": 1}, {"quantity": 1, "terms": (TermsEntry(JUNE, None, {"quantity": 3}),)}, [("quantity", 1, 3, "2031-06-01")]),
    ("terms until a day, with a reason", {}, {"terms": (TermsEntry(JUNE, day("2031-06-30"), {"paused": True}, reason="holiday"),)},
     [("paused", False, True, "2031-06-01"), ("until", None, "2031-06-30", "2031-06-01"), ("reason", "", "holiday", "2031-06-01")]),
    ("a field more", {"terms": (TermsEntry(JUNE, None, {"quantity": 3}),)},
     {"terms": (TermsEntry(JUNE, None, {"quantity": 3, "discount": Decimal(10)}),)}, [("discount", "0.00", "10.00", "2031-06-01")]),
    ("null is a value", {"retail": "5", "terms": (TermsEntry(MARCH, None, {"retail": Decimal(7)}),)},
     {"retail": "5", "terms": (TermsEntry(MARCH, None, {"retail": None}),)}, [("retail", "7.00", None, "2031-03-01")]),
    ("terms that go", {"terms": (TermsEntry(MARCH, None, {"quantity": 2}), TermsEntry(JUNE, None, {"quantity": 3}))},
     {"terms": (TermsEntry(MARCH, None, {"quantity": 2}),)}, [("quantity", 3, 2, "2031-06-01")]),
    ("named with the value in force", {}, {"terms": (TermsEntry(MARCH, None, {"quantity": 1}),)}, [("quantity", 1, 1, "2031-03-01")]),
    ("replaced", {}, {"end_date": "2031-02-28", "replaced_by": "b"}, [("end_date", None, "2031-02-28"), ("replaced_by", None, "b")]),
    ("what the service notes", {}, {"evaluate_from": "2031-01-01", "marks": 1, "charged": True, "drawn_from": BucketKey("a", MARCH)}, []),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "wanted"), [case[1:] for case in ASSIGNMENTS], ids=[case[0] for case in ASSIGNMENTS])
def test_rules_8_history_of_an_assignment(before: Any, after: Any, wanted: Any) -> None:
    change = assignment_change("assignment.changed", assignment(**after, **WRITTEN), assignment(**before))
    assert told(change) == wanted
    assert (change.version, change.subject, change.customer_id, change.package_id) == (7, "a", "c", "p")


def test_rules_8_history_of_what_is_made_and_removed_has_what_differs_from_the_defaults() -> None:
    made = assignment("2031-01-15", did="4420", quantity=2, terms=(TermsEntry(JUNE, None, {"quantity": 3}),))
    wanted = [("start_date", None, "2031-01-15"), ("did", None, "4420"), ("quantity", None, 2), ("quantity", 2, 3, "2031-06-01")]
    assert told(assignment_change("assignment.created", made)) == wanted
    gone = assignment_change("assignment.removed", assignment("2031-01-15", quantity=2, version=3))
    assert (told(gone), gone.version) == ([("start_date", "2031-01-15", None), ("quantity", 2, None)], 4)
    customer = account(name="Acme", debit_limit="100", balance="7")
    assert told(customer_change("customer.created", customer)) == [
        ("currency", None, "USD"), ("name", None, "Acme"), ("debit_limit", None, "100.00"),
    ]  # fmt: skip
    removed = customer_change("customer.deleted", customer)
    assert (told(removed)[0], removed.version) == (("currency", "USD", None), 2)
    assert told(package_change("package.created", package(retail="1"))) == [
        ("name", None, "Package"), ("currency", None, "USD"), ("retail", None, "1.00"),
    ]  # fmt: skip


def test_rules_8_history_of_a_customer() -> None:
    before = account(debit_limit="5", balance="1", held=1)
    after = before._replace(debit_limit=None, balance=Decimal(9), held=0, parked=True, marks=1, version=2)
    assert told(customer_change("customer.changed", after, before)) == [("debit_limit", "5.00", None), ("parked", False, True)]
    tagged = before._replace(tags=("north", "reseller"), version=2)
    assert told(customer_change("customer.changed", tagged, before)) == [("tags", [], ["north", "reseller"])]


def test_rules_8_history_of_charges_and_runs() -> None:
    held = charge(priced(), status="held", run_id="run-1", repeat=False, at=STAMP.at, by="daily")
    given_up = held.cancelled("clerk")
    change = charge_change("charge.written_off", given_up, held)
    assert (change.subject, change.version, change.customer_id, change.assignment_id) == (held.entry_id, 2, "c", "a")
    assert told(change) == [("status", "held", "cancelled")]
    run = RunRecord("run-1", "package", day("2031-03-01"), "then", "clerk", "c", "skip")
    assert told(run_started(run)) == [("date", None, "2031-03-01"), ("if_charged", None, "skip")]
    assert told(run_reversed(run, day("2031-03-02"))) == [("reversed_on", None, "2031-03-02")]
    assert run_started(run).subject == run_reversed(run, MARCH).subject == "run-1"
    assert run_started(run).version < run_reversed(run, MARCH).version
    item = HistoryItem("2031-03-02T09:00:00+00:00", "clerk", run_started(run))
    assert item.history_id == "2031-03-02T09:00:00+00:00~run.started~run-1~1"


FIRST = date(2031, 1, 1)
days = st.integers(0, 6).map(lambda n: FIRST + timedelta(days=n))
amounts = st.sampled_from([Decimal(0), Decimal(3), Decimal("4.5")])
price_lists = st.builds(
    lambda begins, existing, named: PriceList(begins, existing, **named),
    days, st.booleans(), st.dictionaries(st.sampled_from(["cost", "retail", "setup_retail"]), amounts, min_size=1),
)  # fmt: skip
terms = st.builds(
    lambda begins, length, values: TermsEntry(begins, begins + timedelta(days=length) if length else None, values),
    days, st.integers(0, 4),
    st.fixed_dictionaries({}, optional={
        "quantity": st.integers(1, 3), "retail": st.none() | amounts, "discount": amounts, "paused": st.booleans(),
    }).filter(bool),
)  # fmt: skip


def packages() -> st.SearchStrategy[Package]:
    lists = st.lists(price_lists, max_size=3, unique_by=lambda one: one.begins).map(tuple)
    return st.builds(lambda name, retail, lists: package(name=name, retail=str(retail), price_lists=lists), st.text(), amounts, lists)


def assignments() -> st.SearchStrategy[Assignment]:
    entries = st.lists(terms, max_size=3, unique_by=lambda one: one.begins).map(tuple)
    return st.builds(
        lambda quantity, ends, entries: assignment(str(FIRST), quantity=quantity, end_date=ends, terms=entries),
        st.integers(1, 3), st.none() | days, entries,
    )  # fmt: skip


def as_number(shown: Any) -> Any:
    return Fraction(shown) if isinstance(shown, str) else shown


def undated(change: Change) -> list[FieldChange]:
    return [one for one in change.fields if one.begins is None]


@given(packages(), packages())
def test_rules_8_history_tells_all_that_changed_of_a_package(old: Package, new: Package) -> None:
    change = package_change("package.changed", new, old)
    assert {one.field: (one.before, one.after) for one in undated(change)} == {
        **({"name": (old.name, new.name)} if old.name != new.name else {}),
        **({"retail": (f"{old.retail:.2f}", f"{new.retail:.2f}")} if old.retail != new.retail else {}),
    }
    listed = [{one.begins: one for one in each.price_lists} for each in (old, new)]
    for one in change.fields:
        if one.begins and one.field not in ("existing", "reason"):
            prices = [dated.prices_on(package_facts(each), one.begins, one.begins)[one.field] for each in (old, new)]
            assert [as_number(one.before), as_number(one.after)] == prices
    for begins in listed[0].keys() | listed[1].keys():
        named = [each[begins].named if begins in each else {} for each in listed]
        differing = {name for name in named[0].keys() | named[1].keys() if named[0].get(name) != named[1].get(name)}
        assert {one.field for one in change.fields if one.begins == begins} - {"existing", "reason"} == differing


@given(assignments(), assignments())
def test_rules_8_history_tells_all_that_changed_of_an_assignment(old: Assignment, new: Assignment) -> None:
    change = assignment_change("assignment.changed", new, old)
    wanted = {name for name in ("quantity", "end_date") if getattr(old, name) != getattr(new, name)}
    assert {one.field for one in undated(change)} == wanted
    for one in change.fields:
        if one.begins and one.field not in ("until", "reason"):
            facts = [dated.terms_on(assignment_facts(each), one.begins) for each in (old, new)]
            assert [as_number(one.before), as_number(one.after)] == [getattr(each, one.field) for each in facts]
    entries = [{one.begins: one for one in each.terms} for each in (old, new)]
    changed = {begins for begins in entries[0].keys() | entries[1].keys() if entries[0].get(begins) != entries[1].get(begins)}
    assert {one.begins for one in change.fields if one.begins} == changed


def test_every_field_of_a_customer_is_told_or_known_to_be_the_services_own() -> None:
    """A field that is added is told unless somebody decides otherwise."""
    others: dict[str, Any] = {name: f"{name}-2" for name in Account._fields}
    different = Account(**others | {"version": 2})
    known = {one.field for one in customer_change("customer.changed", different, account()).fields}
    assert known == {"currency", "name", "debit_limit", "email", "external_id", "tags", "notes", "balance_notices", "parked"}
