"""Money survives the whole way: in as text or as a JSON number, stored, multiplied, debited, reported and listed, exact."""

from decimal import Decimal

import httpx
import pytest

from tests.api.support import (
    JSON,
    a_customer,
    a_package,
    an_assignment,
    assigning,
    balance,
    charges,
    day,
    finished,
    ledger,
    ok,
    path,
    pay,
    pointers,
    run,
    saved,
)
from tools.embedded import EmbeddedStack

PRICE = "12345678901.123456"
TIMES_3 = "37037036703.370368"


@pytest.mark.parametrize("written", [f'"{PRICE}"', PRICE])
def test_a_price_survives_the_whole_way(api: httpx.Client, stack: EmbeddedStack, written: str) -> None:
    """rules 2: Money is exact."""
    body = f'{{"name": "Exact", "frequency": "daily", "retail": {written}, "cost": {written}, "setup_retail": {written}}}'
    package = saved(api.post("/packages", content=body.encode(), headers=JSON))
    assert {package[name] for name in ("retail", "cost", "setup_retail")} == {PRICE}
    assert ok(api.get(f"/packages/{package['package_id']}")) == package
    stored = stack.client("dynamodb").get_item(
        TableName=stack.table_name("catalog"), Key={"pk": {"S": "PACKAGE"}, "sk": {"S": package["package_id"]}}
    )["Item"]
    assert {"N": PRICE} in stored.values()

    customer = a_customer(api)
    pay(api, customer, "999999999999.999999")
    made = an_assignment(api, customer, package, quantity=3, auto_decrement_credit=True)
    assert ok(api.get(path(made)))["package"]["retail"] == PRICE
    simulated, posted = run(api, customer, day()), run(api, customer, day(), live=True)
    for report in (simulated, posted):
        setup, recurring = report["lines"]
        assert (setup["unit_retail"], setup["retail"], setup["cost"], setup["margin"]) == (PRICE, TIMES_3, "0.00", TIMES_3)
        assert (recurring["unit_cost"], recurring["retail"], recurring["cost"], recurring["margin"]) == (PRICE, TIMES_3, TIMES_3, "0.00")
        assert f"3 x {PRICE} = {TIMES_3}" in recurring["explanation"]
        totals = {
            "cost": TIMES_3,
            "retail": "74074073406.740736",
            "margin": TIMES_3,
            "credit_debited": "74074073406.740736",
            "held": "0.00",
            "below_cost": 0,
        }
        assert report["totals"] == totals
        assert (report["balance_before"], report["balance_after"]) == ("999999999999.999999", "925925926593.259263")
    assert [(entry["retail"], entry["credit_change"]) for entry in charges(api, customer)] == [(TIMES_3, f"-{TIMES_3}")] * 2
    assert balance(api, customer) == Decimal("925925926593.259263")
    assert finished(api, posted["run_id"])["totals"] == posted["totals"]
    ok(api.post(f"/runs/{posted['run_id']}/reversal"))
    assert balance(api, customer) == Decimal("999999999999.999999")


def test_the_smallest_and_the_largest_amount(api: httpx.Client) -> None:
    """rules 2: up to 6 decimals, absolute value below 10^12; unit price x quantity below 10^15."""
    customer = a_customer(api)
    pay(api, customer, "0.000001")
    pay(api, customer, "-999999999999.999999")
    an_assignment(api, customer, a_package(api, retail="999999999999.999999"), quantity=1000, auto_decrement_credit=True)
    report = run(api, customer, day(), live=True)
    assert report["totals"]["retail"] == "999999999999999.999"
    assert balance(api, customer) == Decimal("-1000999999999999.998998")


def test_sums_of_many_small_amounts_are_exact(api: httpx.Client) -> None:
    """rules 2: no float anywhere."""
    customer = a_customer(api)
    an_assignment(
        api, customer, a_package(api, retail="0.1", cost="0.000003", frequency="daily"), start_date=day(-3), auto_decrement_credit=True
    )
    an_assignment(api, customer, a_package(api, retail="0.7", frequency="daily"), start_date=day(-3), auto_decrement_credit=True)
    assert balance(api, customer) == Decimal("-2.4")
    assert ok(api.get(f"/customers/{customer}"))["balance"] == "-2.40"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("10.10", "10.10"),
        ("10", "10.00"),
        ("0.100000", "0.10"),
        ("1.000001", "1.000001"),
        ("0", "0.00"),
        ("0.0", "0.00"),
        ('"007.5"', "7.50"),
    ],
)
def test_how_amounts_are_shown(api: httpx.Client, written: str, shown: str) -> None:
    """contract: money is a decimal string out; in, a string or a JSON number read from the text."""
    answer = api.post("/packages", content=f'{{"name": "x", "retail": {written}}}'.encode(), headers=JSON)
    assert ok(answer, 201)["retail"] == shown


@pytest.mark.parametrize("written", ["-0", "-0.0", '"-0"', "1e2", "1E+2", "0.1e1", "1e-7", "0.0000001", "1000000000000", "9" * 5000])
def test_what_is_no_price(api: httpx.Client, written: str) -> None:
    """rules 2: exponents, signs and more than 6 decimals are refused."""
    answer = api.post("/packages", content=f'{{"name": "x", "retail": {written}}}'.encode(), headers=JSON)
    assert pointers(answer) == {"/retail"}


def test_corrections_may_be_negative_prices_not(api: httpx.Client) -> None:
    """rules 2: negative prices are refused; contract: a payment may be negative."""
    customer = a_customer(api)
    answer = api.post(f"/customers/{customer}/payments", content=f'{{"amount": -{PRICE}}}'.encode(), headers=JSON)
    assert ok(answer, 201)["credit_change"] == f"-{PRICE}"
    assert ledger(api, customer)[0]["credit_change"] == f"-{PRICE}"
    assert assigning(api, customer, a_package(api)).status_code == 201
