"""Which event an entry or a change is, and what of it a customer may see (rules: Events)."""

import json
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.assignment import Assignment, BucketKey, TermsEntry
from chalicelib.domain.events import EVENT_TYPES, TOLD_BY_DEFAULT, change_event, chosen_types, entry_event
from chalicelib.domain.features import FeatureState, feature_notice
from chalicelib.domain.forecast_account import PlannedLine
from chalicelib.domain.history import ChangeType, HistoryItem, assignment_change, customer_change, package_change, run_started
from chalicelib.domain.ledger import Entry, adjustment, opposite_of, payment, reversal_of
from chalicelib.domain.minutes import Bucket
from chalicelib.domain.minutes_notices import minutes_notice
from chalicelib.domain.notices import NoticeSpan, ends_told, lines_due_on, upcoming_charges, upcoming_notice
from chalicelib.domain.one_off import OneOffRequest, one_off_line
from chalicelib.domain.package import Package, PriceList
from chalicelib.domain.record import RunRecord
from chalicelib.wire.event_views import change_event_view, entry_event_view

from .build import STAMP, account, assignment, day, entry, package, priced

AT = "2031-03-01T09:00:00+00:00"
CANARY = "canary-7f3a"
HELD = entry(priced(), status="held")
POSTED = entry(priced())
ENTRIES = [
    ("posted at once", POSTED, "charge.posted", 1),
    ("held", HELD, "charge.held", 1),
    ("held with a negative line", HELD._replace(version=2, parts=("k",), credited_retail=Decimal(1)), "charge.held", 2),
    ("released", HELD._replace(status="posted", posted_at=AT, version=2), "charge.released", 2),
    ("written off", HELD.cancelled("clerk"), "charge.cancelled", 2),
    ("credited", POSTED.after_credit(Decimal(4), Decimal(0)), "charge.credited", 2),
    ("credited its cost", POSTED.after_credit(Decimal(0), Decimal(1)), "charge.credited", 2),
    ("voided", POSTED.after_credit(Decimal(0), Decimal(0), voided=True), "charge.credited", 2),
    ("a reversal", reversal_of(POSTED, at=STAMP.at, day=day("2024-01-02"), by="clerk"), "credit.recorded", 1),
    ("a payment", payment("c", "USD", Decimal(5), CANARY, payment_id="p", at=STAMP.at, day=day("2024-01-02"), by=CANARY),
     "payment.recorded", 1),
    ("an adjustment", adjustment("c", "USD", Decimal(5), CANARY, adjustment_id="a", at=STAMP.at, day=day("2024-01-02"), by=CANARY),
     "adjustment.recorded", 1),
]  # fmt: skip


@pytest.mark.parametrize(("entry_", "type_", "version"), [case[1:] for case in ENTRIES], ids=[case[0] for case in ENTRIES])
def test_rules_15_an_entry_is_an_event_of_its_state_and_version(entry_: Entry, type_: str, version: int) -> None:
    key = entry_event(entry_)
    assert (key.type, key.version, key.subject) == (type_, version, entry_.entry_id)
    assert key.event_id == f"{entry_.entry_id}~{type_}~{version}"


def seen(event: Any) -> str:
    assert event is not None
    return json.dumps(event["data"])


def test_rules_15_a_customer_sees_nothing_that_is_the_providers() -> None:
    """Each field of the provider's holds a text that is found in `provider`, and in no byte of `data`."""
    amount = Decimal("77.123457")
    asked = OneOffRequest(CANARY, day("2024-01-02"), Decimal(2), amount, account_code=CANARY, tax_code=CANARY)
    one_off = entry(one_off_line(account(), asked, "id"), by=CANARY, run_id=CANARY)
    charged = entry(priced(cost=str(amount)), by=CANARY, run_id=CANARY)
    credit = opposite_of(charged, Decimal(1), amount, at=STAMP.at, day=day("2024-01-02"), by=CANARY)._replace(
        key="2024-01-02~6-credit~k", kind="credit", credits=charged.entry_id, reason=CANARY
    )
    given_up = HELD.cancelled(CANARY)
    events: list[Any] = [entry_event_view(one) for one in (one_off, charged, credit, given_up, *(case[1] for case in ENTRIES[-2:]))]
    sold = package(
        description=CANARY, cost=str(amount), setup_cost=str(amount), account_code=CANARY, tax_code=CANARY, connexcs_package=CANARY
    )
    dear = sold._replace(version=2, price_lists=(PriceList(day("2031-03-01"), cost=amount, reason=CANARY),))
    own = assignment(cost=str(amount), setup_cost=amount)
    termed = own._replace(version=2, terms=(TermsEntry(day("2031-03-01"), None, {"cost": amount}, reason=CANARY),))
    changes = [
        package_change("package.created", sold), package_change("package.prices_written", dear, sold),
        assignment_change("assignment.created", own), assignment_change("assignment.terms_written", termed, own),
        customer_change("customer.parked", account(parked=True, notes=CANARY, email=CANARY, version=2), account(notes="", version=1)),
    ]  # fmt: skip
    events += [change_event_view(HistoryItem(AT, CANARY, one)) for one in changes]
    bucket = Bucket(BucketKey("a", day("2031-03-01")), None, ("",), 600, day("2031-04-01"), day("2031-04-01"))
    told = [minutes_notice(bucket, own, sold, 80), feature_notice("c", FeatureState("asr", True, day("2031-03-01")))]
    events += [change_event_view(HistoryItem(AT, CANARY, one)) for one in told]
    events += notices_of(sold._replace(frequency="daily", retail=Decimal(5)), own)
    for event in events:
        assert CANARY not in seen(event)
        assert "77.12" not in seen(event)
        assert CANARY in json.dumps(event["provider"])


