"""Three customers of the sample with calls of our own, February 2031, worked out by hand to the cent and charged by the deployed service.

Every figure is a literal: nothing here computes what it expects. Lindgren has two bundles of free minutes, Whitcombe and Menuiserie
promised a minimum. The stack is this module's own, because the daily evaluation's progress belongs to the whole service.
"""

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

LINDGREN, WHITCOMBE, MENUISERIE = "lindgren-imports", "whitcombe-estates", "menuiserie-des-vosges"

# Lindgren's assignments in the sample's order: a number; 300 minutes (18000 s) to 44, 91 and 1, refilled on the 1st;
# 90 minutes (5400 s) to 1, refilled on the 20th.
NUMBER, WORLD, NATION = range(3)

# arrival order: started at, number, seconds, charge; free seconds, billable seconds, charge to pay, drawn
BUNDLED: list[tuple[str, str, int, str, int, int, str, list[tuple[int, int]]]] = [
    # 80 minutes to New York. Both bundles have it; NATION expires on 20 February, WORLD on 1 March. 600 s of NATION are left
    ("02-03T15:00:00", "12125550100", 4800, "1.52", 4800, 0, "0.00", [(NATION, 4800)]),
    # 15 minutes to New York: 600 s of NATION, then 300 of WORLD, which has 17700 left
    ("02-04T15:00:00", "12125550100", 900, "0.285", 900, 0, "0.00", [(NATION, 600), (WORLD, 300)]),
    # 280 minutes to Mumbai: 900 s of WORLD are left
    ("02-05T15:00:00", "912255551000", 16800, "8.68", 16800, 0, "0.00", [(WORLD, 16800)]),
    # 20 minutes to a mobile in the UK: WORLD runs out in the middle; 1.30 x 300/1200
    ("02-06T15:00:00", "447700900123", 1200, "1.30", 900, 300, "0.325", [(WORLD, 900)]),
    # 10 minutes to Munich, which no bundle has
    ("02-07T15:00:00", "498999998123", 600, "0.24", 0, 600, "0.24", []),
    # NATION is refilled on 20 February
    ("02-20T00:00:00", "12125550100", 600, "0.19", 600, 0, "0.00", [(NATION, 600)]),
    # arrives late: on the 19th both were used up
    ("02-19T23:59:59", "12125550100", 60, "0.019", 0, 60, "0.019", []),
]

# date, spend, seconds, free seconds, calls
DAYS = [
    ("2031-02-03", "0.00", 4800, 4800, 1),
    ("2031-02-04", "0.00", 900, 900, 1),
    ("2031-02-05", "0.00", 16800, 16800, 1),
    ("2031-02-06", "0.325", 1200, 900, 1),
    ("2031-02-07", "0.24", 600, 0, 1),
    ("2031-02-19", "0.019", 60, 0, 1),
    ("2031-02-20", "0.00", 600, 600, 1),
]

# assignment, kind, date, cost, retail; through 1 March
LINDGREN_CHARGES = [
    (NATION, "recurring", "2031-01-20", "1.60", "5.00"),  # no match: the start's day
    (NUMBER, "setup", "2031-02-01", "0.40", "1.50"),
    (NUMBER, "recurring", "2031-02-01", "0.55", "1.95"),
    (WORLD, "recurring", "2031-02-01", "4.50", "12.00"),
    (NATION, "recurring", "2031-02-20", "1.60", "5.00"),
    (NUMBER, "recurring", "2031-03-01", "0.55", "1.95"),
    (WORLD, "recurring", "2031-03-01", "4.50", "12.00"),
]

# Whitcombe promised 40.00 a month: 10.00 + 4.995 + 0.005 = 15.00 in February, the 1st and its last second included
WHITCOMBE_CALLS = [
    ("02-01T00:00:00", "10.00"), ("02-14T12:00:00", "4.995"), ("02-28T23:59:59", "0.005"),
    ("03-01T00:00:00", "99.00"),  # March's
]  # fmt: skip
# Menuiserie promised 30.00 and leaves on 18 February: 0.24 + 9.00 + 0.50 = 9.74 are spent through that day
MENUISERIE_CALLS = [
    ("02-01T09:00:00", "0.24"), ("02-10T09:00:00", "9.00"), ("02-18T23:59:59", "0.50"),
    ("02-19T00:00:00", "7.00"),  # after the end
]  # fmt: skip


@dataclass(frozen=True)
class Billed:
    """The service after the evaluation of 1 March, the customers' assignment ids, and the answers to Lindgren's calls."""

    service: Service
    ids: dict[str, list[str]]
    answers: list[Any]

    def charges(self, customer_id: str, kind: str | None = None) -> list[Any]:
        """What stands in a customer's ledger, of one kind if given."""
        return [e for e in self.service.items(f"/customers/{customer_id}/ledger") if kind in (None, e["kind"])]


@pytest.fixture(scope="module")
def billed() -> Iterator[Billed]:
    """An evaluation before the calls, and one after them, which settles the minimums on their due dates."""
    sample = load()
    customers = tuple(sample.customer(customer_id) for customer_id in (LINDGREN, WHITCOMBE, MENUISERIE))
    packages = dict.fromkeys(assignment.package for customer in customers for assignment in customer.assignments)
    only = replace(sample, customers=customers, packages=tuple(packages))
    with EmbeddedStack() as stack, closing(Service(base_url=stack.base_url, invoke=stack.invoke)) as service:
        ids = load_provider(service, only, lambda: None)
        assert service.evaluate(date(2031, 1, 20))["status"] == "finished"
        answers = send(service, LINDGREN, lindgrens_calls())
        for customer_id, calls in ((WHITCOMBE, WHITCOMBE_CALLS), (MENUISERIE, MENUISERIE_CALLS)):
            send(service, customer_id, [call(at, "3334657100", 60, charge) for at, charge in calls])
        assert service.evaluate(date(2031, 3, 1))["status"] == "finished"
        yield Billed(service, ids, answers)


