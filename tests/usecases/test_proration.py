"""Proration end to end: evaluated day by day, held, paid, written off, reversed (rules 4: Proration)."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.assignment import TermsEntry
from chalicelib.domain.deciding import RunRequest
from chalicelib.domain.ledger import Entry
from chalicelib.domain.minutes import Call
from chalicelib.domain.report import Outcome
from chalicelib.domain.schedule import DAY
from chalicelib.domain.wording import explanation
from chalicelib.storage import accounts, ledger
from chalicelib.usecases import assignments, customers, usage
from chalicelib.usecases.runs import on_demand, reports, reversal
from tests.harness import RETAINED
from tests.world.stage import Stage

MARCH = date(2031, 3, 1)


def entry(begins: str, until: str | None = None, **values: Any) -> TermsEntry:
    return TermsEntry(date.fromisoformat(begins), date.fromisoformat(until) if until else None, values)


def a_stage(start: date = MARCH, *, limit: str | None = None, debit: bool = True, package: dict[str, Any], **fields: Any) -> Stage:
    """Ann has a package from `start` on, which is today."""
    stage = Stage(segments=1)
    stage.today = start
    stage.customer("ann", limit=limit)
    stage.package("phone", **({"frequency": "monthly", "proration": "daily"} | package))
    stage.assign("a", "ann", "phone", auto_decrement_credit=debit, **fields)
    return stage


def evaluate_through(stage: Stage, last: date) -> None:
    while stage.today <= last:
        stage.evaluate(f"day {stage.today}")
        stage.next_day()
    stage.today = last


def charges(stage: Stage) -> list[Entry]:
    """What the ledger has of charges, in the order of keys."""
    found = stage.db.query_all("ledger", "#pk = :pk", {"pk": "ann"})
    return [one for one in map(ledger.entry_from_item, found) if one.line]


def told(one: Entry) -> str:
    words = [f"{one.date:%m-%d}", *[one.kind] * (one.kind != "recurring"), f"{one.retail.normalize():f}"]
    return " ".join([*words, *[one.status] * (one.status != "posted")])


def ledger_of(stage: Stage) -> str:
    return "; ".join(map(told, charges(stage)))


def balance(stage: Stage) -> Decimal:
    account = accounts.find_account(stage.db, "ann")
    assert account is not None
    entries = [ledger.entry_from_item(item) for item in stage.db.query_all("ledger", "#pk = :pk", {"pk": "ann"})]
    assert account.balance == sum((one.credit_change for one in entries), Decimal(0))
    assert account.held == sum(one.status == "held" for one in entries)
    return account.balance


def pay(stage: Stage, amount: str) -> None:
    customers.book_payment(stage.db, stage.context(f"pay {amount} {stage.today}"), "ann", Decimal(amount), "cash")


FIFTY = {"retail": Decimal(50), "frequency_match": (1,)}


def phone(retail: str, *match: int, **more: Any) -> dict[str, Any]:
    return {"retail": Decimal(retail), "frequency_match": match, **more}


ROWS: list[tuple[str, dict[str, Any], str, dict[str, Any], str, str]] = [
    ("a start in the middle", phone("249.95", 15), "2012-05-03", {}, "2012-05-15", "05-03 proration 99.98; 05-15 249.95"),
    (
        "a pause", phone("249.95", 2), "2012-02-02", {"terms": (entry("2012-03-04", "2012-04-04", paused=True),)}, "2012-04-10",
        "02-02 249.95; 03-02 249.95; 03-04 proration -233.824194; 04-05 proration 224.955",
    ),
    ("a period that began before the start", phone("249.95", 14), "2014-02-01", {}, "2014-02-05", "02-01 proration 104.817742"),
    (
        "every three months, ended", phone("910", 15, every=3), "2031-04-15", {"end_date": date(2031, 6, 20)}, "2031-06-22",
        "04-15 910; 06-21 proration -240",
    ),
    ("every three months, begun", phone("910", 15, every=3), "2031-04-01", {}, "2031-04-16", "04-01 proration 141.555556; 04-15 910"),
    (
        "an end", phone("58.78", 16), "2031-03-16", {"end_date": date(2031, 3, 28)}, "2031-04-17",
        "03-16 58.78; 03-29 proration -34.130323",
    ),
    (
        "more of it", phone("10", 1), "2031-03-01", {"quantity": 5, "terms": (entry("2031-03-15", quantity=10),)}, "2031-04-01",
        "03-01 50; 03-15 proration 27.419355; 04-01 100",
    ),
    ("two match days", phone("12.5", 15, 31), "2031-02-20", {}, "2031-02-28", "02-20 proration 7.692308; 02-28 12.5"),
    (
        "less, then more", phone("10", 1), "2031-03-01",
        {"quantity": 10, "terms": (entry("2031-03-11", quantity=5), entry("2031-03-21", quantity=15))}, "2031-03-31",
        "03-01 100; 03-11 proration -33.870968; 03-21 proration 35.483871",
    ),
    (
        "a pause in the middle of a minimum", phone("50", 1, minimum_spend=True), "2031-01-01",
        {"terms": (entry("2031-03-20", "2031-04-10", paused=True),), "did": "44"}, "2031-04-01",
        "02-01 minimum_spend 50; 03-01 minimum_spend 50; 04-01 minimum_spend 30.645161",
    ),
    (
        "a minimum that ends", phone("50", 1, minimum_spend=True), "2031-03-01", {"end_date": date(2031, 3, 19), "did": "44"}, "2031-04-01",
        "03-20 minimum_spend 30.645161",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("package", "start", "fields", "last", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_day_by_day(package: dict[str, Any], start: str, fields: dict[str, Any], last: str, expected: str) -> None:
    stage = a_stage(date.fromisoformat(start), package=package, **fields)
    evaluate_through(stage, date.fromisoformat(last))
    assert ledger_of(stage) == expected
    assert balance(stage) == -sum((one.retail for one in charges(stage)), Decimal(0))


@pytest.mark.parametrize(("package", "start", "fields", "last", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_after_an_outage(package: dict[str, Any], start: str, fields: dict[str, Any], last: str, expected: str) -> None:
    """One evaluation of all days makes the same."""
    stage = a_stage(date.fromisoformat(start) - DAY, package=package, starts=1, debit=False, **fields)
    stage.evaluate("the day before")
    stage.today = date.fromisoformat(last)
    stage.evaluate("after the outage")
    assert ledger_of(stage) == expected
    assert balance(stage) == 0


def test_b24_a_minimum_in_proportion_to_its_days() -> None:
    stage = a_stage(date(2024, 2, 28), package=phone("1000000", 1, minimum_spend=True))
    stage.next_day()
    call = Call("one", "2024-02-29T09:00:00+00:00", stage.today, "44", 60, Decimal(3000), None)
    usage.record_calls(stage.db, stage.context("call"), "ann", [call], RETAINED)
    evaluate_through(stage, date(2024, 3, 1))
    assert ledger_of(stage) == "03-01 minimum_spend 65965.517241"


ENDED: dict[str, Any] = {"end_date": date(2031, 3, 10)}


def held() -> Stage:
    """50.00 were held on 1 March; the end on the 10th takes back a part of them."""
    stage = a_stage(limit="0", package=FIFTY, **ENDED)
    evaluate_through(stage, date(2031, 3, 11))
    return stage


def test_what_is_taken_of_a_held_charge_is_held_with_it() -> None:
    stage = held()
    assert ledger_of(stage) == "03-01 50 held; 03-11 proration -33.870968 held"
    assert balance(stage) == 0


@pytest.mark.parametrize(("paid", "expected"), [("16.129031", "held"), ("16.129032", "posted")])
def test_a_payment_posts_both_as_one_sum(paid: str, expected: str) -> None:
    stage = held()
    pay(stage, paid)
    stage.next_day()
    stage.evaluate("the day after")
    assert [one.status for one in charges(stage)] == [expected] * 2
    assert balance(stage) == (0 if expected == "posted" else Decimal(paid))


def test_a_payment_of_the_day_before_is_enough() -> None:
    """The negative line comes before held charges in its day's order."""
    stage = a_stage(limit="0", package=FIFTY, **ENDED)
    evaluate_through(stage, date(2031, 3, 10))
    pay(stage, "16.129032")
    evaluate_through(stage, date(2031, 3, 11))
    assert ledger_of(stage) == "03-01 50; 03-11 proration -33.870968"
    assert balance(stage) == 0
    told_ = reports.so_far(stage.db, reports.read_run(stage.db, "daily:2031-03-11")).totals["USD"]
    assert (told_.retail, told_.credit_debited, told_.held, told_.lines) == (Decimal("16.129032"), Decimal("16.129032"), 0, 2)


