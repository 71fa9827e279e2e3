"""Dated terms over HTTP, with an evaluation every day: what is entered holds from its day on, and on no other."""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import permutations
from typing import Any, Final

import pytest

from chalicelib.domain.progress import Sweep
from chalicelib.storage import progress
from chalicelib.usecases import customers
from tests.aws import gateway
from tests.aws.dated import Calendar, Refused, calendar_from
from tests.world.dynamodb import Answer, Request

MONTHLY: Final = {"frequency": "monthly", "frequency_match": [1]}


@pytest.fixture
def calendar(monkeypatch: pytest.MonkeyPatch) -> Iterator[Calendar]:
    with calendar_from("2031-02-20", monkeypatch) as made:
        yield made


def refused(work: Callable[[], Any], code: str, status: int = 422) -> Refused:
    with pytest.raises(Refused) as caught:
        work()
    assert (caught.value.status, caught.value.code) == (status, code), caught.value
    return caught.value


def codes(answer: dict[str, Any]) -> list[str]:
    return [one["code"] for one in answer["warnings"]]


def test_a_discount_until_the_eve_of_the_third_due_date(calendar: Calendar) -> None:
    package = calendar.package(retail="49.00", **MONTHLY)
    calendar.assign(package, terms=[{"from": "2031-02-20", "until": "2031-04-30", "discount": "20"}])
    calendar.go_to("2031-05-02")
    assert calendar.retails() == ["03-01 39.20", "04-01 39.20", "05-01 49.00"]


def test_a_discount_of_a_third(calendar: Calendar) -> None:
    calendar.assign(calendar.package(retail="12.50", **MONTHLY), quantity=4, discount="33.3333")
    calendar.go_to("2031-03-01")
    assert calendar.retails() == ["03-01 33.33335"]


def test_an_own_price_for_a_quarter(calendar: Calendar) -> None:
    made = calendar.assign(calendar.package(retail="12.50", **MONTHLY))
    made.enter("2031-04-01", until="2031-06-30", retail="9.99")
    calendar.go_to("2031-07-01")
    assert calendar.retails() == ["03-01 12.50", "04-01 9.99", "05-01 9.99", "06-01 9.99", "07-01 12.50"]
    entries = calendar.ledger()
    assert [one["own_price"] for one in entries] == [False, True, True, True, False]
    assert "own price instead of 12.50" in entries[1]["explanation"]


def test_a_quantity_from_a_day_on(calendar: Calendar) -> None:
    made = calendar.assign(calendar.package(retail="1", **MONTHLY))
    calendar.go_to("2031-04-01")
    made.enter("2031-04-02", quantity=5)
    calendar.go_to("2031-05-01")
    assert calendar.retails() == ["03-01 1.00", "04-01 1.00", "05-01 5.00"]


def test_a_discount_of_all_leaves_setup_and_cost(calendar: Calendar, monkeypatch: pytest.MonkeyPatch) -> None:
    with calendar_from("2031-02-10", monkeypatch) as early:
        package = early.package(retail="20", cost="4", setup_retail="10", frequency="monthly", frequency_match=[15])
        early.assign(package, terms=[{"from": "2031-02-10", "until": "2031-03-14", "discount": "100"}])
        early.go_to("2031-03-15")
        found = early.ledger()
    assert [(one["date"], one["kind"], one["retail"], one["cost"]) for one in found] == [
        ("2031-02-10", "setup", "10.00", "0.00"), ("2031-02-15", "recurring", "0.00", "4.00"), ("2031-03-15", "recurring", "20.00", "4.00"),
    ]  # fmt: skip
    assert (found[1]["discount"], found[1]["explanation"].endswith("less 100 % = 0.00 USD.")) == ("100.00", True)


