"""The last chapters: what the next quarter brings, what the last one is worth when it is audited, and a rise that is only tried."""

import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from demo.changes import Change
from demo.independent import Expected, expected_charges
from demo.provider import Customer, Package
from demo.service import ServiceError
from demo.show import Column, figure, money, section, show
from demo.teller import Teller

LAST_DAY = date(2031, 6, 30)
RISE_KEY, RISE_RETAIL, RISE_DAY = "did-us", Decimal("2.10"), date(2031, 5, 1)
"""The package whose price is tried, what it would be, and from when on."""
POLL_SECONDS = 0.1
WORK_SECONDS_MAX = 120


def tell_foresight(teller: Teller) -> None:
    """A forecast through the end of the quarter, an audit of the months before, and a dearer number."""
    begins = date.fromordinal(teller.provider.story.report_day.toordinal() + 1)
    section(teller.console, f"9. What comes: {begins} to {LAST_DAY}, forecast")
    teller.say("By the planner that posts, day by day, with prices and terms that are entered for later; nothing is written.")
    forecast = _worked_off(teller, "forecasts", {"from": begins.isoformat(), "to": LAST_DAY.isoformat()})
    _show_forecast(teller, forecast, begins)
    section(teller.console, "10. Audit: January to March")
    _tell_audit(teller)
    section(teller.console, f"11. What if: {RISE_KEY} at {figure(RISE_RETAIL)} from {RISE_DAY}")
    _tell_rise(teller, begins)


def _worked_off(teller: Teller, path: str, body: dict[str, object]) -> Any:
    """The result of long work once it is finished."""
    work_id = teller.service.post(f"/{path}", body)["work_id"]
    give_up = time.monotonic() + WORK_SECONDS_MAX
    while time.monotonic() < give_up:
        found = teller.service.get(f"/{path}/{work_id}")
        if found["status"] != "running":
            return found
        time.sleep(POLL_SECONDS)
    raise ServiceError(f"/{path}/{work_id} has not finished within {WORK_SECONDS_MAX} seconds")


def _show_forecast(teller: Teller, forecast: Any, begins: date) -> None:
    currencies = forecast["by_currency"]
    names = ("retail", "cost", "margin", "held")
    show(
        teller.console,
        Column("Currency", [one["currency"] for one in currencies]),
        Column("Customers", [str(one["customers"]) for one in currencies], "number"),
        Column("Charges", [str(one["totals"]["lines"]) for one in currencies], "number"),
        *(Column(name.title(), [figure(one["totals"][name]) for one in currencies], "amount") for name in names),
    )
    path = f"/forecasts/{forecast['work_id']}"
    short = teller.service.items(f"{path}/short")
    teller.say("Who runs short, and the smallest payment with which nothing is held:")
    show(
        teller.console,
        Column("Customer", [one["name"] for one in short]),
        Column("Short on", [one["short_on"] for one in short]),
        Column("Payment", [money(one["currency"], one["top_up_payable"]) for one in short], "amount"),
        Column("By", [one["top_up_by"] for one in short]),
    )
    rows = {row["customer"]: row for one in currencies for row in teller.service.items(f"{path}/customers", currency=one["currency"])}
    problems = []
    for customer in _without_commitment(teller.provider.customers):
        expected = _retail(expected_charges(customer, first=begins, last=LAST_DAY))
        totals = rows[customer.id]["totals"]
        found = Decimal(totals["retail"]) + Decimal(totals["held"])
        problems += [] if found == expected else [f"{customer.id}: {found} is forecast, counted apart it is {expected}"]
    teller.check("each customer's forecast is what an independent count finds, where it does not depend on calls", problems)


def _without_commitment(customers: Iterable[Customer]) -> list[Customer]:
    """Those whose charges do not depend on calls to come."""
    return [one for one in customers if not any(assignment.package.minimum_spend for assignment in one.assignments)]


def _retail(charges: Iterable[Expected]) -> Decimal:
    return sum((charge.retail for charge in charges), Decimal(0))


def _tell_audit(teller: Teller) -> None:
    story = teller.provider.story
    audit = _worked_off(teller, "audits", {"from": story.first_day.isoformat(), "to": story.last_day.isoformat()})
    teller.say(str(audit["certificate"] or f"not clean: {audit['found']}"))
    findings = teller.service.items(f"/audits/{audit['work_id']}/findings")
    teller.check(
        "the audit of the three months is clean", [] if audit["clean"] else [f"{one['finding']}: {one['detail']}" for one in findings]
    )
    due = sum(len(teller.expected(one, story.first_day, story.last_day)) for one in teller.provider.customers)
    posted = audit["lines"]["posted"]
    teller.check("it compared every charge that is counted apart", [] if posted == due else [f"{posted} compared, {due} counted apart"])


def _tell_rise(teller: Teller, begins: date) -> None:
    """A price that nobody has entered: what it would change, for whom, and that nothing has changed."""
    [package] = [one for one in teller.provider.packages if one.key == RISE_KEY]
    [listed] = [one for one in teller.service.items("/packages") if (one["name"], one["currency"]) == (package.name, package.currency)]
    found = teller.service.get(f"/packages/{listed['package_id']}")
    rise = {"package_id": found["package_id"], "from": RISE_DAY.isoformat(), "retail": str(RISE_RETAIL)}
    asked: dict[str, object] = {"from": begins.isoformat(), "to": LAST_DAY.isoformat(), "changes": {"prices": [rise]}}
    forecast = _worked_off(teller, "forecasts", asked)
    [tried] = [one["what_if"] for one in forecast["by_currency"] if one["currency"] == package.currency]
    sides = ("before", "after", "difference")
    show(
        teller.console,
        Column(f"{package.name}, all customers in {package.currency}", [side.title() for side in sides]),
        Column("Retail", [figure(tried[side]["retail"]) for side in sides], "amount"),
        Column("Margin", [figure(tried[side]["margin"]) for side in sides], "amount"),
    )
    teller.say(f"{tried['pay_more']} customers would pay more. Nothing is entered: PUT /packages/.../prices/{RISE_DAY} would do it.")
    customers = [one for one in teller.provider.customers if one.currency == package.currency]
    more = sum((_retail(_range(_dearer(one, package), begins)) - _retail(_range(one, begins)) for one in customers), Decimal(0))
    told = Decimal(tried["difference"]["retail"])
    teller.check("it would bring as much more as is counted apart", [] if told == more else [f"{told} is told, {more} counted apart"])
    now = teller.service.get(f"/packages/{found['package_id']}")
    teller.check("the price itself has not changed", [] if now == found else [f"{found} became {now}"])


def _range(customer: Customer, begins: date) -> list[Expected]:
    return expected_charges(customer, first=begins, last=LAST_DAY)


def _dearer(customer: Customer, package: Package) -> Customer:
    """The customer as if the price were entered."""
    rise = Change(begins=RISE_DAY, values={"retail": RISE_RETAIL})
    dear = replace(package, prices=(*package.prices, rise))
    return replace(customer, assignments=tuple(replace(a, package=dear) if a.package == package else a for a in customer.assignments))
