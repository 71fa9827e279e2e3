"""What dated facts say was due, held against the entries of a ledger (rules: Audit)."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain import ledger
from chalicelib.domain.account import Account
from chalicelib.domain.assignment import Assignment, TermsEntry
from chalicelib.domain.audit import Audit, AuditFacts
from chalicelib.domain.audit_findings import NOTES, Finding, certificate, is_clean
from chalicelib.domain.charging import Line, priced_lines
from chalicelib.domain.crediting import CreditRequest, credit_charge
from chalicelib.domain.finding_kinds import FINDING_KINDS
from chalicelib.domain.ledger import Entry, voided_recharge_key
from chalicelib.domain.one_off import OneOffRequest, one_off_line
from chalicelib.domain.package import Package, PriceList
from chalicelib.domain.posting import Provenance, part_entry
from chalicelib.domain.taking_back import after_deductions, parts

from .build import account, assignment, day, package

LAST = day("2031-03-31")
PHONE = package(frequency="monthly", frequency_match=(1,), retail="10", cost="4")
FLOOR = package(frequency="monthly", frequency_match=(1,), retail="50", cost="5", minimum_spend=True)
PRORATED = package(frequency="monthly", frequency_match=(1,), retail="31", proration="daily")
ONE = assignment("2031-01-01", auto_decrement_credit=True, created_at="2031-01-01")
PAUSE = TermsEntry(day("2031-02-01"), values={"paused": True}, entered_at="2031-03-05T00:00:00+00:00")


def at(text: str) -> datetime:
    return datetime.combine(day(text), time(2), UTC)


def posted(line: Line, on: str | None = None, **fields: Any) -> Entry:
    """The entry of a line, posted on its day unless told otherwise."""
    terms: dict[str, Any] = {
        "status": "posted",
        "run_id": "daily",
        "repeat": False,
        "at": at(on or line.due_date.isoformat()),
        "by": "test",
    }
    return ledger.charge(line, **(terms | fields))


def due(one: Assignment, of: Package, last: date = LAST, spend: str = "0") -> list[Line]:
    return priced_lines(one, of, one.start_date, last, lambda *_: Decimal(spend))


def with_list(of: Package, begins: str, entered: str, retail: str) -> Package:
    return of._replace(price_lists=(PriceList(day(begins), retail=Decimal(retail), entered_at=entered),))


def audited(
    entries: Iterable[Entry], one: Assignment = ONE, of: Package = PHONE, *, spend: str = "0", parked: bool = False, **changed: Any
) -> tuple[list[Finding], dict[str, int]]:
    """The findings, of an account that agrees with its ledger unless told otherwise."""
    found = sorted(entries, key=lambda entry: entry.key)
    sums: dict[str, Any] = {
        "balance": sum((entry.credit_change for entry in found), Decimal(0)),
        "held": sum(entry.status == "held" for entry in found), "parked": parked,
    }  # fmt: skip
    owner: Account = account()._replace(**sums)._replace(**{k: v for k, v in changed.items() if k in Account._fields})
    facts = AuditFacts(
        owner, {one.assignment_id: one}, {of.package_id: of}, LAST, LAST, lambda *_: Decimal(spend), lambda _: None, lambda _: found,
    )  # fmt: skip
    audit = Audit(facts._replace(**{k: v for k, v in changed.items() if k in AuditFacts._fields}))
    return list(audit.findings(found)), audit.counts


def kinds(*args: Any, **named: Any) -> list[tuple[str, str]]:
    """What was found and of which key, in the order in which it is told."""
    return [(one.kind, one.key[:12]) for one in audited(*args, **named)[0]]


LINES = due(ONE, PHONE)
WHOLE = [posted(line) for line in LINES]
JANUARY, FEBRUARY, MARCH = WHOLE
FLOOR_LINES = due(ONE, FLOOR, spend="20")
ENDED = assignment("2031-01-01", auto_decrement_credit=True, end_date="2031-03-10")


def again(entry: Entry) -> Entry:
    """The same charge, made once more by a run."""
    assert entry.line
    return posted(entry.line, "2031-03-20", repeat=True, run_id="again")


def reversed_(entry: Entry) -> list[Entry]:
    undone = ledger.reversal_of(entry, at=at("2031-03-20"), day=day("2031-03-20"), by="test")
    return [entry.after_credit(entry.left_retail, entry.left_cost, voided=True), undone]


def credited(entry: Entry, retail: str | None = None, *, recharge: bool = False) -> list[Entry]:
    asked = CreditRequest("faulty", Decimal(retail) if retail else None, recharge=recharge)
    given = credit_charge(entry, asked, credit_id="credit", at=at("2031-03-20"), day=day("2031-03-20"), by="test")
    return [given.charge, given.credit]


def prorated() -> list[Entry]:
    """The ledger of an assignment that ended within a period: what was charged, and what its last line took back."""
    *charges, last = due(ENDED, PRORATED)
    made = {entry.key: entry for entry in map(posted, charges)}
    taken = parts(last, [entry for entry in made.values() if entry.date == day("2031-03-01")])
    made |= {entry.key: entry for entry in after_deductions(taken)}
    return [*made.values(), *(part_entry(one, Provenance("daily", at("2031-03-11"), "test")) for one in taken)]


def test_what_was_due_and_posted_is_clean() -> None:
    found, counts = audited(WHOLE)
    assert found == []
    assert counts == {"assignments": 1, "entries": 3, "due_lines": 3, "posted": 3, "one_off": 0}
    assert is_clean(counts)
    assert audited([posted(line) for line in FLOOR_LINES], of=FLOOR, spend="20")[0] == []
    assert audited(prorated(), ENDED, PRORATED)[0] == []
    assert audited([], assignment("2031-05-01"))[0] == []


HELD = posted(LINES[1], status="held")
FIRST, SECOND, THIRD = ("2031-01-01~1", "2031-02-01~1", "2031-03-01~1")


@pytest.mark.parametrize(
    ("entries", "expected", "facts"),
    [
        ([JANUARY, MARCH], [("missing", SECOND)], {}),
        ([JANUARY, HELD, MARCH], [], {}),
        ([JANUARY, HELD.cancelled("test"), MARCH], [], {}),
        ([JANUARY, FEBRUARY], [("marked", THIRD)], {"one": ONE._replace(evaluate_from=day("2031-02-15"))}),
        ([JANUARY, FEBRUARY], [("marked", THIRD)], {"evaluate_from": day("2031-02-15")}),
        ([JANUARY, FEBRUARY], [("marked", THIRD)], {"corrected": {"p": day("2031-02-15")}}),
        ([JANUARY, MARCH], [("missing", SECOND)], {"one": ONE._replace(evaluate_from=day("2031-02-15"))}),
        ([*WHOLE, posted(LINES[0]._replace(due_date=day("2031-01-02")))], [("unexpected", "2031-01-02~1")], {}),
        ([*WHOLE, posted(LINES[0]._replace(assignment_id="gone"))], [("unexpected", FIRST)], {}),
        ([JANUARY, FEBRUARY._replace(retail=Decimal(11), line=LINES[1]._replace(retail=Decimal(11))), MARCH], [("amount", SECOND)], {}),
        (
            [JANUARY, posted(LINES[1]._replace(unit_retail=Decimal(9), retail=Decimal(9))), MARCH],
            [("amount", SECOND)],
            {},
        ),
        ([JANUARY, FEBRUARY, MARCH, again(MARCH)], [("repeated", THIRD)], {}),
        ([JANUARY, FEBRUARY, *reversed_(MARCH)], [("voided", THIRD)], {}),
        ([JANUARY, FEBRUARY, *credited(MARCH, recharge=True)], [("voided", THIRD)], {}),
        (
            [JANUARY, FEBRUARY, *reversed_(MARCH), again(MARCH)._replace(key=voided_recharge_key(LINES[2].identity, 1))],
            [],
            {},
        ),
        ([JANUARY, FEBRUARY, *credited(MARCH, "3")], [("goodwill", "2031-03-20~6")], {}),
        ([JANUARY, FEBRUARY, *credited(MARCH)], [("goodwill", "2031-03-20~6")], {}),
        ([posted(line) for line in FLOOR_LINES], [("late_usage", SECOND[:-1] + "2"), ("late_usage", THIRD[:-1] + "2")], {
            "of": FLOOR, "spend": "30"}),
        ([posted(line) for line in FLOOR_LINES], [("amount", SECOND[:-1] + "2"), ("amount", THIRD[:-1] + "2")], {
            "of": FLOOR, "spend": "10"}),
        (WHOLE, [("corrected", THIRD)], {"of": with_list(PHONE, "2031-03-01", "2031-03-05T00:00:00+00:00", "12")}),
        (WHOLE, [("amount", THIRD)], {"of": with_list(PHONE, "2031-03-01", "2031-02-05T00:00:00+00:00", "12")}),
        (WHOLE, [("corrected", SECOND), ("corrected", THIRD)], {"one": ONE._replace(terms=(PAUSE,))}),
        (WHOLE, [("balance", "")], {"balance": Decimal(7)}),
        (WHOLE, [("held", "")], {"held": 1}),
        (prorated()[:-1], [("missing", "2031-03-11~5"), ("amount", THIRD)], {"one": ENDED, "of": PRORATED}),
    ],
)  # fmt: skip
def test_a_difference_is_found(entries: list[Entry], expected: list[tuple[str, str]], facts: dict[str, Any]) -> None:
    assert kinds(entries, **facts) == expected


def test_every_kind_of_finding_is_told_with_what_helps() -> None:
    worlds: list[tuple[list[Entry], dict[str, Any]]] = [
        ([JANUARY, FEBRUARY], {}), ([JANUARY, FEBRUARY], {"parked": True, "evaluate_from": day("2031-03-01")}),
        ([*WHOLE, posted(LINES[0]._replace(due_date=day("2031-01-02")), status="held")], {"balance": Decimal(1), "held": 2}),
        ([JANUARY, FEBRUARY, *reversed_(MARCH)], {}), ([*WHOLE, again(MARCH)], {}),
        ([JANUARY, FEBRUARY, *credited(MARCH, "3")], {"of": with_list(PHONE, "2031-02-01", "2031-03-05T00:00:00+00:00", "12")}),
        ([posted(FLOOR_LINES[0])], {"of": FLOOR, "spend": "30"}),
    ]  # fmt: skip
    found = [one for entries, facts in worlds for one in audited(entries, **facts)[0]]
    assert all(one.detail and one.helps for one in found)
    assert {one.kind for one in found} | {"not_compared", "amount"} == set(FINDING_KINDS)
    by_kind = {one.kind: one for one in found}
    assert by_kind["missing"].helps.startswith('POST /runs {"customer": "c", "date": "2031-0')
    assert by_kind["marked"].helps == "POST /customers/c/unpark; then the next daily evaluation posts it"
    assert by_kind["unexpected"].helps == "POST /held/c~2031-01-02~1-recurring~a/cancellation"
    assert by_kind["corrected"].due == (Decimal(4), Decimal(12))
    assert {kind for kind, one in by_kind.items() if one.is_note} == set(NOTES)


def test_a_charge_of_a_run_is_judged_by_what_was_entered_when_the_run_began() -> None:
    """It may be completed long after its plan was recorded."""
    dearer = with_list(PHONE, "2031-03-01", "2031-03-05T00:00:00+00:00", "12")
    late = posted(LINES[2], "2031-03-09", run_id="run")
    assert kinds([JANUARY, FEBRUARY, late], of=dearer) == [("amount", THIRD)]
    assert kinds([JANUARY, FEBRUARY, late], of=dearer, begun_at=lambda _: "2031-03-04T00:00:00+00:00") == [("corrected", THIRD)]


def test_what_was_charged_ahead_of_an_end_is_only_noted() -> None:
    """Ends are not dated; one that was set before the charge was made makes it unexpected."""
    early = [*WHOLE[:2], posted(LINES[2], "2031-02-20")]
    ended = ONE._replace(end_date=day("2031-02-25"), updated_at="2031-02-21T00:00:00+00:00")
    assert kinds(early, ended) == [("corrected", THIRD)]
    assert kinds(early, ended._replace(updated_at="2031-02-19T00:00:00+00:00")) == [("unexpected", THIRD)]
    assert kinds(WHOLE, ended) == [("unexpected", THIRD)]


def test_charges_older_than_dated_terms_are_compared_by_their_own_figures() -> None:
    """A former release changed prices in place: what they were is known by the charge alone."""
    changed = PHONE._replace(retail=Decimal(12), updated_at="2031-03-05T00:00:00+00:00")
    found, counts = audited(WHOLE, of=changed)
    assert (found, counts["own_figures"], counts["posted"]) == ([], 3, 3)
    assert "3 by their own figures alone" in certificate(counts, None, LAST)
    wrong = [JANUARY, FEBRUARY, MARCH._replace(retail=Decimal(11), line=LINES[2]._replace(retail=Decimal(11)))]
    assert kinds(wrong, of=changed) == [("amount", THIRD)]


def test_one_off_charges_are_compared_by_their_own_figures() -> None:
    line = one_off_line(account(), OneOffRequest("A visit", day("2031-02-03"), Decimal(30), quantity=2), "visit")
    assert audited([*WHOLE, posted(line)])[0] == []
    assert kinds([*WHOLE, posted(line._replace(retail=Decimal(61)))]) == [("amount", "2031-02-03~7")]


def test_nothing_is_missing_where_a_negative_line_finds_nothing_to_take() -> None:
    """The charge was reversed before; what a run charged again afterwards was not there yet."""
    *charges, _ = due(ENDED, PRORATED)
    whole = [posted(line) for line in charges]
    undone, reversal = reversed_(whole[-1])
    assert kinds([*whole[:-1], undone, reversal], ENDED, PRORATED) == [("voided", THIRD)]
    assert ("missing", "2031-03-11~5") not in kinds([*whole[:-1], undone, reversal, again(whole[-1])], ENDED, PRORATED)


def test_an_audit_of_some_days_leaves_out_what_needs_the_whole_ledger() -> None:
    facts = {"first": day("2031-03-01"), "balance": Decimal(99), "held": 3}
    assert kinds([MARCH], **facts) == []
    assert kinds([], **facts) == [("missing", THIRD)]


def test_charges_ahead_of_the_last_day_are_judged_and_counted_apart() -> None:
    ahead = posted(due(ONE, PHONE, day("2031-04-01"))[-1], "2031-03-31")
    found, counts = audited([*WHOLE, ahead])
    assert (found, counts["due_lines"], counts["ahead"]) == ([], 3, 1)


@pytest.mark.parametrize(
    ("counts", "first", "last", "sentence"),
    [
        (
            {"due_lines": 1437, "assignments": 312, "posted": 1437},
            "2031-01-01",
            "2031-01-31",
            "January 2031: 1,437 due lines of 312 assignments, 1,437 posted, 0 missing, 0 double, every amount re-computed.",
        ),
        (
            {"due_lines": 5, "assignments": 2, "missing": 1, "not_compared": 3},
            "2031-01-02",
            "2031-01-31",
            "2031-01-02 to 2031-01-31: 5 due lines of 2 assignments, 1 missing, 0 double, 3 not compared, every amount re-computed.",
        ),
        ({}, None, "2031-01-31", "Through 2031-01-31: 0 due lines of 0 assignments, 0 missing, 0 double, every amount re-computed."),
    ],
)
def test_the_certificate_says_what_was_compared(counts: dict[str, int], first: str | None, last: str, sentence: str) -> None:
    assert certificate(counts, day(first) if first else None, day(last)) == sentence
    assert is_clean(counts) == ("not compared" not in sentence)