def test_a_pause_that_is_made_longer(calendar: Calendar) -> None:
    made = calendar.assign(calendar.package(retail="1", frequency="daily"))
    calendar.evaluate()
    made.enter("2031-03-05", paused=True, until="2031-03-15")
    made.enter("2031-03-05", until="2031-03-20")
    calendar.go_to("2031-03-22")
    days = [due[:5] for due in calendar.retails()]
    assert (days[-1], "03-21" in days, {f"03-{day:02}" for day in range(5, 21)} & {*days}) == ("03-22", True, set())


def test_the_latest_entry_that_names_a_field_has_it(calendar: Calendar) -> None:
    made = calendar.assign(calendar.package(retail="10", frequency="daily"))
    calendar.evaluate()
    made.enter("2031-06-15", until="2031-06-30", quantity=5)
    made.enter("2031-05-01", until="2031-07-31", discount="10")
    made.enter("2031-06-01", quantity=3)
    for day, shown in (("2031-06-20", (5, "10.00")), ("2031-07-01", (3, "10.00")), ("2031-08-01", (3, "0.00"))):
        calendar.stage.today = date.fromisoformat(day)
        told = made.read()
        assert (told["quantity"], told["discount"]) == shown


ENTRIES: Final[list[tuple[str, dict[str, Any]]]] = [
    ("2031-03-02", {"quantity": 3}),
    ("2031-03-04", {"until": "2031-03-09", "discount": "12.5", "retail": "8"}),
    ("2031-03-06", {"until": "2031-03-07", "paused": True}),
    ("2031-03-08", {"retail": None, "quantity": 2}),
]


def test_the_order_in_which_entries_are_made_does_not_matter(calendar: Calendar) -> None:
    package = calendar.package(retail="10", frequency="daily")
    made = {order: calendar.assign(package) for order in permutations(range(len(ENTRIES)))}
    for order, one in made.items():
        for number in order:
            begins, fields = ENTRIES[number]
            one.enter(begins, **fields)
    calendar.go_to("2031-03-11")
    by_assignment: dict[str, list[tuple[str, str]]] = {}
    for entry in calendar.ledger():
        by_assignment.setdefault(entry["assignment_id"], []).append((entry["date"], entry["retail"]))
    histories = list(by_assignment.values())
    assert len(histories) == len(made)
    assert all(history == histories[0] for history in histories)
    assert histories[0][9:] == [
        ("2031-03-01", "10.00"), ("2031-03-02", "30.00"), ("2031-03-03", "30.00"), ("2031-03-04", "21.00"), ("2031-03-05", "21.00"),
        ("2031-03-08", "17.50"), ("2031-03-09", "17.50"), ("2031-03-10", "20.00"), ("2031-03-11", "20.00"),
    ]  # fmt: skip


def test_a_missed_day_keeps_its_quantity(calendar: Calendar) -> None:
    made = calendar.assign(calendar.package(retail="10", **MONTHLY))
    calendar.go_to("2031-02-28")
    calendar.go_to("2031-03-02", evaluating=False)
    assert made.patch(quantity=5)["effective_from"] == "2031-03-02"
    calendar.evaluate()
    calendar.go_to("2031-04-01")
    assert calendar.retails() == ["03-01 10.00", "04-01 50.00"]


def test_an_edit_holds_from_the_first_open_day_and_is_shown(calendar: Calendar) -> None:
    made = calendar.assign(calendar.package(retail="10", frequency="daily"))
    assert made.made["effective_from"] is None
    calendar.evaluate()
    told = made.patch(quantity=2, discount="50")
    assert (told["effective_from"], told["quantity"], told["discount"], told["version"]) == ("2031-02-21", 2, "50.00", 2)
    assert {name: value for name, value in told.items() if name not in ("warnings", "effective_from")} == made.read()
    entry = made.terms()["items"][0]
    assert entry == {"from": "2031-02-21", "until": None, "quantity": 2, "discount": "50.00", "entered_at": "2031-02-20T12:00:00+00:00"}
    same = made.patch(quantity=2)
    assert (same["version"], same["effective_from"]) == (2, None)
    made.patch(auto_decrement_credit=True, quantity=None)
    assert made.terms()["items"][0] | {"entered_at": ""} == {
        "from": "2031-02-21", "until": None, "quantity": 1, "discount": "50.00", "auto_decrement_credit": True, "entered_at": "",
    }  # fmt: skip
    calendar.go_to("2031-02-21")
    assert calendar.retails() == ["02-20 10.00", "02-21 5.00"]
    assert Decimal(calendar.ask("GET", "/customers/{customer_id}")["balance"]) == -5


