"""One customer of the sample, January to March 2031, worked out by hand to the cent and charged by the deployed service.

Every figure is a literal: nothing here computes what it expects. The stack is this module's own, because the daily
evaluation's progress belongs to the whole service and other tests evaluate other dates.
"""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from demo.loading import load_provider
from demo.provider import load
from demo.service import Service
from tools.embedded import EmbeddedStack

pytestmark = pytest.mark.deploy

CUSTOMER = "harbour-point-legal"

# The assignments of the sample, in its order.
HOSTED, NUMBER, RETURNED, HANDSETS, TRUNKS, RECORDING, EMERGENCY, PREPAID, SUPPORT, INSTALLATION, LATER = range(11)

# assignment, kind, due dates, cost and retail of each
BY_HAND: list[tuple[int, str, str, str, str]] = [
    (HOSTED, "setup", "2031-01-01", "25.00", "99.00"),  # starts on 1 January
    (HOSTED, "recurring", "2031-01-01 2031-02-01 2031-03-01", "92.50", "189.00"),  # monthly on 1
    (NUMBER, "setup", "2031-01-10", "0.40", "1.50"),  # starts on 10 January
    (NUMBER, "recurring", "2031-02-01 2031-03-01", "0.55", "1.95"),  # monthly on 1: first on 1 February
    (RETURNED, "setup", "2031-01-10", "0.40", "1.50"),  # starts on 10 January
    (RETURNED, "recurring", "2031-02-01", "0.55", "1.95"),  # ends on 28 February, so none on 1 March
    (HANDSETS, "setup", "2031-01-31", "54.00", "135.00"),  # 18 x 3.00 and 18 x 7.50, on the start date
    # no match: the start's day, 31, which February lacks; 18 x 2.15 and 18 x 5.50
    (HANDSETS, "recurring", "2031-01-31 2031-02-28 2031-03-31", "38.70", "99.00"),
    # on 15 and 31; February has no 31, so the 28th; 4 x 6.25 and 4 x 12.75
    (TRUNKS, "recurring", "2031-01-15 2031-01-31 2031-02-15 2031-02-28 2031-03-15 2031-03-31", "25.00", "51.00"),
    # Tuesdays (1 January is a Wednesday); 2 x 1.10 and 2 x 3.25
    (RECORDING, "recurring", "2031-01-07 2031-01-14 2031-01-21 2031-01-28", "2.20", "6.50"),
    (RECORDING, "recurring", "2031-02-04 2031-02-11 2031-02-18 2031-02-25", "2.20", "6.50"),
    (RECORDING, "recurring", "2031-03-04 2031-03-11 2031-03-18 2031-03-25", "2.20", "6.50"),
    (EMERGENCY, "recurring", "2031-01-01", "90.00", "210.00"),  # quarterly: next on 1 April; 25 x 3.60 and 25 x 8.40
    # every day, and debited: 31 + 28 + 31 = 90 days
    (PREPAID, "recurring", " ".join(f"2031-01-{day:02}" for day in range(1, 32)), "0.48", "1.20"),
    (PREPAID, "recurring", " ".join(f"2031-02-{day:02}" for day in range(1, 29)), "0.48", "1.20"),
    (PREPAID, "recurring", " ".join(f"2031-03-{day:02}" for day in range(1, 32)), "0.48", "1.20"),
    # yearly from 29 February 2028, taken over on 1 January 2031: only 28 February 2031 is charged here, without setup
    (SUPPORT, "recurring", "2031-02-28", "210.00", "480.00"),
    (INSTALLATION, "recurring", "2031-01-06", "60.00", "180.00"),  # once
]

# retail: hosted 99.00 + 3 x 189.00 = 666.00; numbers 1.50 + 2 x 1.95 = 5.40 and 1.50 + 1.95 = 3.45;
# handsets 135.00 + 3 x 99.00 = 432.00; trunks 6 x 51.00 = 306.00; recording 12 x 6.50 = 78.00; emergency 210.00;
# prepaid 90 x 1.20 = 108.00; support 480.00; installation 180.00
RETAIL = Decimal("2468.85")
# cost: 25.00 + 3 x 92.50 = 302.50; 0.40 + 2 x 0.55 = 1.50 and 0.40 + 0.55 = 0.95; 54.00 + 3 x 38.70 = 170.10;
# 6 x 25.00 = 150.00; 12 x 2.20 = 26.40; 90.00; 90 x 0.48 = 43.20; 210.00; 60.00
COST = Decimal("1054.65")
# hosted 1 + 3, numbers 1 + 2 and 1 + 1, handsets 1 + 3, trunks 6, recording 12, emergency 1, prepaid 90, support 1,
# installation 1
CHARGES = 124
# 200.00 paid in, less 90 x 1.20; nothing else is debited
BALANCE = Decimal("92.00")