def test_writing_the_charge_off_takes_its_part_off() -> None:
    stage = held()
    charge, part = charges(stage)
    with pytest.raises(Exception, match="write that charge off"):
        customers.write_off(stage.db, stage.context("part"), part.entry_id)
    customers.write_off(stage.db, stage.context("charge"), charge.entry_id)
    assert ledger_of(stage) == "03-01 50 cancelled; 03-11 proration -33.870968 cancelled"
    assert balance(stage) == 0


def live(stage: Stage, day: date, run_id: str, customer: str | None = "ann") -> Any:
    ask = RunRequest(customer, day, "skip", run_id)
    on_demand.run_live(stage.services, stage.context(run_id), ask)
    stage.work_off()
    return reports.read_report(stage.db, reports.read_run(stage.db, run_id)) if customer else None


def simulated(stage: Stage, day: date, again: Any = "skip") -> list[Outcome]:
    return list(on_demand.simulate_customer(stage.db, stage.context("simulate"), RunRequest("ann", day, again, "none")).outcomes)


def test_of_what_was_reversed_nothing_is_left() -> None:
    stage = a_stage(package=FIFTY, **ENDED)
    live(stage, MARCH, "by-hand")
    reversal.reverse(stage.services, stage.context("reverse"), "by-hand")
    evaluate_through(stage, date(2031, 3, 12))
    assert ledger_of(stage) == "03-01 50"
    assert balance(stage) == 0