def test_an_edit_before_the_start_holds_from_it(calendar: Calendar) -> None:
    made = calendar.assign(calendar.package(retail="10", frequency="daily"), start_date="2031-03-01")
    assert made.patch(quantity=4)["effective_from"] == "2031-03-01"
    assert made.read()["quantity"] == 4
    assert made.terms()["first"]["quantity"] == 1
    calendar.go_to("2031-03-01")
    assert calendar.retails() == ["03-01 40.00"]


def test_an_edit_of_a_day_with_an_end_keeps_the_end(calendar: Calendar) -> None:
    made = calendar.assign(calendar.package(retail="10", frequency="daily"))
    calendar.evaluate()
    made.enter("2031-02-21", until="2031-02-22", discount="50")
    made.patch(quantity=2)
    calendar.go_to("2031-02-23")
    assert calendar.retails() == ["02-20 10.00", "02-21 10.00", "02-22 10.00", "02-23 10.00"]


def test_days_that_are_not_open_are_refused(calendar: Calendar) -> None:
    made = calendar.assign(calendar.package(retail="10", frequency="daily"))
    calendar.evaluate()
    for begins in ("2031-02-20", "2031-02-19", "2030-01-01"):
        told = refused(partial(made.enter, begins, quantity=2), "not_open")
        assert told.body["first_open_day"] == "2031-02-21"
        assert told.body["errors"][0]["pointer"] == "/from"
    made.enter("2031-02-21", quantity=2)
    calendar.go_to("2031-02-21")
    assert refused(lambda: made.remove("2031-02-21"), "not_open").body["first_open_day"] == "2031-02-22"
    refused(lambda: made.remove("2031-02-25"), "not_found", 404)
    refused(lambda: made.enter("2031-02-30", quantity=2), "invalid")


def test_while_nothing_is_charged_terms_begin_on_any_day_from_the_start(calendar: Calendar) -> None:
    made = calendar.assign(calendar.package(frequency="daily"))
    calendar.go_to("2031-02-24")
    assert calendar.retails() == []
    refused(lambda: made.enter("2031-02-19", retail="7"), "not_open")
    told = made.enter("2031-02-22", until="2031-02-23", retail="7")
    assert (told["effective_from"], calendar.retails()) == ("2031-02-22", ["02-22 7.00", "02-23 7.00"])
    refused(lambda: made.enter("2031-02-23", retail="8"), "not_open")


def test_much_backlog_by_an_entry_is_confirmed(calendar: Calendar) -> None:
    made = calendar.assign(calendar.package(frequency="daily"))
    calendar.go_to("2031-02-26")
    told = refused(lambda: made.enter("2031-02-21", retail="7"), "backlog", 409)
    assert [one["due_date"] for one in told.body["backlog"]] == [f"2031-02-{day}" for day in range(21, 27)]
    made.enter("2031-02-21", retail="7", confirm_backlog=True)
    assert len(calendar.retails()) == 6