def call(at: str, number: str, seconds: int, charge: str) -> dict[str, Any]:
    return {"call_id": at, "started_at": f"2031-{at}Z", "destination": number, "seconds": seconds, "charge": charge}


def lindgrens_calls() -> list[dict[str, Any]]:
    return [call(at, number, seconds, charge) for at, number, seconds, charge, *_ in BUNDLED]


def send(service: Service, customer_id: str, calls: list[dict[str, Any]]) -> list[Any]:
    return list(service.post(f"/customers/{customer_id}/usage", {"calls": calls})["calls"])


def test_each_call(billed: Billed) -> None:
    ids = billed.ids[LINDGREN]
    assert billed.answers == [
        {"call_id": at, "free_seconds": free, "billable_seconds": billable, "charge": to_pay,
         "drawn": [{"assignment_id": ids[index], "seconds": drawn_seconds} for index, drawn_seconds in drawn]}
        for at, _, _, _, free, billable, to_pay, drawn in BUNDLED
    ]  # fmt: skip


def test_the_calls_sent_again_change_nothing(billed: Billed) -> None:
    assert send(billed.service, LINDGREN, lindgrens_calls()[::-1]) == billed.answers[::-1]
    test_the_days(billed)
    test_the_minutes(billed)


def test_the_days(billed: Billed) -> None:
    found = billed.service.items(f"/customers/{LINDGREN}/usage")
    assert sorted((d["date"], d["spend"], d["seconds"], d["free_seconds"], d["calls"]) for d in found) == DAYS


def test_the_minutes(billed: Billed) -> None:
    def minutes(day: str) -> dict[str, tuple[int, int, int, str, str]]:
        items = billed.service.get(f"/customers/{LINDGREN}/minutes", date=day)["items"]
        names = ("used", "total", "remaining", "began_on", "refills_on")
        return {item["assignment_id"]: tuple(item[name] for name in names) for item in items}

    ids = billed.ids[LINDGREN]
    assert minutes("2031-02-19") == {
        ids[WORLD]: (18000, 18000, 0, "2031-02-01", "2031-03-01"),  # 300 + 16800 + 900
        ids[NATION]: (5400, 5400, 0, "2031-01-20", "2031-02-20"),  # 4800 + 600
    }
    assert minutes("2031-03-01") == {
        ids[WORLD]: (0, 18000, 18000, "2031-03-01", "2031-04-01"),
        ids[NATION]: (600, 5400, 4800, "2031-02-20", "2031-03-20"),
    }


def test_the_bundles_charges(billed: Billed) -> None:
    ids, charges = billed.ids[LINDGREN], billed.charges(LINDGREN)
    found = [(e["assignment_id"], e["kind"], e["date"], e["cost"], e["retail"]) for e in charges]
    assert sorted(found) == sorted((ids[index], *rest) for index, *rest in LINDGREN_CHARGES)
    # 2 x 5.00 + 1.50 + 2 x 1.95 + 2 x 12.00 and 2 x 1.60 + 0.40 + 2 x 0.55 + 2 x 4.50
    assert sum(Decimal(e["retail"]) for e in charges) == Decimal("39.40")
    assert sum(Decimal(e["cost"]) for e in charges) == Decimal("13.70")


def test_what_is_missing_to_a_whole_minimum(billed: Billed) -> None:
    (charge,) = billed.charges(WHITCOMBE, "minimum_spend")
    assert (charge["date"], charge["cost"], charge["retail"]) == ("2031-03-01", "2.00", "25.00")  # 40.00 - 15.00
    assert (charge["spend"], charge["period"]) == ("15.00", {"from": "2031-02-01", "to": "2031-03-01", "through": "2031-02-28"})
    assert charge["explanation"] == (
        'Minimum spend of "Monthly commitment", monthly on 1: minimum 1 x 40.00, '
        "spent 15.00 from 2031-02-01 through 2031-02-28, to pay 25.00 USD."
    )


def test_what_is_missing_to_a_minimum_that_ends_in_its_period(billed: Billed) -> None:
    (charge,) = billed.charges(MENUISERIE, "minimum_spend")
    # 1.50 x 18/28 = 0.9642857; 30.00 x 18/28 = 19.2857142, rounded to 19.285714, less 9.74
    assert (charge["date"], charge["cost"], charge["retail"]) == ("2031-02-19", "0.964286", "9.545714")
    assert (charge["spend"], charge["period"]) == ("9.74", {"from": "2031-02-01", "to": "2031-02-19", "through": "2031-02-18"})


def test_the_running_month_says_what_is_missing(billed: Billed) -> None:
    report = billed.service.post("/runs", {"customer": WHITCOMBE, "simulate": "yes", "date": "2031-03-02"})
    told = {one["assignment_id"]: one for one in report["not_due"]}[billed.ids[WHITCOMBE][1]]
    assert (told["spend"], told["missing"]) == ("99.00", "0.00")  # the call of 1 March; 40.00 were promised
