"""A wrong price put right over HTTP: what it charged is taken back, it is corrected, and everybody is charged once (rules 6)."""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, Final

import pytest

from chalicelib import deployment
from tests.aws.dated import ASSIGNMENTS, CUSTOMER, Calendar, Json, calendar_from

DUE: Final = "2031-02-28"
FOUND: Final = "2031-03-01"
TERMS: Final[dict[str, Json]] = {
    "ann": {"auto_decrement_credit": True},
    "bob": {},
    "cleo": {"quantity": 3, "discount": "10", "auto_decrement_credit": True},
    "dan": {"retail": "8", "auto_decrement_credit": True},
}
WRONG: Final = {"ann": "100.00", "bob": "100.00", "cleo": "270.00", "dan": "8.00"}
RIGHT: Final = {"ann": "10.00", "bob": "10.00", "cleo": "27.00", "dan": "8.00"}
DIFFERENCE: Final = {"ann": "-90.00", "bob": "-90.00", "cleo": "-243.00", "dan": "0.00"}
SETUP: Final = {"ann": "5.00", "bob": "5.00", "cleo": "15.00", "dan": "5.00"}
KINDS: Final = ("setup", "recurring")


class Delivering:
    """In place of SQS: what a request queues is worked off when the test says so."""

    def __init__(self, calendar: Calendar) -> None:
        self._queued = calendar.stage.queued

    def send_message(self, **message: Any) -> None:
        self._queued.append(json.loads(message["MessageBody"]))