@pytest.mark.parametrize(
    ("pointer", "fields"),
    [
        ("/discount", {"discount": "100.1"}), ("/discount", {"discount": "1.23456"}), ("/discount", {"discount": "-1"}),
        ("/discount", {"discount": None}), ("/quantity", {"quantity": 0}), ("/quantity", {"quantity": None}),
        ("/retail", {"retail": "-1"}), ("/until", {"quantity": 2, "until": "2031-02-28"}), ("/paused", {"paused": "yes"}),
        ("/free_minutes", {"free_minutes": 5}), ("", {}), ("/setup_retail", {"setup_retail": "1"}),
        ("/reason", {"quantity": 2, "reason": "x"}),
        ("/quantity", {"quantity": 1_000_000, "retail": "1000000000"}),
    ],
)  # fmt: skip
def test_bad_entries_are_refused(calendar: Calendar, pointer: str, fields: dict[str, Any]) -> None:
    made = calendar.assign(calendar.package(retail="10", frequency="daily"))
    told = refused(lambda: made.enter("2031-03-01", **fields), "invalid")
    assert [one["pointer"] for one in told.body["errors"]] == [pointer]
    assert made.terms()["items"] == []


def test_the_start_date_is_never_paused(calendar: Calendar) -> None:
    made = calendar.assign(calendar.package(retail="10", frequency="daily"), start_date="2031-03-01")
    assert refused(lambda: made.enter("2031-02-25", paused=True), "invalid").body["errors"][0]["pointer"] == "/paused"
    made.enter("2031-03-02", paused=True)
    refused(lambda: made.patch(start_date="2031-03-02"), "invalid")


def test_an_assignment_has_at_most_200_entries(calendar: Calendar) -> None:
    package = calendar.package(retail="10", frequency="daily")
    entries = [{"from": str(date.fromordinal(date(2031, 3, 1).toordinal() + n)), "quantity": n + 2} for n in range(200)]
    made = calendar.assign(package, terms=entries)
    refused(lambda: made.enter("2032-01-01", quantity=2), "invalid")
    made.enter("2031-03-01", quantity=9)
    made.remove("2031-03-01")
    made.enter("2032-01-01", quantity=2)
    refused(lambda: calendar.assign(package, terms=[*entries, {"from": "2033-01-01", "quantity": 1}]), "invalid")


def test_an_entry_honours_the_version(calendar: Calendar) -> None:
    made = calendar.assign(calendar.package(retail="10", frequency="daily"))
    told = made.enter("2031-03-01", quantity=2, headers={"If-Match": '"1"'})
    assert told["version"] == 2
    refused(lambda: made.enter("2031-03-02", quantity=2, headers={"If-Match": '"1"'}), "version_mismatch", 412)
    assert made.enter("2031-03-01", quantity=2)["version"] == 2
    assert made.remove("2031-03-01")["version"] == 3


def test_first_values_and_own_setup_prices(calendar: Calendar) -> None:
    package = calendar.package(retail="10", cost="4", setup_retail="25", setup_cost="5", frequency="daily")
    made = calendar.assign(package, retail="9", cost="3", discount="10", setup_retail="0", setup_cost="1", quantity=2)
    shown = {name: made.made[name] for name in ("retail", "cost", "discount", "setup_retail", "setup_cost", "paused")}
    assert shown == {
        "retail": "9.00", "cost": "3.00", "discount": "10.00", "setup_retail": "0.00", "setup_cost": "1.00", "paused": False,
    }  # fmt: skip
    made.patch(setup_retail="2")
    calendar.evaluate()
    assert [(one["kind"], one["retail"]) for one in calendar.ledger()] == [("setup", "4.00"), ("recurring", "16.20")]
    refused(lambda: made.patch(setup_retail="3"), "charged", 409)


def test_a_file_has_first_values_as_columns(calendar: Calendar) -> None:
    package = calendar.package(retail="10", frequency="daily")
    rows = f"customer_id,package_id,start_date,retail,discount,setup_retail\nann,{package},2031-02-20,9.50,50,0\n"
    answer = gateway.answered(
        gateway.event("POST", "/assignments/import", query={"dry_run": ["false"]}, body=rows, headers={"Content-Type": "text/csv"})
    )
    assert answer["statusCode"] == 201, answer
    calendar.evaluate()
    assert calendar.retails() == ["02-20 4.75"]
    bad = rows.replace("retail,discount", "terms,discount")
    answer = gateway.answered(
        gateway.event("POST", "/assignments/import", query={"dry_run": ["false"]}, body=bad, headers={"Content-Type": "text/csv"})
    )
    assert answer["statusCode"] == 422