def test_a_reversal_undoes_what_is_left() -> None:
    stage = a_stage(package=FIFTY | {"cost": Decimal(31)}, **ENDED)
    live(stage, MARCH, "by-hand")
    evaluate_through(stage, date(2031, 3, 11))
    assert balance(stage) == Decimal("-16.129032")
    undone = reversal.reverse(stage.services, stage.context("reverse"), "by-hand")
    assert [(one.retail, one.cost, one.credit_change) for one in undone.reversals] == [
        (Decimal("-16.129032"), Decimal(-10), Decimal("16.129032"))
    ]
    assert balance(stage) == 0
    [charge, _] = charges(stage)
    assert (charge.credited_retail, charge.credited_cost, charge.version) == (50, 31, 3)


def test_a_reversal_leaves_negative_lines_alone() -> None:
    stage = a_stage(package=FIFTY, **ENDED)
    evaluate_through(stage, date(2031, 3, 9))
    stage.today = date(2031, 3, 11)
    live(stage, stage.today, "end")
    assert reversal.reverse(stage.services, stage.context("reverse"), "end").reversals == []
    assert ledger_of(stage) == "03-01 50; 03-11 proration -33.870968"


def test_the_reversal_of_a_held_charge_takes_its_part_off() -> None:
    stage = a_stage(limit="0", package=FIFTY, **ENDED)
    live(stage, MARCH, "by-hand")
    evaluate_through(stage, date(2031, 3, 11))
    reversal.reverse(stage.services, stage.context("reverse"), "by-hand")
    assert ledger_of(stage) == "03-01 50 cancelled; 03-11 proration -33.870968 cancelled"
    assert balance(stage) == 0


def test_what_is_not_debited_is_not_given_back_to_the_balance() -> None:
    stage = a_stage(debit=False, package=FIFTY, **ENDED)
    evaluate_through(stage, date(2031, 3, 11))
    assert ledger_of(stage) == "03-01 50; 03-11 proration -33.870968"
    assert balance(stage) == 0


def test_the_limit_never_holds_what_is_taken_back() -> None:
    stage = a_stage(package=FIFTY, **ENDED)
    evaluate_through(stage, date(2031, 3, 10))
    customers.change_customer(stage.db, stage.context("limit"), "ann", None, lambda one: one._replace(debit_limit=Decimal(1)))
    evaluate_through(stage, date(2031, 3, 11))
    assert balance(stage) == Decimal("-16.129032")


def test_a_run_and_its_simulation_tell_what_is_posted() -> None:
    """The charge was repeated and the repeat given up; of the charge something is left."""
    stage = a_stage(package=FIFTY | {"cost": Decimal(31)}, **ENDED)
    evaluate_through(stage, date(2031, 3, 1))
    stage.today = date(2031, 3, 11)
    [told_] = simulated(stage, stage.today)
    assert (told_.status, told_.line.retail, told_.line.cost) == ("simulated", Decimal("-33.870968"), Decimal(-21))
    report = live(stage, stage.today, "by-hand")
    assert [one.line for one in report.outcomes] == [told_.line]
    assert report.outcomes[0].status == "posted"
    for again in ("skip", "charge_again"):
        assert [(one.status, one.line) for one in simulated(stage, stage.today, again)] == [("skipped", told_.line)]