def notices_of(sold: Package, own: Assignment) -> list[Any]:
    """Of charges to come, of the end of a term, and of what is over."""
    span, of = NoticeSpan(day("2031-02-28"), day("2031-03-01"), day("2031-03-01")), {sold.package_id: sold}
    (asked,) = upcoming_charges([own], of, span, (7,))
    lines = [PlannedLine(asked.date, line, "", "posted") for line in lines_due_on([own], of, asked)]
    ending = (own._replace(end_date=day(end)) for end in ("2031-02-28", "2031-03-16"))
    found = [upcoming_notice(account(notes=CANARY), asked, lines), *ends_told(ending, of, span, (15,))]
    events = [change_event_view(HistoryItem(AT, CANARY, one)) for one in found if one]
    assert [one["type"] for one in events if one] == ["charge.upcoming", "assignment.ended", "term.ending"]
    return events


CHANGES: list[tuple[ChangeType, str | None]] = [
    ("package.created", "package.changed"),
    ("package.deleted", "package.changed"),
    ("package.prices_removed", "price.announced"),
]


@pytest.mark.parametrize(("change", "type_"), CHANGES)
def test_rules_15_a_change_is_an_event_of_its_subject(change: ChangeType, type_: str | None) -> None:
    key = change_event(HistoryItem(AT, "clerk", package_change(change, package(version=4), package(version=3))))
    assert key is not None
    assert (key.type, key.subject, key.version) == (type_, "p", 4)


def test_rules_15_what_is_told_otherwise_is_no_event() -> None:
    run = RunRecord("run-1", "package", day("2031-03-01"), "then", "clerk", "c")
    assert change_event(HistoryItem(AT, "clerk", run_started(run))) is None
    assert change_event_view(HistoryItem(AT, "clerk", customer_change("customer.created", account()))) is None


@pytest.mark.parametrize(("existing", "concerned"), [(True, 12), (False, 0)])
def test_rules_15_a_price_list_says_from_when_the_old_and_new_and_for_how_many(existing: bool, concerned: int) -> None:
    old = package(retail="10", assignments=12)
    new = old._replace(version=2, price_lists=(PriceList(day("2031-06-01"), retail=Decimal(11), existing=existing),))
    event = change_event_view(HistoryItem(AT, "clerk", package_change("package.prices_written", new, old)))
    assert event is not None
    told = event["data"]
    assert told["assignments"] == concerned
    assert {"field": "retail", "from": "2031-06-01", "before": "10.00", "after": "11.00"} in told["changes"]
    removed = change_event_view(HistoryItem(AT, "clerk", package_change("package.prices_removed", old._replace(version=3), new)))
    assert removed is not None
    assert removed["data"]["assignments"] == concerned


@pytest.mark.parametrize(
    ("text", "types"),
    [
        ("default", TOLD_BY_DEFAULT),
        ("all", set(EVENT_TYPES)),
        ("charge.held  charge.posted", {"charge.held", "charge.posted"}),
    ],
)
def test_a_deployment_chooses_types(text: str, types: set[str]) -> None:
    assert chosen_types(text) == types
    assert "charge.posted" not in TOLD_BY_DEFAULT


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(ValueError, match=r"charge\.lost: no type of event"):
        chosen_types("charge.held charge.lost")