def begin_before_the_write(calendar: Calendar) -> list[str]:
    """Let the evaluation of today begin just before the next transaction that names its condition."""
    begun: list[str] = []

    def hook(request: Request, effect: Callable[[], Answer]) -> Answer:
        if any("ConditionCheck" in action for action in request.arguments.get("TransactItems", ())) and not begun:
            begun.append(request.operation)
            progress.start_sweep(calendar.stage.db, Sweep(calendar.stage.today, calendar.stage.today), None)
        return effect()

    calendar.stage.store.hook = hook
    return begun


def test_what_is_there_already_may_be_sent_again_when_its_day_is_over(calendar: Calendar) -> None:
    """rules 3, Price lists, and rules 4, Terms: a request that is repeated a day later answers as the first one did."""
    package = calendar.package(retail="10", frequency="daily")
    made = calendar.assign(package)
    entry: dict[str, Any] = {"quantity": 2, "until": "2031-02-22"}
    prices = ("PUT", "/packages/{package_id}/prices/{from}")
    params = {"package_id": package, "from": "2031-02-21"}
    calendar.evaluate()
    entered, listed = made.enter("2031-02-21", **entry), calendar.ask(*prices, {"retail": "11"}, params=params)
    calendar.go_to("2031-02-24")
    assert made.enter("2031-02-21", **entry)["version"] == entered["version"]
    assert calendar.ask(*prices, {"retail": "11"}, params=params)["version"] == listed["version"]
    refused(lambda: made.enter("2031-02-21", quantity=2), "not_open")
    refused(lambda: calendar.ask(*prices, {"retail": "12"}, params=params), "not_open")


def test_an_edit_that_loses_against_the_evaluation_means_the_next_day(calendar: Calendar) -> None:
    made = calendar.assign(calendar.package(retail="10", frequency="daily"))
    begun = begin_before_the_write(calendar)
    assert made.patch(quantity=2)["effective_from"] == "2031-02-21"
    assert begun == ["transact_write_items"]


def test_an_entry_that_loses_against_the_evaluation_is_refused(calendar: Calendar) -> None:
    made = calendar.assign(calendar.package(retail="10", frequency="daily"), start_date="2031-02-19")
    begun = begin_before_the_write(calendar)
    refused(lambda: made.enter("2031-02-20", quantity=2), "not_open")
    assert begun == ["transact_write_items"]
    calendar.stage.store.hook = None
    assert made.terms()["items"] == []


def test_a_correction_of_the_past_charges_what_is_newly_due(calendar: Calendar) -> None:
    made = calendar.assign(calendar.package(retail="10", frequency="daily"))
    calendar.evaluate()
    made.enter("2031-02-21", paused=True, until="2031-02-25")
    calendar.go_to("2031-02-26")
    assert calendar.retails() == ["02-20 10.00", "02-26 10.00"]
    refused(lambda: made.enter("2031-02-21", correct=True, until="2031-02-23"), "invalid")
    refused(lambda: made.enter("2031-02-21", until="2031-02-23"), "not_open")
    told = made.enter("2031-02-21", correct=True, reason="came back early", until="2031-02-23")
    assert calendar.retails() == ["02-20 10.00", "02-24 10.00", "02-25 10.00", "02-26 10.00"]
    assert told["items"][0]["reason"] == "came back early"
    assert [(one["until"], one["superseded_at"]) for one in told["superseded"]] == [("2031-02-25", "2031-02-26T12:00:00+00:00")]
    made.enter("2031-02-24", correct=True, reason="was promised", discount="50", until="2031-02-25")
    assert calendar.retails() == ["02-20 10.00", "02-24 10.00", "02-25 10.00", "02-26 10.00"]
    assert made.read()["evaluate_from"] == "2031-02-27"