@dataclass(frozen=True)
class Billed:
    """The service after the evaluation of 31 March, and the customer's assignment ids in the sample's order."""

    service: Service
    ids: list[str]


@pytest.fixture(scope="module")
def billed() -> Iterator[Billed]:
    """Four evaluations: the first day's, and each month's last, which catches up the days since the one before."""
    sample = load()
    customer = sample.customer(CUSTOMER)
    packages = dict.fromkeys(assignment.package for assignment in customer.assignments)
    only = replace(sample, customers=(customer,), packages=tuple(packages))
    with EmbeddedStack() as stack, closing(Service(base_url=stack.base_url, invoke=stack.invoke)) as service:
        ids = load_provider(service, only, lambda: None)
        for day in (date(2031, 1, 1), date(2031, 1, 31), date(2031, 2, 28), date(2031, 3, 31)):
            assert service.evaluate(day)["status"] == "finished"
        yield Billed(service, ids[CUSTOMER])


@pytest.fixture(scope="module")
def charges(billed: Billed) -> list[Any]:
    """Everything in the customer's ledger but the payment."""
    return [e for e in billed.service.items(f"/customers/{CUSTOMER}/ledger") if e["kind"] != "payment"]


def test_each_charge(billed: Billed, charges: list[Any]) -> None:
    wanted = Counter(
        (billed.ids[assignment], kind, day, Decimal(cost), Decimal(retail), "posted", False)
        for assignment, kind, due_dates, cost, retail in BY_HAND
        for day in due_dates.split()
    )
    found = Counter(
        (e["assignment_id"], e["kind"], e["date"], Decimal(e["cost"]), Decimal(e["retail"]), e["status"], e["repeat"]) for e in charges
    )
    assert found == wanted


def test_the_sums(charges: list[Any]) -> None:
    assert len(charges) == CHARGES
    assert sum(Decimal(entry["retail"]) for entry in charges) == RETAIL
    assert sum(Decimal(entry["cost"]) for entry in charges) == COST


def test_the_balance(billed: Billed) -> None:
    assert Decimal(billed.service.get(f"/customers/{CUSTOMER}")["balance"]) == BALANCE


def test_run_package_on_1_april(billed: Billed) -> None:
    report = billed.service.post("/runs", {"customer": CUSTOMER, "simulate": "yes", "date": "2031-04-01"})
    ids = billed.ids
    found = {(line["assignment_id"], line["kind"], line["cost"], line["retail"], line["margin"]) for line in report["lines"]}
    assert len(report["lines"]) == 5
    assert found == {
        (ids[HOSTED], "recurring", "92.50", "189.00", "96.50"),  # monthly on 1
        (ids[NUMBER], "recurring", "0.55", "1.95", "1.40"),  # monthly on 1
        (ids[RECORDING], "recurring", "2.20", "6.50", "4.30"),  # 1 April is a Tuesday; 2 x 1.10 and 2 x 3.25
        (ids[EMERGENCY], "recurring", "90.00", "210.00", "120.00"),  # three months after 1 January; 25 x 3.60 and 25 x 8.40
        (ids[PREPAID], "recurring", "0.48", "1.20", "0.72"),  # every day
    }
    assert {line["status"] for line in report["lines"]} == {"simulated"}
    assert report["totals"] == {
        "cost": "185.73",  # 92.50 + 0.55 + 2.20 + 90.00 + 0.48
        "retail": "408.65",  # 189.00 + 1.95 + 6.50 + 210.00 + 1.20
        "margin": "222.92",
        "credit_debited": "1.20",  # only the prepaid line is debited
        "held": "0.00",
        "below_cost": 0,
    }
    assert (report["balance_before"], report["balance_after"]) == ("92.00", "90.80")


