"""Credits, and what stands after them, over HTTP: what each step posts, and the balance afterwards (rules 4: Credits; rules 6)."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from tests.aws.dated import CUSTOMER, Calendar, Refused, calendar_from

FIRST: Final = "2031-03-01"
END: Final = "2031-03-10"
NEXT: Final = "2031-03-11"


class Ann:
    """A customer with one monthly package from the first of March on, debited. Steps answer in words, with the balance."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar

    def assign(self, package: dict[str, str], **fields: Any) -> None:
        made = self.calendar.package(frequency="monthly", frequency_match=[1], **package)
        self.calendar.assign(made, auto_decrement_credit=True, **fields)

    def told(self, text: str) -> str:
        return f"{text}; {self.calendar.ask('GET', CUSTOMER)['balance']}"

    def credit(self, *, repeat: bool = False, **fields: Any) -> str:
        """Credit the charge of the first, or its repeat. The retail and cost of the credit, or why there is none, and what is left."""
        (charge,) = (one for one in self.calendar.ledger() if (one["kind"], one.get("repeat")) == ("recurring", repeat))
        params, body = {"entry_id": charge["entry_id"]}, {"reason": "Wrong price"} | fields
        try:
            made = self.calendar.ask("POST", f"{CUSTOMER}/ledger/{{entry_id}}/credit", body, params=params)
        except Refused as refused:
            return self.told(f"{refused.status} {refused.code}, left {refused.body['left']['retail']}")
        return self.told(f"{made['retail']} cost {made['cost']}")

    def run(self, day: str, run_id: str, if_charged: str = "skip") -> str:
        """Status and retail of the only line of a live run, and what that differs by from what was charged already."""
        body = {"customer": "ann", "date": day, "simulate": False, "if_charged": if_charged, "run_id": run_id}
        (line,) = self.calendar.ask("POST", "/runs", body)["lines"]
        differs = "" if line["difference"] is None else f" differs by {line['difference']}"
        return self.told(f"{line['status']} {line['retail']}{differs}")

    def reverse(self, run_id: str) -> str:
        """What the reversal posts."""
        undone = self.calendar.ask("POST", "/runs/{run_id}/reversal", params={"run_id": run_id})["reversals"]
        return self.told(" ".join(one["retail"] for one in undone))


def credited_in_two_parts(ann: Ann) -> list[str]:
    ann.assign({"retail": "29.95", "cost": "10.00"})
    ann.calendar.evaluate()
    return [ann.credit(retail="10"), ann.credit(), ann.credit()]


def credited_twenty_twice(ann: Ann) -> list[str]:
    ann.assign({"retail": "29.95"})
    ann.calendar.evaluate()
    return [ann.credit(retail="20"), ann.credit(retail="20")]


def repeat_credited(ann: Ann) -> list[str]:
    ann.assign({"retail": "29.95"})
    ann.calendar.evaluate()
    return [ann.run(FIRST, "again", "charge_again"), ann.credit(repeat=True, recharge=True), ann.run(FIRST, "left")]


def reversed_and_run_again(ann: Ann) -> list[str]:
    ann.assign({"retail": "29.95"})
    steps = [ann.run(FIRST, "wrong"), ann.reverse("wrong"), ann.run(FIRST, "one"), ann.run(FIRST, "two")]
    ann.calendar.go_to(NEXT)
    return [*steps, ann.run(FIRST, "later")]


def ended_and_credited(ann: Ann) -> list[str]:
    ann.assign({"retail": "50", "proration": "daily"}, end_date=END)
    ann.calendar.evaluate()
    ann.calendar.go_to(NEXT)
    return [ann.told(""), ann.credit(), ann.credit()]


def ended_and_reversed(ann: Ann) -> list[str]:
    ann.assign({"retail": "50", "proration": "daily"}, end_date=END)
    steps = [ann.run(FIRST, "first")]
    ann.calendar.go_to(NEXT, evaluating=False)
    steps += [ann.run(NEXT, "end"), ann.reverse("first"), ann.reverse("end")]
    return [*steps, ann.run(FIRST, "anew"), ann.run(FIRST, "more")]


TABLE: Final[list[tuple[Callable[[Ann], list[str]], list[str]]]] = [
    (credited_in_two_parts, ["-10.00 cost -3.338898; -19.95", "-19.95 cost -6.661102; 0.00", "409 over_credited, left 0.00; 0.00"]),
    (credited_twenty_twice, ["-20.00 cost 0.00; -9.95", "409 over_credited, left 9.95; -9.95"]),
    (repeat_credited, ["repeat 29.95 differs by 0.00; -59.90", "-29.95 cost 0.00; -29.95", "skipped 29.95 differs by 0.00; -29.95"]),
    (reversed_and_run_again, [
        "posted 29.95; -29.95", "-29.95; 0.00", "repeat 29.95; -29.95",
        "skipped 29.95 differs by 0.00; -29.95", "skipped 29.95 differs by 0.00; -29.95",
    ]),
    (ended_and_credited, ["; -16.129032", "-16.129032 cost 0.00; 0.00", "409 over_credited, left 0.00; 0.00"]),
    (ended_and_reversed, [
        "posted 50.00; -50.00", "posted -33.870968; -16.129032", "-16.129032; 0.00", "; 0.00",
        "repeat 16.129032; -16.129032", "skipped 50.00 differs by 0.00; -16.129032",
    ]),
]  # fmt: skip


@pytest.fixture
def ann(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ann]:
    with calendar_from(FIRST, monkeypatch) as calendar:
        yield Ann(calendar)


@pytest.mark.parametrize(("story", "expected"), TABLE, ids=[story.__name__ for story, _ in TABLE])
def test_each_step_posts_what_it_should(ann: Ann, story: Callable[[Ann], list[str]], expected: list[str]) -> None:
    assert story(ann) == expected