def test_a_correction_of_much_is_confirmed(calendar: Calendar) -> None:
    made = calendar.assign(calendar.package(retail="10", frequency="daily"))
    calendar.evaluate()
    made.enter("2031-02-21", paused=True, until="2031-02-27")
    calendar.go_to("2031-02-27")
    fix: dict[str, Any] = {"paused": False, "correct": True, "reason": "never left"}
    told = refused(lambda: made.enter("2031-02-21", **fix), "backlog", 409)
    assert len(told.body["backlog"]) == 7
    made.enter("2031-02-21", confirm_backlog=True, **fix)
    assert len(calendar.retails()) == 8


def test_what_is_charged_ahead_is_warned_of_and_kept_for_audits(calendar: Calendar) -> None:
    made = calendar.assign(calendar.package(retail="10", frequency="daily"))
    calendar.evaluate()
    made.enter("2031-02-22", quantity=2)
    calendar.ask("POST", "/runs", {"customer": "ann", "simulate": False, "date": "2031-02-22"})
    told = made.enter("2031-02-22", quantity=3)
    assert codes(told) == ["charged_ahead"]
    assert [one["quantity"] for one in told["superseded"]] == [2]
    assert codes(made.enter("2031-02-23", quantity=4)) == []
    assert made.enter("2031-02-23", quantity=5)["superseded"] == told["superseded"]
    assert codes(made.patch(discount="5")) == ["charged_ahead"]


def test_warnings_of_entries(calendar: Calendar) -> None:
    package = calendar.package(retail="10", cost="6", **MONTHLY)
    made = calendar.assign(package)
    assert codes(made.enter("2031-03-01", retail="7")) == []
    assert codes(made.enter("2031-03-02", discount="20")) == ["below_cost"]
    assert codes(made.enter("2031-04-02", until="2031-04-29", discount="30")) == ["below_cost", "no_line_affected"]
    told = made.enter("2031-05-01", until="2031-06-30", paused=True)
    assert codes(told) == ["skips_due_dates"]
    assert "2031-05-01 (5.60 USD), 2031-06-01 (5.60 USD)" in told["warnings"][0]["detail"]
    assert codes(made.enter("2031-07-02", until="2031-07-20", paused=True)) == []
    assert codes(calendar.assign(package, retail="5").made) == ["duplicate", "below_cost"]


def test_a_paused_day_gives_no_minutes_and_no_feature(calendar: Calendar) -> None:
    package = calendar.package(retail="1", frequency="daily", type="free_minutes", connexcs_package="asr")
    made = calendar.assign(package, free_minutes=10, terms=[{"from": "2031-02-21", "until": "2031-02-22", "paused": True}])
    seconds = []
    for day in ("2031-02-20", "2031-02-21", "2031-02-22", "2031-02-23"):
        calendar.go_to(day)
        body = {"calls": [{"call_id": day, "started_at": f"{day}T09:00:00Z", "destination": "4412", "seconds": 60, "charge": "1"}]}
        seconds.append(calendar.ask("POST", "/customers/{customer_id}/usage", body)["calls"][0]["free_seconds"])
        enabled = customers.features(calendar.stage.db, "ann", calendar.stage.today)
        assert bool(enabled) == bool(seconds[-1])
        assert bool(calendar.ask("GET", "/customers/{customer_id}/minutes")["items"]) == bool(seconds[-1])
    assert seconds == [60, 0, 0, 60]
    report = calendar.ask("POST", "/runs/simulations", {"customer": "ann", "date": "2031-02-21"})
    assert [one["reason"] for one in report["not_due"]] == ["paused until 2031-02-22"]
    made.enter("2031-03-01", paused=True)
    report = calendar.ask("POST", "/runs/simulations", {"customer": "ann", "date": "2031-03-02"})
    assert [one["reason"] for one in report["not_due"]] == ["paused"]