def test_run_package_says_why_the_others_are_not_due(billed: Billed) -> None:
    report = billed.service.post("/runs", {"customer": CUSTOMER, "simulate": "yes", "date": "2031-04-01"})
    ids = billed.ids
    assert {item["assignment_id"]: item["reason"] for item in report["not_due"]} == {
        ids[RETURNED]: "ended on 2031-02-28",
        ids[HANDSETS]: "next due 2031-04-30",  # 31, which April lacks
        ids[TRUNKS]: "next due 2031-04-15",
        ids[SUPPORT]: "next due 2032-02-29",
        ids[INSTALLATION]: "charged once, on 2031-01-06",
        ids[LATER]: "starts on 2031-05-01",
    }


# April to June 2031 of the same customer
FORECAST = {
    # hosted 3 x 189.00 = 567.00; number 3 x 1.95 = 5.85; handsets on 30 April, 31 May and 30 June 3 x 99.00 = 297.00;
    # trunks 6 x 51.00 = 306.00; recording on 13 Tuesdays 13 x 6.50 = 84.50; emergency on 1 April 210.00;
    # prepaid 91 x 1.20 = 109.20; the Canadian number, from 1 May: setup 1.50, and 2 x 2.25 = 4.50
    "retail": "1585.55",
    # 3 x 92.50 = 277.50; 3 x 0.55 = 1.65; 3 x 38.70 = 116.10; 6 x 25.00 = 150.00; 13 x 2.20 = 28.60; 90.00;
    # 91 x 0.48 = 43.68; 0.40, and 2 x 0.70 = 1.40
    "cost": "709.33",
    "margin": "876.22",
    "credit_debited": "109.20",
    "held": "0.00",
    "lines": 123,  # 3 + 3 + 3 + 6 + 13 + 1 + 91 + 1 + 2
    "below_cost": 0,
}
QUARTER: dict[str, object] = {"customer": CUSTOMER, "from": "2031-04-01", "to": "2031-06-30"}


def test_the_forecast_of_the_next_quarter(billed: Billed) -> None:
    found = billed.service.post("/forecasts", QUARTER)
    assert found["totals"] == FORECAST
    # hosted 189.00, number 1.95, handsets 99.00, trunks 102.00, 5 recordings 32.50, emergency 210.00, prepaid 36.00
    # in May the Canadian number 3.75, 4 recordings 26.00, prepaid 37.20; in June 2.25 and prepaid 36.00
    assert [(one["month"], one["retail"]) for one in found["by_month"]] == [
        ("2031-04", "670.45"), ("2031-05", "458.90"), ("2031-06", "456.20"),
    ]  # fmt: skip
    assert (found["balance_before"], found["balance_after"], found["short_on"]) == ("92.00", "-17.20", None)  # the limit is 50.00


def test_a_rise_before_it_is_made(billed: Billed) -> None:
    [hosted] = [one for one in billed.service.items("/packages") if one["name"] == "Hosted phone system, 25 seats"]
    rise = {"package_id": hosted["package_id"], "from": "2031-05-01", "retail": "199.00"}
    tried = billed.service.post("/forecasts", {**QUARTER, "changes": {"prices": [rise]}})["what_if"]
    # 10.00 more in May and in June
    assert (tried["before"]["retail"], tried["after"]["retail"], tried["difference"]["retail"]) == ("1585.55", "1605.55", "20.00")
    assert billed.service.get(f"/packages/{hosted['package_id']}")["version"] == hosted["version"]


def test_the_audit_of_the_quarter(billed: Billed) -> None:
    asked: dict[str, object] = {"customer": CUSTOMER, "from": "2031-01-01", "to": "2031-03-31"}
    work_id = billed.service.post("/audits", asked)["work_id"]
    while (found := billed.service.get(f"/audits/{work_id}"))["status"] == "running":
        time.sleep(0.1)
    assert found["clean"] is True
    # the Canadian number, too, of which nothing is due before 1 May
    assert found["certificate"] == (
        "2031-01-01 to 2031-03-31: 124 due lines of 11 assignments, 124 posted, 0 missing, 0 double, every amount re-computed."
    )