class Provider:
    """Who sold one package to all these customers at a price that is ten times too high."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        prices = {"retail": "100", "cost": "4", "setup_retail": "5"}
        self.package = calendar.package(frequency="monthly", frequency_match=[28], **prices)
        for customer, terms in TERMS.items():
            calendar.stage.customer(customer)
            body = {"package_id": self.package, "start_date": DUE} | terms
            calendar.ask("POST", ASSIGNMENTS, body, params={"customer_id": customer})

    def run_all(self, run_id: str) -> dict[tuple[str, str], Json]:
        """The lines of a live run of all customers that leaves alone what stands, by customer and kind."""
        self.calendar.ask("POST", "/runs", {"run_id": run_id, "simulate": False, "date": DUE, "if_charged": "skip"})
        self.calendar.stage.work_off()
        lines = self.calendar.listed("/runs/{run_id}/lines", run_id=run_id)
        return {(one["customer"], one["kind"]): one for one in lines}

    def reverse(self, run_id: str) -> None:
        """All that the run charged is taken back."""
        self.calendar.ask("POST", "/runs/{run_id}/reversal", params={"run_id": run_id})
        self.calendar.stage.work_off()

    def credit_all(self) -> None:
        """All that is left of each charge is credited, so that it can be charged anew."""
        for customer in TERMS:
            for one in self.ledger(customer):
                params = {"customer_id": customer, "entry_id": one["entry_id"]}
                body = {"recharge": True, "reason": "A nought too many"}
                self.calendar.ask("POST", f"{CUSTOMER}/ledger/{{entry_id}}/credit", body, params=params)

    def correct(self) -> None:
        """The price of the day is put right, on a day that is evaluated."""
        params = {"package_id": self.package, "from": DUE}
        body = {"retail": "10", "reason": "A nought too many"}
        self.calendar.ask("PUT", "/packages/{package_id}/prices/{from}", body, params=params, correct="true")

    def simulated(self, customer: str) -> Json:
        """The recurring line of a simulation of the day."""
        lines = self.calendar.ask("POST", "/runs", {"customer": customer, "date": DUE, "if_charged": "skip"})["lines"]
        (line,) = (one for one in lines if one["kind"] == "recurring")
        return dict(line)

    def ledger(self, customer: str) -> list[Json]:
        return self.calendar.ledger(customer)

    def stands(self, customer: str) -> list[tuple[str, str]]:
        """Kind and retail of the charges of which nothing was taken back."""
        return sorted((one["kind"], one["retail"]) for one in self.ledger(customer) if one["kind"] in KINDS and not one["voided"])

    def balance(self, customer: str) -> Decimal:
        return Decimal(self.calendar.ask("GET", CUSTOMER, params={"customer_id": customer})["balance"])

    def sums(self) -> dict[str, Decimal]:
        """What each customer was charged, less what was taken back."""
        return {customer: sum((Decimal(one["retail"]) for one in self.ledger(customer)), Decimal(0)) for customer in TERMS}


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    with calendar_from(DUE, monkeypatch) as calendar:
        sqs = Delivering(calendar)
        monkeypatch.setattr(deployment, "sqs", lambda: sqs)
        yield Provider(calendar)


def demand_charged(provider: Provider, prices: dict[str, str]) -> None:
    """Everybody is charged once, at these prices, and the balance moved by it where it is debited."""
    sums = {customer: Decimal(price) + Decimal(SETUP[customer]) for customer, price in prices.items()}
    assert provider.sums() == sums
    for customer, price in prices.items():
        assert provider.stands(customer) == [("recurring", price), ("setup", SETUP[customer])]
        assert provider.balance(customer) == (0 if customer == "bob" else -sums[customer])


def by_a_run(provider: Provider) -> Callable[[], None]:
    provider.run_all("wrong")
    provider.calendar.evaluate()
    return lambda: provider.reverse("wrong")


def by_the_daily_evaluation(provider: Provider) -> Callable[[], None]:
    provider.calendar.evaluate()
    return provider.credit_all


Charge = Callable[[Provider], Callable[[], None]]
"""Charges everybody; what it returns takes all of it back."""


@pytest.mark.parametrize("charge", [by_a_run, by_the_daily_evaluation])
def test_everybody_is_charged_once_at_the_right_price(provider: Provider, charge: Charge) -> None:
    take_back = charge(provider)
    demand_charged(provider, WRONG)
    provider.calendar.go_to(FOUND)
    take_back()
    assert provider.sums() == dict.fromkeys(TERMS, 0)
    assert {provider.balance(customer) for customer in TERMS} == {0}
    provider.correct()

    lines = provider.run_all("right")
    assert {key[0]: one["retail"] for key, one in lines.items() if key[1] == "recurring"} == RIGHT
    assert {(one["status"], one["charged"], one["difference"]) for one in lines.values()} == {("repeat", None, None)}
    demand_charged(provider, RIGHT)

    before = provider.calendar.stage.state()["ledger"]
    lines = provider.run_all("once-more")
    assert len(lines) == 2 * len(TERMS)
    assert {one["status"] for one in lines.values()} == {"skipped"}
    assert {key[0]: one["charged"] for key, one in lines.items() if key[1] == "recurring"} == RIGHT
    assert {one["difference"] for one in lines.values()} == {"0.00"}
    provider.calendar.go_to("2031-03-03")
    assert provider.calendar.stage.state()["ledger"] == before


@pytest.mark.parametrize("charge", [by_a_run, by_the_daily_evaluation])
def test_a_corrected_price_alone_charges_nobody_and_says_the_difference(provider: Provider, charge: Charge) -> None:
    take_back = charge(provider)
    provider.calendar.go_to(FOUND)
    provider.correct()
    provider.calendar.go_to("2031-03-02")
    lines = provider.run_all("too-early")
    demand_charged(provider, WRONG)
    recurring = {key[0]: one for key, one in lines.items() if key[1] == "recurring"}
    assert {one["status"] for one in lines.values()} == {"skipped"}
    assert {customer: one["retail"] for customer, one in recurring.items()} == RIGHT
    assert {customer: one["charged"] for customer, one in recurring.items()} == WRONG
    assert {customer: one["difference"] for customer, one in recurring.items()} == DIFFERENCE
    for customer in TERMS:
        seen = provider.simulated(customer)
        assert (seen["status"], seen["charged"], seen["difference"]) == ("skipped", WRONG[customer], DIFFERENCE[customer])

    take_back()
    seen = provider.simulated("ann")
    assert (seen["status"], seen["retail"], seen["charged"], seen["difference"]) == ("simulated", "10.00", None, None)
    provider.run_all("right")
    demand_charged(provider, RIGHT)
