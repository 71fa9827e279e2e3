"""rules 3 and 6: entries of the ledger, and the keys that are their identities."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from chalicelib.domain import ledger
from chalicelib.domain.charging import Identity
from chalicelib.domain.errors import NotFound
from chalicelib.domain.ledger import Entry
from tests.domain.build import STAMP, day, priced

NOON = datetime(2024, 2, 3, 12, tzinfo=UTC)
LATER = datetime(2024, 2, 4, 12, tzinfo=UTC)
IDENTITIES = {
    "2024-01-31~0-setup~a": Identity(day("2024-01-31"), 0, "a"),
    "2024-01-31~1-recurring~a": Identity(day("2024-01-31"), 1, "a"),
    "2024-01-31~2-minimum_spend~b-c": Identity(day("2024-01-31"), 2, "b-c"),
}


def paid(amount: str = "12.50") -> Entry:
    return ledger.payment("c", "USD", Decimal(amount), "invoice 7", payment_id="pay", at=NOON, day=day("2024-02-03"), by="ann")


@pytest.mark.parametrize(("key", "identity"), IDENTITIES.items(), ids=IDENTITIES)
def test_a_charges_key_spells_its_identity(key: str, identity: Identity) -> None:
    kind = key.split("~")[1][2:]
    assert ledger.charge_key(identity) == key
    assert ledger.charge_key(identity, "run-1") == f"{key}~run-1"
    assert ledger.key_identity(key) == ledger.key_identity(f"{key}~run-1") == (identity, kind)


def test_a_days_entries_sort_setup_recurring_minimum_spend_payment_reversal() -> None:
    kept = [*IDENTITIES, ledger.payment_key(day("2024-01-31"), "a"), ledger.reversal_key(day("2024-01-31"), next(iter(IDENTITIES)))]
    assert kept == sorted(kept)
    assert kept[3:] == ["2024-01-31~3-payment~a", "2024-01-31~4-reversal~2024-01-31~0-setup~a"]


@pytest.mark.parametrize(
    ("entry_id", "customer", "key"),
    [("c~2024-01-31~1-recurring~a", "c", "2024-01-31~1-recurring~a"), ("c~d~k~a~r", "c", "d~k~a~r"), ("c~~~", "c", "~~")],
)
def test_an_entry_id_is_customer_and_key(entry_id: str, customer: str, key: str) -> None:
    assert ledger.split_entry_id(entry_id) == (customer, key)


@pytest.mark.parametrize("entry_id", ["", "c", "c~", "c~day", "c~day~kind", "~day~kind~a"])
def test_what_is_no_entry_id_is_not_found(entry_id: str) -> None:
    with pytest.raises(NotFound) as refused:
        ledger.split_entry_id(entry_id)
    assert str(refused.value) == f"there is no ledger entry {entry_id}"


def test_a_payment_is_posted_and_raises_the_balance_by_its_amount() -> None:
    assert paid() == Entry(
        "c", "2024-02-03~3-payment~pay", day("2024-02-03"), "payment", "posted", "USD", Decimal(0), Decimal(0), Decimal("12.50"),
        NOON.isoformat(), "ann", NOON.isoformat(), reference="invoice 7",
    )  # fmt: skip
    assert paid().entry_id == "c~2024-02-03~3-payment~pay"


def test_a_posted_charge_keeps_its_line() -> None:
    line = priced("15")
    assert ledger.charge(line, status="posted", run_id="run-1", repeat=True, at=NOON, by="ann") == Entry(
        "c", "2024-01-01~1-recurring~a~run-1", day("2024-01-01"), "recurring", "posted", "USD", Decimal(1), Decimal(15), Decimal(-15),
        NOON.isoformat(), "ann", NOON.isoformat(), "run-1", True, line,
    )  # fmt: skip


def test_a_held_charge_is_dated_but_moves_nothing() -> None:
    line = priced("15")
    assert ledger.charge(line, status="held", run_id="run-1", repeat=False, at=NOON, by="ann") == Entry(
        "c", "2024-01-01~1-recurring~a", day("2024-01-01"), "recurring", "held", "USD", Decimal(1), Decimal(15), Decimal(0),
        NOON.isoformat(), "ann", None, "run-1", False, line,
    )  # fmt: skip


def test_a_reversal_is_the_opposite_of_a_charge() -> None:
    charged = ledger.charge(priced("15"), status="posted", run_id="run-1", repeat=True, at=STAMP.at, by="ann")
    assert ledger.reversal_of(charged, at=LATER, day=day("2024-02-04"), by="bob") == Entry(
        "c", f"2024-02-04~4-reversal~{charged.key}", day("2024-02-04"), "reversal", "posted", "USD", Decimal(-1), Decimal(-15), Decimal(15),
        LATER.isoformat(), "bob", LATER.isoformat(), "run-1", False, None, "Package", charged.entry_id,
    )  # fmt: skip


def test_what_undoes_a_charge_is_booked_as_the_charge_is() -> None:
    charged = ledger.charge(priced(account_code="4010", tax_code="S"), status="posted", run_id="r", repeat=False, at=LATER, by="amy")
    undone = ledger.reversal_of(charged, at=LATER, day=day("2024-02-04"), by="bob")
    assert (charged.account_code, charged.tax_code) == (undone.account_code, undone.tax_code) == ("4010", "S")


def test_a_reversal_of_nothing_has_no_minus_zero() -> None:
    charged = ledger.charge(priced("0", cost="0"), status="posted", run_id=None, repeat=False, at=STAMP.at, by="ann")
    undone = ledger.reversal_of(charged, at=LATER, day=day("2024-02-04"), by="bob")
    assert {str(amount) for amount in (charged.credit_change, undone.cost, undone.retail, undone.credit_change)} == {"0"}


def test_a_reversal_of_an_entry_without_line_has_no_reference() -> None:
    assert ledger.reversal_of(paid(), at=LATER, day=day("2024-02-04"), by="bob").reference is None


MIDNIGHT = datetime(2031, 3, 1, 23, tzinfo=UTC)
"""When the 1st of March ends in a zone an hour ahead."""


@pytest.mark.parametrize(
    ("minutes", "expected"), [(-1, False), (0, False), (14, False), (15, True), (60, True)], ids=lambda value: f"B7-{value}"
)
def test_a_posting_day_is_closed_a_quarter_of_an_hour_after_its_end(minutes: int, expected: bool) -> None:
    """rules 5: so long may a transaction be on its way."""
    end = MIDNIGHT.astimezone(timezone(timedelta(hours=1))).isoformat()
    assert ledger.is_closed(end, MIDNIGHT + timedelta(minutes=minutes)) is expected


def test_b7_days_without_end_are_never_closed() -> None:
    assert not ledger.is_closed(None, MIDNIGHT)