def test_a_run_tells_what_is_held_with_a_charge() -> None:
    stage = a_stage(limit="0", package=FIFTY, **ENDED)
    evaluate_through(stage, date(2031, 3, 9))
    stage.today = date(2031, 3, 11)
    assert [one.status for one in simulated(stage, stage.today)] == ["held"]
    assert [one.status for one in live(stage, stage.today, "by-hand").outcomes] == ["held"]
    before = on_demand.simulate_customer(stage.db, stage.context("s"), RunRequest("ann", date(2031, 3, 12), "skip", "none")).held_before
    assert (before.charges, before.retail, before.credit_debited) == (1, Decimal("16.129032"), 0)


def test_a_run_ahead_posts_no_proration() -> None:
    stage = a_stage(package=FIFTY, **ENDED)
    evaluate_through(stage, MARCH)
    [told_] = simulated(stage, date(2031, 3, 11))
    assert (told_.status, told_.line.retail) == ("not_over", Decimal("-33.870968"))
    assert [one.status for one in live(stage, date(2031, 3, 11), "ahead").outcomes] == ["not_over"]
    assert ledger_of(stage) == "03-01 50"


def test_a_run_tries_a_held_charge_with_what_days_to_come_take_of_it() -> None:
    """The day after the end was evaluated ahead."""
    stage = a_stage(limit="0", package=FIFTY, **ENDED)
    evaluate_through(stage, date(2031, 3, 11))
    stage.today = MARCH
    assert ledger_of(stage) == "03-01 50 held; 03-11 proration -33.870968 held"
    assert [(one.line.due_date, one.status) for one in simulated(stage, MARCH)] == [(MARCH, "held"), (date(2031, 3, 11), "held")]
    pay(stage, "16.129032")
    assert [one.status for one in simulated(stage, MARCH)] == ["simulated", "simulated"]
    assert [one.status for one in live(stage, MARCH, "by-hand").outcomes] == ["posted", "posted"]
    assert ledger_of(stage) == "03-01 50; 03-11 proration -33.870968"
    assert balance(stage) == 0


def test_what_is_held_with_a_charge_of_a_day_to_come_is_not_tried_before() -> None:
    """There was more of it from the 11th on, evaluated ahead and held; then it was paused. The newest charge is taken from first."""
    stage = a_stage(limit="50", package=FIFTY, terms=(entry("2031-03-11", quantity=2),))
    evaluate_through(stage, date(2031, 3, 11))
    stage.today = date(2031, 3, 6)
    paused = entry("2031-03-06", paused=True)
    assignments.write_terms(stage.db, stage.context("correct"), ("ann", "a"), None, paused, confirm_backlog=True, correct=True)
    before = "03-01 50; 03-06 proration -33.870968 held; 03-06 proration -8.064516; 03-11 proration 33.870968 held"
    assert ledger_of(stage) == before
    assert {one.status for one in simulated(stage, date(2031, 3, 11))} == {"not_over"}
    pay(stage, "1000")
    live(stage, date(2031, 3, 11), "ahead")
    assert ledger_of(stage) == before


def test_where_nothing_is_left_there_is_no_line() -> None:
    stage = a_stage(package=FIFTY, **ENDED)
    live(stage, MARCH, "by-hand")
    reversal.reverse(stage.services, stage.context("reverse"), "by-hand")
    stage.today = date(2031, 3, 11)
    assert simulated(stage, stage.today) == []
    report = live(stage, stage.today, "end")
    assert report.outcomes == []
    assert [one.reason for one in report.not_due] == ["due, but nothing is left to take back"]


def test_a_repeat_is_taken_from_first() -> None:
    stage = a_stage(package=FIFTY, quantity=2, terms=(entry("2031-03-11", quantity=1),))
    evaluate_through(stage, MARCH)
    again = RunRequest("ann", MARCH, "charge_again", "again")
    on_demand.run_live(stage.services, stage.context("again"), again)
    evaluate_through(stage, date(2031, 3, 11))
    left = {one.key.split("~")[-1]: one.left_retail for one in charges(stage) if not one.takes_back}
    assert left == {"a": 100, "again": Decimal("66.129032")}