def test_minutes_by_the_day_of_the_call(calendar: Calendar) -> None:
    package = calendar.package(retail="1", **MONTHLY, type="free_minutes")
    made = calendar.assign(package, free_minutes=10)
    calendar.evaluate()
    assert made.patch(free_minutes=20)["free_minutes"] == 20
    assert calendar.ask("GET", "/customers/{customer_id}/minutes")["items"][0]["total"] == 600
    calendar.go_to("2031-02-21")
    told = calendar.ask("GET", "/customers/{customer_id}/minutes")["items"][0]
    assert (told["total"], told["free_minutes"]) == (1200, 20)


def test_a_held_charge_is_tried_with_the_debit_of_the_day_of_the_try(calendar: Calendar) -> None:
    calendar.stage.customer("ann", limit="0")
    calendar.ask("PATCH", "/customers/{customer_id}", {"debit_limit": "0"})
    made = calendar.assign(calendar.package(retail="10", **MONTHLY), start_date="2031-02-20", auto_decrement_credit=True)
    calendar.go_to("2031-03-01")
    assert [one["status"] for one in calendar.ask("GET", "/held")["items"]] == ["held"]
    made.enter("2031-03-03", auto_decrement_credit=False)
    calendar.go_to("2031-03-02")
    assert len(calendar.ask("GET", "/held")["items"]) == 1
    calendar.go_to("2031-03-03")
    assert calendar.ask("GET", "/held")["items"] == []
    assert calendar.ask("GET", "/customers/{customer_id}")["balance"] == "0.00"


def test_lists_show_the_values_of_the_first_open_day(calendar: Calendar) -> None:
    made = calendar.assign(calendar.package(retail="10", frequency="daily"), terms=[{"from": "2031-02-21", "quantity": 7}])

    def quantities() -> list[int]:
        return [one["quantity"] for one in calendar.ask("GET", "/customers/{customer_id}/assignments")["items"]]

    assert quantities() == [1]
    calendar.evaluate()
    assert (quantities(), made.read()["quantity"]) == ([7], 7)


def test_a_pause_keeps_the_did_and_lets_minimum_days_run_on(calendar: Calendar) -> None:
    package = calendar.package(retail="10", frequency="daily", minimum_days=10)
    made = calendar.assign(package, did="4420", terms=[{"from": "2031-02-22", "paused": True}])
    calendar.stage.customer("bob")
    calendar.go_to("2031-02-25")
    other = {"package_id": package, "start_date": "2031-02-25", "did": "4420"}
    refused(lambda: calendar.ask("POST", "/customers/{customer_id}/assignments", other, params={"customer_id": "bob"}), "did_in_use", 409)
    assert refused(lambda: made.patch(end_date="2031-03-01"), "minimum_days", 409).body["earliest_end_date"] == "2031-03-02"
    assert made.patch(end_date="2031-03-02")["end_date"] == "2031-03-02"


def test_an_edit_of_a_price_says_from_which_day_it_holds(calendar: Calendar) -> None:
    package = calendar.package(retail="10", frequency="daily")

    def edit(method: str = "PATCH", **fields: Any) -> Any:
        return calendar.ask(method, "/packages/{package_id}", fields, params={"package_id": package})["effective_from"]

    assert edit(retail="11") is None  # nobody has it: the first list changes
    calendar.assign(package)
    assert (edit(name="Trunk"), edit(retail="11")) == (None, None)
    assert edit(retail="12") == "2031-02-20"
    calendar.evaluate()
    assert edit(retail="13") == "2031-02-21"
    answered = calendar.ask("PATCH", "/packages/{package_id}", {"cost": "1"}, params={"package_id": package})
    assert edit("PUT", **answered | {"retail": "14"}) == "2031-02-21"
    begin_before_the_write(calendar)
    calendar.stage.today = date(2031, 2, 21)
    assert edit(retail="15") == "2031-02-22"