def test_one_line_takes_of_charges_in_different_states() -> None:
    """Of a posted charge at once, of each held one with it; they post one by one."""
    more = (entry("2031-03-06", quantity=2), entry("2031-03-11", quantity=3), entry("2031-03-21", quantity=1))
    stage = a_stage(limit="50", package=FIFTY, terms=more, end_date=date(2031, 3, 25))
    evaluate_through(stage, date(2031, 3, 26))
    assert ledger_of(stage) == (
        "03-01 50; 03-06 proration 41.935484 held; 03-11 proration 33.870968 held; 03-21 proration -17.741936 held; "
        "03-21 proration -17.741935 held; 03-26 proration -4.608295 held; 03-26 proration -5.069124 held"
    )
    explained = [explanation(one.line).partition(": ")[2] for one in charges(stage) if one.line and one.date == date(2031, 3, 21)]
    assert explained == [
        "-2 x 50.00 x 11/31 = -35.483871 USD, of which this line takes back 17.741936.",
        "-2 x 50.00 x 11/31 = -35.483871 USD, of which this line takes back 17.741935.",
    ]
    [told_] = simulated(stage, date(2031, 3, 21))
    assert (told_.status, told_.line.retail, told_.difference) == ("skipped", Decimal("-35.483871"), 0)
    assert explanation(told_.line).partition(": ")[2] == "-2 x 50.00 x 11/31 = -35.483871 USD."
    pay(stage, "1000")
    evaluate_through(stage, date(2031, 3, 27))
    assert all(one.status == "posted" for one in charges(stage))
    balance(stage)


def test_a_run_lists_the_parts_of_a_negative_line_one_after_the_other() -> None:
    """As its simulation does."""
    more = (entry("2031-03-06", quantity=2), entry("2031-03-21", paused=True))
    stage = a_stage(limit="50", package=FIFTY, terms=more)
    stage.assign("b", "ann", "phone", auto_decrement_credit=False, terms=(entry("2031-03-21", paused=True),))
    evaluate_through(stage, date(2031, 3, 20))
    stage.next_day()
    expected = [("a", Decimal("-17.741936")), ("a", Decimal("-17.741935")), ("b", Decimal("-17.741935"))]
    told_ = [(one.line.assignment_id, one.line.retail) for one in simulated(stage, stage.today)]
    assert told_ == expected
    report = live(stage, stage.today, "by-hand")
    assert [(one.line.assignment_id, one.line.retail) for one in report.outcomes] == expected


def test_an_assignment_of_the_past_is_posted_whole() -> None:
    stage = Stage(segments=1)
    stage.today = date(2031, 3, 20)
    stage.customer("ann")
    stage.package("phone", frequency="monthly", proration="daily", **FIFTY)
    stage.assign("a", "ann", "phone", starts=-19, end_date=date(2031, 3, 10), auto_decrement_credit=True)
    assert ledger_of(stage) == "03-01 50; 03-11 proration -33.870968"
    assert balance(stage) == Decimal("-16.129032")


def test_a_replay_takes_nothing_again() -> None:
    stage = a_stage(package=FIFTY, **ENDED)
    evaluate_through(stage, date(2031, 3, 11))
    before = stage.state()["ledger"]
    for _ in range(2):
        stage.evaluate("again")
    evaluate_through(stage, date(2031, 3, 14))
    assert stage.state()["ledger"] == before


def test_more_charges_than_a_transaction_takes_are_told() -> None:
    """A hundred repeats, each credited but for a little: the line is refused and told, nobody else's posting waits for it."""
    stage = a_stage(package=FIFTY, **ENDED)
    evaluate_through(stage, MARCH)
    [charge] = charges(stage)
    for number in range(100):
        repeat = charge._replace(key=f"{charge.key}~r{number}", repeat=True, credited_retail=Decimal("49.5"), credit_change=Decimal(0))
        stage.db.write(ledger.create_entry(repeat))
    stage.today = date(2031, 3, 10) + timedelta(days=1)
    stage.evaluate("the end")
    [failure] = reports.so_far(stage.db, reports.read_run(stage.db, "daily:2031-03-11")).failures
    assert failure.code == "too_many_charges"
